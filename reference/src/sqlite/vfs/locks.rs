//! The locks of a database file, among the connections of one mount.

use super::code::{Answer, Code};

/// How much of the lock a handle holds, from nothing to everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Nothing.
    #[default]
    None,
    /// May read.
    Shared,
    /// Means to write; others may still read.
    Reserved,
    /// Waits for the readers to go; no new ones get in.
    Pending,
    /// May write.
    Exclusive,
}

/// Who holds what on one file. The rules are those of SQLite's "File Locking And Concurrency In SQLite Version 3".
#[derive(Debug, Default)]
pub(super) struct Locks {
    /// Handles at `Shared` or above.
    holders: u32,
    /// The level of the one handle above `Shared`; `Shared` or `None` when there is none.
    top: Level,
}

impl Locks {
    /// Whether some handle means to write.
    pub(super) fn is_reserved(&self) -> bool {
        self.top >= Level::Reserved
    }

    /// Raises `held` to `wanted`. A refusal on the way from `Reserved` to `Exclusive` leaves it at `Pending`; who only asks whether it is
    /// alone, from `Shared`, keeps nobody out, as with SQLite's own VFS for Unix.
    pub(super) fn raise(&mut self, held: &mut Level, wanted: Level) -> Answer {
        if *held >= wanted {
            return Ok(());
        }
        // Whether another handle is above `Shared`: this one is not, or it would be the top.
        let is_other_above = *held <= Level::Shared && self.top > Level::Shared;
        match wanted {
            Level::None => {}
            Level::Shared => {
                if self.top >= Level::Pending {
                    return Err(Code::BUSY);
                }
                self.holders += 1;
                self.top = self.top.max(Level::Shared);
            }
            Level::Reserved => {
                if is_other_above {
                    return Err(Code::BUSY);
                }
                self.top = Level::Reserved;
            }
            Level::Pending | Level::Exclusive => {
                if is_other_above {
                    return Err(Code::BUSY);
                }
                if *held > Level::Shared || wanted == Level::Pending {
                    self.top = Level::Pending;
                    *held = Level::Pending;
                }
                if wanted == Level::Exclusive {
                    if self.holders > 1 {
                        return Err(Code::BUSY);
                    }
                    self.top = Level::Exclusive;
                }
            }
        }
        *held = wanted;
        Ok(())
    }

    /// Lowers `held` to `wanted`, which is `Shared` or `None`.
    pub(super) fn lower(&mut self, held: &mut Level, wanted: Level) {
        if *held <= wanted {
            return;
        }
        if *held > Level::Shared {
            self.top = Level::Shared;
        }
        if wanted == Level::None {
            self.holders -= 1;
            if self.holders == 0 {
                self.top = Level::None;
            }
        }
        *held = wanted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_may_mean_to_write_while_others_read() {
        let mut locks = Locks::default();
        let [mut a, mut b] = [Level::None; 2];
        locks.raise(&mut a, Level::Shared).expect("the first");
        locks.raise(&mut b, Level::Shared).expect("readers share");
        locks.raise(&mut a, Level::Reserved).expect("nobody has it");
        assert_eq!(locks.raise(&mut b, Level::Reserved), Err(Code::BUSY));
        assert!(locks.is_reserved());
        locks.lower(&mut b, Level::None);
        locks
            .raise(&mut b, Level::Shared)
            .expect("reading goes on beside a reserved lock");
    }

    #[test]
    fn a_writer_that_waits_keeps_new_readers_out() {
        let mut locks = Locks::default();
        let [mut a, mut b, mut c] = [Level::None; 3];
        locks.raise(&mut a, Level::Shared).expect("the first");
        locks.raise(&mut b, Level::Shared).expect("readers share");
        locks.raise(&mut a, Level::Reserved).expect("nobody has it");
        assert_eq!(locks.raise(&mut a, Level::Exclusive), Err(Code::BUSY));
        assert_eq!(a, Level::Pending);
        assert_eq!(locks.raise(&mut c, Level::Shared), Err(Code::BUSY));
        locks.lower(&mut b, Level::None);
        locks
            .raise(&mut a, Level::Exclusive)
            .expect("all have left");
        locks.lower(&mut a, Level::None);
        assert!(!locks.is_reserved());
        locks.raise(&mut c, Level::Shared).expect("all is free");
    }

    #[test]
    fn a_hot_journal_is_rolled_back_by_one_reader_only() {
        let mut locks = Locks::default();
        let [mut a, mut b] = [Level::None; 2];
        locks.raise(&mut a, Level::Shared).expect("the first");
        locks.raise(&mut b, Level::Shared).expect("readers share");
        assert_eq!(locks.raise(&mut a, Level::Exclusive), Err(Code::BUSY));
        assert_eq!(locks.raise(&mut b, Level::Exclusive), Err(Code::BUSY));
        assert_eq!([a, b], [Level::Shared; 2]);
        let mut c = Level::None;
        locks
            .raise(&mut c, Level::Shared)
            .expect("nobody means to write");
        locks.lower(&mut c, Level::None);
        locks.lower(&mut b, Level::None);
        locks.raise(&mut a, Level::Exclusive).expect("it is alone");
    }
}
