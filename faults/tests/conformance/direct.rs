//! `O_DIRECT`: what it asks for, and that it sees what the cache holds.
//!
//! A real file system may have no `O_DIRECT`, and says so when a file is opened; there is nothing to compare then.

use std::io;

use plimsoll_faults::errno::Errno;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions};

use crate::support::{content, create, fails, open};

/// Room for the largest transfer at an address that a device takes.
struct Aligned(Vec<u8>);

impl Aligned {
    fn new(fill: u8) -> Self {
        Self(vec![fill; 3 * 4096])
    }

    fn get(&mut self, len: usize) -> &mut [u8] {
        let start = self.0.as_ptr().align_offset(4096);
        &mut self.0[start..start + len]
    }
}

/// A file opened for transfers past the cache, unless there are none.
fn direct(fs: &dyn FsOps, path: &str) -> Option<Box<dyn FsFile>> {
    match open(fs, path, OpenOptions::read_write().create().direct()) {
        Ok(file) => Some(file),
        Err(error) => {
            assert_eq!(error.raw_os_error(), Some(Errno::EINVAL.code()));
            None
        }
    }
}

fn write(file: &dyn FsFile, fill: u8, offset: u64, len: usize) -> io::Result<usize> {
    file.write_at(Aligned::new(fill).get(len), offset)
}

on_both! {
    fn transfers_are_whole_sectors(fs) {
        let Some(file) = direct(fs, "a") else { return };
        fails(write(&*file, b'n', 0, 100), Errno::EINVAL);
        fails(write(&*file, b'n', 100, 4096), Errno::EINVAL);
        assert_eq!(write(&*file, b'n', 4096, 4096).expect("it is aligned"), 4096);
        // Linux checks where something is mapped: a hole is read at any offset there.
        fails(file.read_at(Aligned::new(0).get(4096), 4196), Errno::EINVAL);
        fails(file.read_at(Aligned::new(0).get(100), 4096), Errno::EINVAL);
        let mut room = Aligned::new(0);
        let read = room.get(4096);
        assert_eq!(file.read_at(read, 4096).expect("it is aligned"), 4096);
        assert!(read.iter().all(|&byte| byte == b'n'));
        assert_eq!(file.read_at(room.get(4096), 8192).expect("it is aligned"), 0);
    }

    fn cached_and_direct_transfers_see_each_other(fs) {
        create(fs, "a", &[b'o'; 5000]);
        let Some(file) = direct(fs, "a") else { return };
        let mut room = Aligned::new(0);
        // A transfer ends where the file does.
        assert_eq!(file.read_at(room.get(8192), 0).expect("it is aligned"), 5000);
        assert!(room.get(5000).iter().all(|&byte| byte == b'o'));
        write(&*file, b'n', 0, 4096).expect("it is aligned");
        let seen = content(fs, "a");
        assert_eq!((seen[4095], seen[4096], seen.len()), (b'n', b'o', 5000));
    }
}
