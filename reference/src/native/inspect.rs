//! Reading a whole store without changing it.

use std::io;
use std::path::PathBuf;

use crate::fs::{FsFile, FsOps, open_to_lock};

use super::error::{StoreError, io_error};
use super::layout::Layout;
use super::options::Options;
use super::recovery::recover;
use super::table::Table;

/// What the next open of a store finds, and mends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// Number of the last commit.
    pub sequence: u64,
    /// Commits that are not known to be durable; opening writes them again before it shows them.
    pub unsettled: u64,
    /// Temporaries that opening removes.
    pub temporaries: Vec<PathBuf>,
}

/// Reads a store that nobody has open: visits every key and its value in key order, as the next open would show them. Nothing is created,
/// written or removed; `Ok(None)` says that there is no store.
///
/// What it shows is not made durable by that: after a power loss the next open may show less, if some commits are
/// [unsettled](Findings::unsettled).
///
/// # Errors
/// As [`Store::open`](super::Store::open) for files that no legal crash leaves; `Locked` while somebody has the store open.
pub fn read_store(
    fs: &dyn FsOps,
    options: &Options,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<Option<Findings>, StoreError> {
    options.validate()?;
    let layout = Layout::new(options)?;
    let _lock = hold(fs, &layout)?;
    let recovered = recover(fs, &layout)?;
    if recovered.image.is_none() && recovered.marks.is_empty() {
        return Ok(None);
    }
    for (key, value) in recovered.table.iter().flat_map(Table::iter) {
        visit(key, value);
    }
    Ok(Some(Findings {
        sequence: recovered.sequence,
        unsettled: recovered.tail().count() as u64,
        temporaries: recovered.temporaries,
    }))
}

/// Keeps others from opening the store meanwhile. One that was never opened has no lock, and nobody to keep out.
fn hold(fs: &dyn FsOps, layout: &Layout) -> Result<Option<Box<dyn FsFile>>, StoreError> {
    let file = match open_to_lock(fs, &layout.lock) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        result => result.map_err(io_error("open", &layout.lock))?,
    };
    if file.try_lock().map_err(io_error("lock", &layout.lock))? {
        Ok(Some(file))
    } else {
        Err(StoreError::Locked {
            path: layout.lock.clone(),
        })
    }
}
