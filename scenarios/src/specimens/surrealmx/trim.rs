//! Cutting off the start of the log that a snapshot has made needless.

use std::path::Path;

use plimsoll_reference::fs::FsOps;

use super::bug::{Bug, Mends};
use super::error::Error;
use super::files::{self, AOL, AOL_TEMP, TAIL_TEMP};
use super::log::{self, Log};

/// What of the log stays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    /// What lies behind this position of the file.
    Behind(u64),
    /// Commits newer than this version.
    NewerThan(u64),
}

/// How a cut ended, where it did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The log is as it was.
    Unchanged(Error),
    /// Nobody knows what the log holds after a crash.
    Unknown(Error),
}

/// Cuts the log.
pub(crate) fn trim(fs: &dyn FsOps, log: &mut Log, keep: Keep, mends: Mends) -> Result<(), Failure> {
    let tail = tail(fs, keep, mends).map_err(Failure::Unchanged)?;
    if mends.has(Bug::R12) {
        return replace(fs, log, &tail, mends);
    }
    let result = cut_in_place(fs, log, &tail, mends);
    if !tail.is_empty() {
        files::discard(fs, TAIL_TEMP);
    }
    result
}

fn tail(fs: &dyn FsOps, keep: Keep, mends: Mends) -> Result<Vec<u8>, Error> {
    match keep {
        Keep::Behind(position) => {
            let bytes = Log::bytes(fs)?;
            let position = usize::try_from(position).unwrap_or(usize::MAX);
            let tail = bytes.get(position..).unwrap_or_default();
            Ok([log::header(mends), tail].concat())
        }
        Keep::NewerThan(version) => {
            let mut commits = Log::read(fs, mends)?;
            commits.retain(|commit| commit.version > version);
            Ok(log::content(&commits, mends).bytes().to_vec())
        }
    }
}

/// Truncates the log and copies its tail back, which meanwhile is in a temporary.
fn cut_in_place(fs: &dyn FsOps, log: &Log, tail: &[u8], mends: Mends) -> Result<(), Failure> {
    if tail.is_empty() {
        return log.truncate().map_err(Failure::Unknown);
    }
    files::write_temp(fs, TAIL_TEMP, tail, true).map_err(|e| Failure::Unchanged(e.into()))?;
    log.truncate().map_err(Failure::Unknown)?;
    let back = files::read(fs, TAIL_TEMP).map_err(|e| Failure::Unknown(e.into()))?;
    log.append_bytes(&back.unwrap_or_default())
        .map_err(Failure::Unknown)?;
    if mends.has(Bug::R11) {
        log.sync().map_err(Failure::Unknown)?;
    }
    Ok(())
}

/// Writes the tail as a log of its own and puts that in the place of the old one.
fn replace(fs: &dyn FsOps, log: &mut Log, tail: &[u8], mends: Mends) -> Result<(), Failure> {
    if let Err(e) = files::write_temp(fs, AOL_TEMP, tail, mends.has(Bug::R11)) {
        files::discard(fs, AOL_TEMP);
        return Err(Failure::Unchanged(e.into()));
    }
    let renamed = fs
        .rename(Path::new(AOL_TEMP), Path::new(AOL))
        .and_then(|()| files::sync_base(fs));
    // Once renamed, the open file is the old log, which no name reaches any more.
    renamed.map_err(|e| Failure::Unknown(e.into()))?;
    log.reopen(fs).map_err(Failure::Unknown)
}
