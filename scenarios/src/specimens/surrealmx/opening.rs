//! What is done to the files before the store takes commits.

use plimsoll_reference::fs::FsOps;

use super::bug::{Bug, Mends};
use super::cut;
use super::error::Error;
use super::files;
use super::log::Log;
use super::record::Commit;
use super::table::Table;

/// What the files of a store hold.
pub(crate) struct Contents {
    /// The state.
    pub(crate) table: Table,
    /// The last commit in the snapshot.
    pub(crate) promoted: u64,
    /// What the log holds.
    commits: Vec<Commit>,
}

impl Contents {
    /// Reads snapshot and log.
    pub(crate) fn read(fs: &dyn FsOps, mends: Mends) -> Result<Self, Error> {
        let mut table = cut::load(fs, mends)?;
        let promoted = table.version();
        let commits = Log::read(fs, mends)?;
        if mends.has(Bug::R2)
            && commits
                .first()
                .is_some_and(|commit| commit.version > promoted + 1)
        {
            return Err(Error::Deserialization {
                file: "log",
                reason: "commits are missing between the snapshot and the log",
            });
        }
        for commit in &commits {
            table.commit(commit);
        }
        Ok(Self {
            table,
            promoted,
            commits,
        })
    }
}

/// A store that is about to be used.
pub(crate) struct Opened {
    pub(crate) contents: Contents,
    /// The log, where there is to be one.
    pub(crate) log: Option<Log>,
}

/// Opens the files of a store, with a log or without.
pub(crate) fn open(fs: &dyn FsOps, logs: bool, mends: Mends) -> Result<Opened, Error> {
    files::prepare(fs, mends)?;
    let mut log = None;
    if logs && !mends.has(Bug::R1) {
        log = Some(Log::open(fs, mends)?);
    }
    let mut contents = Contents::read(fs, mends)?;
    if mends.has(Bug::R10) {
        // The name of the snapshot has to be durable before the log may do without what the snapshot covers.
        files::sync_base(fs)?;
        let promoted = contents.promoted;
        contents.commits.retain(|commit| commit.version > promoted);
    }
    if logs && mends.has(Bug::R1) {
        log = Some(Log::recover(fs, &contents.commits, mends)?);
    }
    Ok(Opened { contents, log })
}
