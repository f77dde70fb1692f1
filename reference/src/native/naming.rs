//! Giving a finished file its name, durably, also where `fsync` of a directory does nothing.

use std::io;
use std::path::{Path, PathBuf};

use crate::barrier::sync_surely;
use crate::fs::{FsFile, FsOps, OpenOptions};
use crate::names::commit_names;

use super::directory::{sync_dir, sync_parent};
use super::error::{StoreError, io_error};
use super::layout::second_name;
use super::replaced::Replaced;

/// Why a file did not get its name as it should, and what is known of that.
#[derive(Debug)]
pub(super) enum Misplaced {
    /// It has not got the name and will not: whatever had it, has it.
    Absent(StoreError),
    /// It may have the name, for now or for good. If so, it is whole.
    Unsure(StoreError),
}

impl Misplaced {
    /// The error alone.
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Absent(error) | Self::Unsure(error) => error,
        }
    }
}

/// A new file, whole and durable under a name that is not for keeps.
pub(super) struct Prepared {
    file: Box<dyn FsFile>,
    temp: PathBuf,
}

impl Prepared {
    /// Creates a file under the name `temp`, has `write` fill it, and makes its bytes durable, for a name that nothing has. After an error it is
    /// not there, as far as that could be done.
    pub(super) fn new(
        fs: &dyn FsOps,
        temp: &Path,
        write: impl FnOnce(&dyn FsFile) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        Self::write(fs, temp, write, |file| file.sync_data())
    }

    /// As [`new`](Self::new), for a name that something may have.
    pub(super) fn replacement(
        fs: &dyn FsOps,
        temp: &Path,
        write: impl FnOnce(&dyn FsFile) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        Self::write(fs, temp, write, sync_surely)
    }

    fn write(
        fs: &dyn FsOps,
        temp: &Path,
        write: impl FnOnce(&dyn FsFile) -> Result<(), StoreError>,
        sync: impl FnOnce(&dyn FsFile) -> io::Result<()>,
    ) -> Result<Self, StoreError> {
        let file = match fs.open(temp, OpenOptions::read_write().create_new().append()) {
            Ok(file) => file,
            Err(error) => {
                if error.kind() != io::ErrorKind::AlreadyExists {
                    // It may have been created all the same.
                    let _ = fs.remove_file(temp);
                }
                return Err(io_error("create", temp)(error));
            }
        };
        let prepared = Self {
            file,
            temp: temp.to_path_buf(),
        };
        let file = &*prepared.file;
        let written = write(file).and_then(|()| sync(file).map_err(io_error("sync", temp)));
        match written {
            Ok(()) => Ok(prepared),
            Err(error) => {
                prepared.discard(fs);
                Err(error)
            }
        }
    }

    /// Removes it. Best effort: what stays is removed by the next open, or by the next copy to this place.
    pub(super) fn discard(self, fs: &dyn FsOps) {
        drop(self.file);
        let _ = fs.remove_file(&self.temp);
    }

    /// Gives it the name `path`, durably, in place of what had it. Both names are in one directory, which is there.
    ///
    /// At every instant `path` is what it was or the new file, whole. What had the name has a [second one](Replaced) until the new file is
    /// durable there.
    pub(super) fn put(self, fs: &dyn FsOps, path: &Path) -> Result<Box<dyn FsFile>, Misplaced> {
        let replaced = match Replaced::keep(fs, path, second_name(&self.temp)) {
            Ok(replaced) => replaced,
            Err(error) => {
                self.discard(fs);
                return Err(Misplaced::Absent(error));
            }
        };
        let Self { file, temp } = self;
        if let Err(error) = fs.rename(&temp, path).map_err(io_error("rename", &temp)) {
            drop(file);
            // A rename that failed may have taken effect. Who can still remove the old name knows that it has not.
            return Err(match fs.remove_file(&temp) {
                Ok(()) => {
                    replaced.release(fs);
                    Misplaced::Absent(error)
                }
                Err(_) => {
                    replaced.give_up(fs, path);
                    Misplaced::Unsure(error)
                }
            });
        }
        match confirm(&*file, path).and_then(|()| sync_parent(fs, path)) {
            Ok(()) => {
                replaced.release(fs);
                Ok(file)
            }
            Err(error) => {
                replaced.give_up(fs, path);
                Err(Misplaced::Unsure(error))
            }
        }
    }
}

/// Writes a file by the name `temp` and has it replace the one at `path`: [`Prepared::replacement`] and [`Prepared::put`] in one.
pub(super) fn replace(
    fs: &dyn FsOps,
    temp: &Path,
    path: &Path,
    write: impl FnOnce(&dyn FsFile) -> Result<(), StoreError>,
) -> Result<Box<dyn FsFile>, Misplaced> {
    Prepared::replacement(fs, temp, write)
        .map_err(Misplaced::Absent)?
        .put(fs, path)
}

/// Syncs a file once more, behind the rename that gave it its name.
///
/// This is for file systems whose directories have no `fsync` to speak of: Lustre since 2.16 answers that with success and commits
/// nothing, and has its metadata server commit only at the first `fsync` of a new file, with everything before it. (The sync before
/// the rename is an `fdatasync`, which leaves this one the first.) Elsewhere it costs little, as the journal that it forces is the one
/// that the sync of the directory would force.
///
/// # Errors
/// `Io`. It may be about the bytes of a file that was synced only once, too: there are file systems that report a failure at the next sync.
fn confirm(file: &dyn FsFile, path: &Path) -> Result<(), StoreError> {
    file.sync_all().map_err(io_error("sync", path))
}

/// Makes names durable that an earlier life has given in `dir`. `marker` is a path in it that is free, of a temporary.
pub(super) fn settle_names(fs: &dyn FsOps, dir: &Path, marker: &Path) -> Result<(), StoreError> {
    sync_dir(fs, dir)?;
    mark(fs, marker)
}

/// Makes names durable that an earlier life has given beside `marker`, where the sync of their directory, which was done, does nothing.
pub(super) fn mark(fs: &dyn FsOps, marker: &Path) -> Result<(), StoreError> {
    commit_names(fs, marker).map_err(|(op, error)| io_error(op, marker)(error))
}
