//! The shared memory of a write-ahead log: ordinary memory, shared by the connections of one mount.
#![expect(
    unsafe_code,
    reason = "SQLite shares this memory among connections, unknown to Rust, so it cannot be a Rust value"
)]

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::c_void;
use std::ptr::NonNull;

use rusqlite::ffi;

use super::code::{Answer, Code};

/// Locks on the shared memory.
const LOCKS: usize = ffi::SQLITE_SHM_NLOCK as usize;

/// A piece of shared memory. Nothing in Rust reads or writes it.
#[derive(Debug)]
struct Region {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the pointer is the only one in Rust to memory that belongs to the region, and it is only handed out and freed. What SQLite
// does with the memory it orders itself, with its locks and barriers.
unsafe impl Send for Region {}

impl Region {
    fn new(bytes: usize) -> Answer<Self> {
        let full = Code::new(ffi::SQLITE_IOERR_NOMEM);
        let layout = Layout::from_size_align(bytes, 8).map_err(|_| full)?;
        if bytes == 0 {
            return Err(Code::MISUSE);
        }
        // SAFETY: the layout has a size.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(full)?;
        Ok(Self { start, layout })
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout, and is freed once.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

/// The locks that one handle holds, one bit for each.
#[derive(Debug, Default)]
pub(super) struct Held {
    shared: u8,
    exclusive: u8,
}

/// The shared memory of one database file.
#[derive(Debug, Default)]
pub(super) struct SharedMemory {
    regions: Vec<Region>,
    /// Handles that use it.
    users: u32,
    /// Holders of each lock in shared mode.
    shared: [u32; LOCKS],
    /// Locks held in exclusive mode, one bit for each.
    exclusive: u8,
}

impl SharedMemory {
    /// Counts another handle.
    pub(super) fn attach(&mut self) -> Held {
        self.users += 1;
        Held::default()
    }

    /// Releases what a handle holds, and the memory with the last of them: SQLite keeps the pointers until then.
    pub(super) fn detach(&mut self, mut held: Held) {
        self.release(&mut held, 0, LOCKS);
        self.users -= 1;
        if self.users == 0 {
            self.regions.clear();
        }
    }

    /// The piece of this number, made when it is not there and `extend` says so; otherwise null.
    pub(super) fn map(&mut self, index: usize, bytes: usize, extend: bool) -> Answer<*mut c_void> {
        if index >= self.regions.len() && !extend {
            return Ok(std::ptr::null_mut());
        }
        while self.regions.len() <= index {
            self.regions.push(Region::new(bytes)?);
        }
        Ok(self.regions[index].start.as_ptr().cast::<c_void>())
    }

    /// Takes `count` locks from `first` on, all or none.
    pub(super) fn take(
        &mut self,
        held: &mut Held,
        first: usize,
        count: usize,
        is_exclusive: bool,
    ) -> Answer {
        let range = range(first, count)?;
        if is_exclusive {
            let wanted = mask(first, count) & !held.exclusive;
            let is_shared = range
                .clone()
                .any(|lock| self.shared[lock] > u32::from(held.shared >> lock & 1));
            if is_shared || self.exclusive & wanted != 0 {
                return Err(Code::BUSY);
            }
            self.exclusive |= wanted;
            held.exclusive |= wanted;
            return Ok(());
        }
        let wanted = mask(first, count) & !held.shared;
        if self.exclusive & wanted & !held.exclusive != 0 {
            return Err(Code::BUSY);
        }
        for lock in range.filter(|lock| wanted >> lock & 1 == 1) {
            self.shared[lock] += 1;
        }
        held.shared |= wanted;
        Ok(())
    }

    /// Releases `count` locks from `first` on, in whatever mode they are held.
    pub(super) fn release(&mut self, held: &mut Held, first: usize, count: usize) {
        let Ok(range) = range(first, count) else {
            return;
        };
        let given = mask(first, count);
        self.exclusive &= !(given & held.exclusive);
        held.exclusive &= !given;
        for lock in range.filter(|lock| held.shared >> lock & 1 == 1) {
            self.shared[lock] -= 1;
        }
        held.shared &= !given;
    }
}

fn range(first: usize, count: usize) -> Answer<std::ops::Range<usize>> {
    match first.checked_add(count) {
        Some(end) if end <= LOCKS => Ok(first..end),
        _ => Err(Code::MISUSE),
    }
}

/// The bits of `count` locks from `first` on; the range was checked.
const fn mask(first: usize, count: usize) -> u8 {
    (((1_u16 << count) - 1) << first) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_lock_is_alone() {
        let mut memory = SharedMemory::default();
        let [mut a, mut b] = [memory.attach(), memory.attach()];
        memory.take(&mut a, 3, 1, false).expect("nobody has it");
        memory.take(&mut b, 3, 1, false).expect("readers share");
        assert_eq!(memory.take(&mut b, 0, 8, true), Err(Code::BUSY));
        memory.release(&mut a, 3, 1);
        memory.release(&mut b, 3, 1);
        memory.take(&mut b, 0, 8, true).expect("all are free");
        assert_eq!(memory.take(&mut a, 7, 1, false), Err(Code::BUSY));
        memory.detach(b);
        memory
            .take(&mut a, 7, 1, true)
            .expect("the holder has gone");
        assert_eq!(memory.take(&mut a, 7, 2, true), Err(Code::MISUSE));
    }

    #[test]
    fn memory_stays_until_the_last_handle_has_gone() {
        let mut memory = SharedMemory::default();
        let [a, b] = [memory.attach(), memory.attach()];
        let none = memory.map(1, 64, false).expect("nothing is made");
        assert!(none.is_null());
        let made = memory.map(1, 64, true).expect("there is memory");
        assert!(!made.is_null());
        memory.detach(a);
        assert_eq!(memory.map(1, 64, false), Ok(made));
        memory.detach(b);
        assert!(memory.regions.is_empty());
    }
}
