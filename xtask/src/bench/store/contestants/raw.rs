//! No store: a file that is appended to and synced.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, StdFs, append_all, read_to_end};

use super::{Contestant, Open};

pub(super) const RAW: Contestant = Contestant {
    name: "raw",
    settings: "append and fdatasync, one after the other",
    open,
};

struct Raw {
    file: Mutex<Box<dyn FsFile>>,
}

fn open(dir: &Path) -> anyhow::Result<Box<dyn Open>> {
    let options = OpenOptions::read_write().create().append();
    let file = StdFs::rooted(dir).open(Path::new("raw"), options)?;
    Ok(Box::new(Raw {
        file: Mutex::new(file),
    }))
}

impl Open for Raw {
    fn commit(&self, key: &[u8], value: &[u8]) -> anyhow::Result<()> {
        let bytes = [key, value].concat();
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        append_all(&**file, &bytes)?;
        file.sync_data()?;
        Ok(())
    }

    fn holds(&self, key: &[u8]) -> anyhow::Result<bool> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = read_to_end(&**file)?;
        Ok(bytes.windows(key.len()).any(|window| window == key))
    }
}
