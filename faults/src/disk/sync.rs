//! How syncs end: done, dropped, or failed in the way that the file system or the plan says.

use std::sync::Arc;

use super::request::Request;
use super::state::State;
use super::writeback::{PAGE, byte_ranges, end_of};
use crate::errno::Errno;
use crate::fsync_failure::{Call, ErrorReport, FsyncFailure, Pages};
use crate::image::Ino;
use crate::log::{Entry, MicroOp, Scope, SyncEnd};
use crate::object_target::ObjectTarget;
use crate::op_kind::OpKind;
use crate::plan::{Effect, Position};

/// A sync that a process asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sync<'a> {
    pub(super) kind: OpKind,
    pub(super) path: &'a Arc<str>,
    pub(super) scope: Scope,
    /// The handle it goes through; none for a directory.
    pub(super) handle: Option<u64>,
}

/// How the disk fails, where a plan does not say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failing {
    pub(super) model: FsyncFailure,
    pub(super) report: ErrorReport,
}

impl Default for Failing {
    fn default() -> Self {
        Self {
            model: FsyncFailure::F1,
            report: ErrorReport::PerFdOnce,
        }
    }
}

/// A failure at work.
struct Failure {
    model: FsyncFailure,
    /// What the call returns.
    call: Call,
    errno: Errno,
    /// The pages that were not written; all when there are none.
    pages: Option<Vec<u64>>,
}

impl Failure {
    /// All pages fail, and the call returns what the model says.
    const fn new(model: FsyncFailure, errno: Errno) -> Self {
        Self {
            model,
            call: model.call(),
            errno,
            pages: None,
        }
    }
}

impl Sync<'_> {
    const fn file(&self) -> Option<Ino> {
        match self.scope {
            Scope::File(ino) | Scope::FileData(ino) => Some(ino),
            _ => None,
        }
    }

    fn ended(&self, end: SyncEnd, error: Option<Errno>) -> Entry {
        Entry {
            kind: self.kind,
            path: Arc::clone(self.path),
            second: None,
            range: None,
            changes: Vec::new(),
            sync: Some((self.scope, end)),
            error,
        }
    }
}

impl State {
    /// Performs a sync, records it and says how it ended.
    pub(super) fn sync(&mut self, sync: Sync<'_>, decision: Option<Effect>) -> Result<(), Errno> {
        if self.is_frozen {
            return self.end_sync(sync.ended(SyncEnd::Retained, Some(Errno::EIO)));
        }
        let failure = match decision {
            Some(Effect::Fail(errno, Position::Before)) => {
                Some(self.failure(&sync, self.failing.model, errno))
            }
            Some(Effect::FailSync(errno, model)) => Some(self.failure(&sync, model, errno)),
            Some(Effect::Drop) => return self.end_sync(sync.ended(SyncEnd::Dropped, None)),
            // An error that comes after the effect leaves the sync done.
            _ => self.failing_pages(&sync),
        };
        match failure {
            Some(failure) => self.fail_sync(&sync, failure),
            None => match self.due(&sync) {
                Some(errno) => self.end_sync(sync.ended(SyncEnd::Retained, Some(errno))),
                None => self.complete_sync(&sync),
            },
        }
    }

    fn end_sync(&mut self, entry: Entry) -> Result<(), Errno> {
        let error = entry.error;
        self.closing.note(&entry);
        self.evictions.note(&entry, &self.image);
        self.record(entry);
        error.map_or(Ok(()), Err)
    }

    fn complete_sync(&mut self, sync: &Sync<'_>) -> Result<(), Errno> {
        if let Some(ino) = sync.file() {
            self.writeback.written(&self.image, ino);
        }
        self.troubles.spaces.commit();
        let error = sync.file().and_then(|ino| self.eviction_error(ino));
        self.end_sync(sync.ended(SyncEnd::Done, error))
    }

    /// The error of an earlier failure that this sync has to report. It makes nothing durable then; what it wrote is left to the next.
    fn due(&mut self, sync: &Sync<'_>) -> Option<Errno> {
        let (handle, ino) = (sync.handle?, sync.file()?);
        if self.writeback.is_settled(ino) {
            self.errors.settled(ino);
        }
        self.errors.due(handle, ino)
    }

    /// The failure of a sync that a fault decided on: of all pages, or of those on the object target that the fault is about.
    fn failure(&self, sync: &Sync<'_>, model: FsyncFailure, errno: Errno) -> Failure {
        let on_target = |(target, ino): (ObjectTarget, Ino)| {
            let mut pages = self.writeback.dirty_pages(ino);
            pages.retain(|page| target.holds(page * PAGE));
            pages
        };
        Failure {
            pages: self.troubles.target.zip(sync.file()).map(on_target),
            ..Failure::new(model, errno)
        }
    }

    /// The pages that the plan's sequences let fail in this sync.
    fn failing_pages(&mut self, sync: &Sync<'_>) -> Option<Failure> {
        let ino = sync.file()?;
        if !self.troubles.plan.has_writebacks() {
            return None;
        }
        let dirty = self.writeback.dirty_pages(ino);
        let (pages, model) = self.troubles.plan.write_back(sync.path, ino, &dirty)?;
        let model = model.unwrap_or(self.failing.model);
        Some(Failure {
            pages: Some(pages),
            ..Failure::new(model, model.errno())
        })
    }

    /// An operation that is no sync reports that what was written to its file before did not reach the disk, and does nothing.
    ///
    /// What becomes of the pages, and who else is told, is what the sync would have done that nobody asked for; the error is told here
    /// and now, whatever a sync would return.
    pub(super) fn report_late(&mut self, request: &Request<'_>, errno: Errno) -> Errno {
        let Some(ino) = request.ino else {
            return errno;
        };
        let path = Arc::from(request.path);
        let sync = Sync {
            kind: request.kind,
            path: &path,
            scope: Scope::FileData(ino),
            handle: request.handle,
        };
        let failure = Failure {
            call: Call::Fails,
            ..Failure::new(self.failing.model, errno)
        };
        self.fail_sync(&sync, failure).err().unwrap_or(errno)
    }

    fn fail_sync(&mut self, sync: &Sync<'_>, failure: Failure) -> Result<(), Errno> {
        let (call, pages) = (failure.call, failure.model.pages());
        self.is_frozen |= pages == Pages::Frozen;
        let Some(ino) = sync.file() else {
            // A directory has no pages: what was changed in it stays to be committed.
            let (end, error) = match (call, pages) {
                (Call::Succeeds, _) => (SyncEnd::Lied, None),
                (_, Pages::Frozen) => (SyncEnd::Frozen, Some(failure.errno)),
                _ => (SyncEnd::Retained, Some(failure.errno)),
            };
            return self.end_sync(sync.ended(end, error));
        };
        if call == Call::Succeeds {
            return self.end_sync(sync.ended(SyncEnd::Lied, None));
        }
        let dirty = self.writeback.dirty_pages(ino);
        let failed = failure.pages.as_deref().unwrap_or(&dirty);
        let changes = self.writeback.fail(&self.image, ino, failed, pages);
        let told = (call == Call::Fails).then_some(sync.handle).flatten();
        if !matches!(pages, Pages::Dirty | Pages::Frozen) {
            let report = failure.model.report().unwrap_or(self.failing.report);
            self.errors.fail(ino, failure.errno, report, told);
        }
        let error = (call == Call::Fails).then_some(failure.errno);
        let end = match call {
            Call::Fails => end_of(pages),
            Call::NextFails | Call::Succeeds => SyncEnd::Hidden,
        };
        self.log_failure(sync, end, error, failure.pages.as_deref(), changes)
    }

    /// Records a failure: once, or once for each run of pages when it is not about all of them.
    fn log_failure(
        &mut self,
        sync: &Sync<'_>,
        end: SyncEnd,
        error: Option<Errno>,
        pages: Option<&[u64]>,
        changes: Vec<MicroOp>,
    ) -> Result<(), Errno> {
        let ranges = byte_ranges(pages.unwrap_or_default());
        let is_by_page = matches!(end, SyncEnd::Failed | SyncEnd::Torn | SyncEnd::Hidden);
        if let [earlier @ .., last] = ranges.as_slice()
            && is_by_page
        {
            for range in earlier {
                self.record(Entry {
                    range: Some((range.start, range.end - range.start)),
                    ..sync.ended(end, None)
                });
            }
            return self.end_sync(Entry {
                range: Some((last.start, last.end - last.start)),
                ..sync.ended(end, error)
            });
        }
        for change in &changes {
            self.image.apply(change);
        }
        self.end_sync(Entry {
            changes,
            ..sync.ended(end, error)
        })
    }
}
