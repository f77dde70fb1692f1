//! Errors of write-back that handles have yet to be told of.

use std::collections::{BTreeMap, BTreeSet};

use crate::errno::Errno;
use crate::fsync_failure::ErrorReport;
use crate::image::Ino;

/// The last error of a file's write-back.
#[derive(Clone, Copy, Debug)]
struct Failed {
    errno: Errno,
    report: ErrorReport,
    /// How many there were; a handle that knows of fewer has something to learn.
    count: u32,
    /// Whether anybody was told of the last one.
    seen: bool,
}

/// The errors of every file, and what each handle knows of them.
#[derive(Debug, Default)]
pub(super) struct ErrSeq {
    files: BTreeMap<Ino, Failed>,
    known: BTreeMap<u64, u32>,
    /// Files of which pages that failed were not written again.
    unwritten: BTreeSet<Ino>,
}

impl ErrSeq {
    /// A handle was opened. It need not learn what somebody was told already.
    pub(super) fn opened(&mut self, handle: u64, ino: Ino) {
        if let Some(failed) = self.files.get(&ino)
            && failed.seen
        {
            self.known.insert(handle, failed.count);
        }
    }

    pub(super) fn closed(&mut self, handle: u64) {
        self.known.remove(&handle);
    }

    /// Write-back of a file failed. `caller` is the handle that is told at once, if one is.
    pub(super) fn fail(
        &mut self,
        ino: Ino,
        errno: Errno,
        report: ErrorReport,
        caller: Option<u64>,
    ) {
        let count = self.files.get(&ino).map_or(0, |failed| failed.count) + 1;
        let seen = caller.is_some();
        self.files.insert(
            ino,
            Failed {
                errno,
                report,
                count,
                seen,
            },
        );
        self.unwritten.insert(ino);
        if let Some(handle) = caller {
            self.known.insert(handle, count);
        }
    }

    /// Every page of a file that had failed was written again.
    pub(super) fn settled(&mut self, ino: Ino) {
        self.unwritten.remove(&ino);
    }

    /// The error that a sync of a file has to report, which counts as told then.
    pub(super) fn due(&mut self, handle: u64, ino: Ino) -> Option<Errno> {
        let failed = self.files.get_mut(&ino)?;
        let is_due = match failed.report {
            ErrorReport::PerFdOnce => {
                self.known.get(&handle).copied().unwrap_or_default() < failed.count
            }
            ErrorReport::OnceGlobal => !failed.seen,
            ErrorReport::Sticky => self.unwritten.contains(&ino),
        };
        if !is_due {
            return None;
        }
        failed.seen = true;
        self.known.insert(handle, failed.count);
        Some(failed.errno)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Ino = Ino(7);

    fn failed(report: ErrorReport, caller: Option<u64>) -> ErrSeq {
        let mut errors = ErrSeq::default();
        errors.opened(1, FILE);
        errors.opened(2, FILE);
        errors.fail(FILE, Errno::EIO, report, caller);
        errors
    }

    #[test]
    fn every_open_handle_is_told_once() {
        let mut errors = failed(ErrorReport::PerFdOnce, Some(1));
        assert_eq!(errors.due(1, FILE), None, "the caller knows");
        assert_eq!(errors.due(2, FILE), Some(Errno::EIO));
        assert_eq!(errors.due(2, FILE), None);
        errors.opened(3, FILE);
        assert_eq!(errors.due(3, FILE), None, "somebody was told");
    }

    #[test]
    fn the_first_later_opener_is_told_what_nobody_knows() {
        let mut errors = failed(ErrorReport::PerFdOnce, None);
        errors.closed(1);
        errors.closed(2);
        errors.opened(3, FILE);
        assert_eq!(errors.due(3, FILE), Some(Errno::EIO));
        errors.opened(4, FILE);
        assert_eq!(errors.due(4, FILE), None);
    }

    #[test]
    fn once_is_once_for_all() {
        let mut errors = failed(ErrorReport::OnceGlobal, None);
        assert_eq!(errors.due(2, FILE), Some(Errno::EIO));
        assert_eq!(errors.due(1, FILE), None);
    }

    #[test]
    fn a_sticky_error_stays_until_the_pages_are_written() {
        let mut errors = failed(ErrorReport::Sticky, Some(1));
        assert_eq!(errors.due(1, FILE), Some(Errno::EIO));
        assert_eq!(errors.due(2, FILE), Some(Errno::EIO));
        errors.settled(FILE);
        assert_eq!(errors.due(1, FILE), None);
    }
}
