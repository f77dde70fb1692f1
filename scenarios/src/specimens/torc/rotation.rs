//! How a new snapshot takes the place of the newest, and that one of the next.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_reference::fs::FsOps;

use super::bug::Bug;
use super::options::Options;
use crate::specimens::mends::Mends;

/// The snapshots: the newest at the path of them all, the older ones at `.1`, `.2` and so on.
pub(super) struct Rotation<'a> {
    pub(super) fs: &'a dyn FsOps,
    pub(super) options: &'a Options,
    pub(super) mends: Mends<Bug>,
}

impl Rotation<'_> {
    fn newest(&self) -> &Path {
        Path::new(self.options.snapshot)
    }

    /// Where a snapshot is written.
    pub(super) fn temporary(&self) -> PathBuf {
        with(self.options, "tmp")
    }

    /// Where the mended protocol keeps the one that was the newest until the older ones have moved.
    fn set_aside(&self) -> PathBuf {
        with(self.options, "old")
    }

    fn older(&self, number: u32) -> PathBuf {
        with(self.options, &number.to_string())
    }

    /// Makes the names of the snapshots durable. Where there is no directory yet there are none.
    pub(super) fn sync_names(&self) -> io::Result<()> {
        let parent = self.newest().parent().unwrap_or(Path::new(""));
        found(self.fs.sync_dir(parent)).map(drop)
    }

    /// Gives the temporary the name of the newest.
    pub(super) fn promote(&self) -> io::Result<()> {
        let (temporary, newest) = (self.temporary(), self.newest());
        if self.options.keep == 1 {
            return self.fs.rename(&temporary, newest);
        }
        let moves_after = self.mends.has(Bug::R10);
        let demoted = if moves_after {
            self.settle()?;
            self.set_aside()
        } else {
            self.shift_all()?;
            self.older(1)
        };
        let was_there = self.demote(&demoted)?;
        if let Err(error) = self.fs.rename(&temporary, newest) {
            if was_there {
                self.undo(&demoted);
            }
            return Err(error);
        }
        if moves_after { self.settle() } else { Ok(()) }
    }

    /// Gives the newest another name, and says whether there was one. In the mended protocol it keeps its old name until another
    /// file takes it.
    fn demote(&self, to: &Path) -> io::Result<bool> {
        let done = if self.mends.has(Bug::R9) {
            self.fs.hard_link(self.newest(), to)
        } else {
            self.fs.rename(self.newest(), to)
        };
        found(done)
    }

    /// Takes back that the newest was given another name. What cannot be taken back is found by [`settle`](Self::settle).
    fn undo(&self, demoted: &Path) {
        if self.mends.has(Bug::R9) {
            let _ = self.fs.remove_file(demoted);
        } else if self.mends.has(Bug::H5) {
            let _ = self.fs.rename(demoted, self.newest());
        }
    }

    /// Moves every older snapshot up, and removes the oldest.
    fn shift_all(&self) -> io::Result<()> {
        let _ = self.fs.remove_file(&self.older(self.options.keep - 1));
        for number in (2..self.options.keep).rev() {
            found(self.fs.rename(&self.older(number - 1), &self.older(number)))?;
        }
        Ok(())
    }

    /// Puts the snapshot that was set aside among the older ones, when another one has taken its place.
    pub(super) fn settle(&self) -> io::Result<()> {
        let set_aside = self.set_aside();
        let Some(aside) = self.fs.metadata(&set_aside)? else {
            return Ok(());
        };
        match self.fs.metadata(self.newest())? {
            None => return self.fs.rename(&set_aside, self.newest()),
            Some(newest) if newest.inode == aside.inode => return self.fs.remove_file(&set_aside),
            Some(_) => {}
        }
        let mut free = self.options.keep - 1;
        for number in (1..self.options.keep).rev() {
            if self.fs.metadata(&self.older(number))?.is_none() {
                free = number;
            }
        }
        for number in (2..=free).rev() {
            found(self.fs.rename(&self.older(number - 1), &self.older(number)))?;
        }
        self.fs.rename(&set_aside, &self.older(1))
    }
}

/// Every path at which a snapshot can be found.
pub(super) fn paths(options: &Options) -> Vec<PathBuf> {
    let older = (1..options.keep).map(|number| with(options, &number.to_string()));
    [PathBuf::from(options.snapshot), with(options, "old")]
        .into_iter()
        .chain(older)
        .collect()
}

fn with(options: &Options, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}.{suffix}", options.snapshot))
}

/// Whether there was a file to do it to.
fn found(done: io::Result<()>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}
