//! Where a copy may be written: anywhere but on the files of the store that it is a copy of.

use std::path::{Component, Path, PathBuf};

use crate::fs::{FsOps, Metadata};

use super::error::{StoreError, io_error};
use super::layout::{Layout, is_temp_of, parse_log_name, temp_of};

/// A place that a copy may be written to.
pub(super) struct Destination {
    pub(super) path: PathBuf,
    /// Its directory; the empty path stands for the one that relative paths start at.
    pub(super) dir: PathBuf,
    name: String,
}

/// A path without the parts that mean nothing.
fn plain(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}

/// What a path names, with the links on the way followed.
fn look_up(fs: &dyn FsOps, path: &Path) -> Result<Option<Metadata>, StoreError> {
    fs.metadata(path).map_err(io_error("look up", path))
}

fn is_same(fs: &dyn FsOps, one: &Path, other: &Path) -> Result<bool, StoreError> {
    Ok(match (look_up(fs, one)?, look_up(fs, other)?) {
        (Some(one), Some(other)) => one.is_same_file(&other),
        _ => false,
    })
}

impl Destination {
    /// The place `dest`, if that is none of the store's own: its snapshot and its lock, by whatever name, and what is directly in its
    /// log directory. A directory within that is a place like another.
    pub(super) fn of(fs: &dyn FsOps, layout: &Layout, dest: &Path) -> Result<Self, StoreError> {
        let refuse = |reason| {
            Err(StoreError::BadDestination {
                path: dest.to_path_buf(),
                reason,
            })
        };
        let path = plain(dest);
        let (Some(dir), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str()))
        else {
            return refuse("the path must end in a file name in UTF-8");
        };
        for (own, reason) in [
            (&layout.snapshot, "it is the snapshot of the store"),
            (&layout.lock, "it is the lock of the store"),
        ] {
            if path == plain(own) || is_same(fs, &path, own)? {
                return refuse(reason);
            }
        }
        if parse_log_name(name).is_some() || layout.is_snapshot_temp(name) {
            return refuse("it has a name of the files of a store");
        }
        // The dot is what a link to the directory is followed for.
        let is_log_dir = dir == plain(&layout.log_dir)
            || is_same(fs, &dir.join("."), &layout.log_dir.join("."))?;
        if is_log_dir {
            return refuse("it is in the log directory of the store");
        }
        Ok(Self {
            dir: dir.to_path_buf(),
            name: name.to_owned(),
            path,
        })
    }

    /// A name beside the place, under which an image of `covered` is written first.
    pub(super) fn temp(&self, covered: u64, attempt: u64) -> PathBuf {
        self.dir.join(temp_of(&self.name, covered, attempt))
    }

    /// The temporaries for this place that there are.
    pub(super) fn temps(&self, fs: &dyn FsOps) -> Result<Vec<PathBuf>, StoreError> {
        let entries = fs
            .read_dir(&self.dir)
            .map_err(io_error("list", &self.dir))?;
        let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
        names.retain(|name| is_temp_of(&self.name, name));
        names.sort_unstable();
        Ok(names.into_iter().map(|name| self.dir.join(name)).collect())
    }
}
