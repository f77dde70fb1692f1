//! The log: opening, appending, reading.

use std::path::Path;

use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, append_all};

use super::appender::{self, AfterFailure};
use super::bug::{Bug, Mends};
use super::codec::Encoded;
use super::error::Error;
use super::files::{self, AOL, RECOVERED_TEMP};
use super::record::{Commit, decode};

const MAGIC: &[u8; 8] = b"\xffMXAOL 1";

/// The log, open for appending.
pub(crate) struct Log {
    file: Box<dyn FsFile>,
    mends: Mends,
}

/// Whether the log starts with a magic number. It can where the log is only ever replaced whole.
fn has_header(mends: Mends) -> bool {
    mends.has(Bug::R1) && mends.has(Bug::R2) && mends.has(Bug::R12)
}

/// What a log starts with.
pub(crate) fn header(mends: Mends) -> &'static [u8] {
    if has_header(mends) { MAGIC } else { &[] }
}

fn open_append(fs: &dyn FsOps) -> Result<Box<dyn FsFile>, Error> {
    Ok(fs.open(Path::new(AOL), OpenOptions::read_write().create().append())?)
}

impl Log {
    /// Opens the log as it is, creating it when there is none.
    pub(crate) fn open(fs: &dyn FsOps, mends: Mends) -> Result<Self, Error> {
        let log = Self {
            file: open_append(fs)?,
            mends,
        };
        if mends.has(Bug::R37) {
            files::sync_base(fs)?;
        }
        Ok(log)
    }

    /// Replaces the log by one that holds these commits and is durable, and opens that.
    ///
    /// It is written anew even if it was not torn: a sync that failed in an earlier life may have left parts of it that can be
    /// read and will never be written.
    pub(crate) fn recover(fs: &dyn FsOps, commits: &[Commit], mends: Mends) -> Result<Self, Error> {
        let content = content(commits, mends);
        files::write_temp(fs, RECOVERED_TEMP, content.bytes(), true)?;
        fs.rename(Path::new(RECOVERED_TEMP), Path::new(AOL))?;
        Self::open(fs, mends)
    }

    /// The commits in the log, up to its end or to where it was torn.
    pub(crate) fn read(fs: &dyn FsOps, mends: Mends) -> Result<Vec<Commit>, Error> {
        let malformed = |reason| Error::Deserialization {
            file: "log",
            reason,
        };
        let bytes = files::read(fs, AOL)?.unwrap_or_default();
        let body = match bytes.strip_prefix(MAGIC) {
            _ if bytes.is_empty() || !has_header(mends) => &bytes[..],
            Some(body) => body,
            None => return Err(malformed("it is no log")),
        };
        let decoded = decode(body, mends.has(Bug::R2)).map_err(malformed)?;
        Ok(decoded.commits)
    }

    /// Every byte of the log.
    pub(crate) fn bytes(fs: &dyn FsOps) -> Result<Vec<u8>, Error> {
        Ok(files::read(fs, AOL)?.unwrap_or_default())
    }

    /// Appends commits, through one buffer.
    pub(crate) fn append(&self, commits: &[Commit]) -> Result<(), Error> {
        let mut encoded = Encoded::default();
        for commit in commits {
            commit.encode(self.mends.has(Bug::R2), &mut encoded);
        }
        let after_failure = if self.mends.has(Bug::R8) {
            AfterFailure::Forget
        } else {
            AfterFailure::WriteAgain
        };
        Ok(appender::append(&*self.file, &encoded, after_failure)?)
    }

    pub(crate) fn append_bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        Ok(append_all(&*self.file, bytes)?)
    }

    pub(crate) fn truncate(&self) -> Result<(), Error> {
        Ok(self.file.set_len(0)?)
    }

    pub(crate) fn sync(&self) -> Result<(), Error> {
        Ok(self.file.sync_all()?)
    }

    pub(crate) fn len(&self) -> Result<u64, Error> {
        Ok(self.file.metadata()?.len)
    }

    /// Goes on with the file that has replaced the log.
    pub(crate) fn reopen(&mut self, fs: &dyn FsOps) -> Result<(), Error> {
        self.file = open_append(fs)?;
        Ok(())
    }

    /// Closes the log. What there was to report, a sync has reported.
    pub(crate) fn close(self) {
        let _ = self.file.close();
    }
}

/// A log of these commits.
pub(crate) fn content(commits: &[Commit], mends: Mends) -> Encoded {
    let mut encoded = Encoded::default();
    encoded.raw(header(mends));
    for commit in commits {
        commit.encode(mends.has(Bug::R2), &mut encoded);
    }
    encoded
}
