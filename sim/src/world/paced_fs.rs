//! The simulated disk, in time.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::{SHARES, SimClock, SimFs};
use plimsoll_faults::op_kind::OpKind;
use plimsoll_reference::clock::Clock;
use plimsoll_reference::fs::{DirEntry, FsFile, FsOps, Metadata, OpenOptions};

use super::due::Due;
use super::fiber::{self, Pause};
use super::paced_file::PacedFile;
use super::plan::Action;
use super::plan::Happened;
use super::process::ProcessId;
use super::shared::Shared;
use super::trace::{Sort, digest};

/// Operations of a job after which it gives way in any case, so that one that never ends does not keep the world from its limits.
const OPERATIONS_UNTIL_YIELD: u64 = 32;

/// Parts in which the time of an operation is cut: some pass before its effect, the others after it.
const PARTS: u32 = 4;

/// The disk as one process sees it. An operation takes time before and after its effect; a job waits meanwhile and others run. An
/// operation of a task that is no job keeps all tasks of its process from running, as it would for real.
///
/// What a fault plan charges (`delay`, `stall`) passes in the same way, in parts before the effect and after it; closing is the exception,
/// for which all of it passes afterwards. What is done to an operation is decided when it begins: a fault or a limit that comes while it
/// waits does not meet it.
///
/// **Not modelled**: a task whose operation hangs, or is charged time, goes on to its next await before it stands still.
#[derive(Clone)]
pub(super) struct PacedFs {
    shared: Arc<Shared>,
    process: ProcessId,
    fs: SimFs,
    disk_clock: SimClock,
}

/// What an operation is about, for the trace.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) kind: OpKind,
    pub(super) path: &'a Path,
    /// What the fingerprint has of its arguments.
    pub(super) digest: u64,
}

impl<'a> About<'a> {
    pub(super) fn new(kind: OpKind, path: &'a Path) -> Self {
        Self {
            kind,
            path,
            digest: 0,
        }
    }

    /// With what the fingerprint has of its arguments.
    pub(super) const fn with(self, digest: u64) -> Self {
        Self { digest, ..self }
    }
}

impl PacedFs {
    pub(super) const fn new(
        shared: Arc<Shared>,
        process: ProcessId,
        fs: SimFs,
        disk_clock: SimClock,
    ) -> Self {
        Self {
            shared,
            process,
            fs,
            disk_clock,
        }
    }

    /// Does an operation in time. `measure` says what the fingerprint has of a success.
    pub(super) fn operate<T>(
        &self,
        about: About<'_>,
        mut operation: impl FnMut() -> io::Result<T>,
        measure: impl FnOnce(&T) -> u64,
    ) -> io::Result<T> {
        let Some(after) = self.begin(about.kind) else {
            return self.end_killed(about, operation, measure);
        };
        self.disk_clock.set(self.shared.now());
        self.fs.defer();
        let first = operation();
        let Some(deferred) = self.fs.take_deferred() else {
            return self.finish(about, first, measure, after);
        };
        self.note_stall(deferred.wait());
        let before = self.part_before(deferred.wait());
        self.pass(before);
        if self.fs.is_fenced() {
            return self.end_killed(about, operation, measure);
        }
        self.disk_clock.set(self.shared.now());
        self.fs.resume(deferred);
        let second = operation();
        // It may have failed before the plan was asked, as what it is about may be gone by now.
        self.fs.take_deferred();
        let rest = deferred.wait().saturating_sub(before);
        self.finish(about, second, measure, after.saturating_add(rest))
    }

    /// The same for an operation that can be begun only once: what it is charged passes after its effect.
    pub(super) fn operate_once<T>(
        &self,
        about: About<'_>,
        operation: impl FnOnce() -> io::Result<T>,
        measure: impl FnOnce(&T) -> u64,
    ) -> io::Result<T> {
        let after = self.begin(about.kind).unwrap_or_default();
        self.disk_clock.set(self.shared.now());
        let result = operation();
        self.finish(about, result, measure, after)
    }

    /// Does what is done of an operation whose process was killed while it waited: nothing, or of a write some of its pages, by decision.
    fn end_killed<T>(
        &self,
        about: About<'_>,
        operation: impl FnOnce() -> io::Result<T>,
        measure: impl FnOnce(&T) -> u64,
    ) -> io::Result<T> {
        let share = match about.kind {
            OpKind::Write => self.shared.state().chance.choose(SHARES as usize + 1),
            _ => 0,
        };
        self.disk_clock.set(self.shared.now());
        let result = self.fs.last_write(share as u32, operation);
        self.end(about, &result, measure);
        result
    }

    /// How much of a time passes before the effect.
    fn part_before(&self, time: Duration) -> Duration {
        let parts = self.shared.state().chance.choose(PARTS as usize + 1) as u32;
        time / PARTS * parts
    }

    /// Takes note of what came of an operation, and lets the rest of its time pass.
    fn finish<T>(
        &self,
        about: About<'_>,
        result: io::Result<T>,
        measure: impl FnOnce(&T) -> u64,
        after: Duration,
    ) -> io::Result<T> {
        let charged = self.disk_clock.now().saturating_sub(self.shared.now());
        let is_hung = result.is_err() && self.fs.take_hung().is_some();
        self.end(about, &result, measure);
        self.note_stall(if is_hung { Duration::MAX } else { charged });
        if let Err(error) = &result
            && !is_hung
            && !self.fs.is_fenced()
        {
            let mut state = self.shared.state();
            let at = state.happens();
            state.mishaps.fail(at, error);
        }
        if is_hung {
            self.hang();
        }
        self.pass(after.saturating_add(charged));
        result
    }

    /// Takes note of an operation that stands still for so long. One of a task that is no job waits for those before it.
    fn note_stall(&self, time: Duration) {
        let mut state = self.shared.state();
        let now = state.now;
        let queued = match fiber::is_active() {
            true => Duration::ZERO,
            false => state.process(self.process).busy_until.saturating_sub(now),
        };
        if !time.is_zero() {
            state.mishaps.stall(now, time.saturating_add(queued));
        }
    }

    /// Lets the time before the effect pass, and says how long the rest takes; nothing where the process is killed meanwhile.
    fn begin(&self, kind: OpKind) -> Option<Duration> {
        let mut state = self.shared.state();
        if !state.process(self.process).has_effect() {
            drop(state);
            // Nothing has an effect any longer; a job that asks for ever is given up.
            fiber::pause(Pause::Yield);
            return Some(Duration::ZERO);
        }
        state.operations += 1;
        let now = state.now;
        let program = state.process(self.process).program;
        let slot = &mut state.programs[program];
        slot.operations += 1;
        let (number, name) = (slot.operations, Arc::clone(&slot.name));
        let happened = Happened {
            step: state.step,
            time: now,
        };
        let actions = state.triggers.at_operation(happened, number, &name);
        let has_actions = !actions.is_empty();
        // A task cannot stand still here, but whatever is to end it must come before the operation.
        let is_end = |action: &Action| match action {
            Action::Kill(program) => **program == *name,
            action => *action == Action::PowerLoss,
        };
        if !fiber::is_active() && actions.iter().any(is_end) {
            self.fs.halt();
        }
        let due = actions.into_iter().map(|action| Due::Act(action, None));
        state.due.extend(due);
        let pace = state.setup.pace;
        let total = state.chance.delay(pace.of(kind), now);
        let mut before = Duration::ZERO;
        if !total.is_zero() {
            let parts = state.chance.choose(PARTS as usize + 1) as u32;
            before = total / PARTS * parts;
        }
        let (numerator, denominator) = pace.preempt;
        let gives_way = has_actions
            || number.is_multiple_of(OPERATIONS_UNTIL_YIELD)
            || (before.is_zero() && fiber::is_active() && {
                state.chance.ratio(numerator, denominator)
            });
        drop(state);
        if gives_way {
            fiber::pause(Pause::Yield);
        }
        self.pass(before);
        (!self.fs.is_fenced()).then(|| total - before)
    }

    /// Takes note of what came of an operation.
    fn end<T>(&self, about: About<'_>, result: &io::Result<T>, measure: impl FnOnce(&T) -> u64) {
        let errno = result.as_ref().err().and_then(io::Error::raw_os_error);
        let measured = result.as_ref().map_or(0, measure);
        let path = about.path.as_os_str().as_encoded_bytes();
        let first = about.kind as u64 | (errno.unwrap_or(0) as u64) << 8;
        let second = digest(path) ^ about.digest.rotate_left(17) ^ measured.rotate_left(34);
        let mut state = self.shared.state();
        state.event(Sort::Operation, Some(self.process), [first, second], || {
            let path = about.path.display();
            match result.as_ref().err() {
                None => format!("{} {path} -> {measured}", about.kind),
                Some(error) => format!("{} {path} -> {error}", about.kind),
            }
        });
    }

    /// Lets time pass for whoever called.
    fn pass(&self, time: Duration) {
        if time.is_zero() {
            return;
        }
        if fiber::is_active() {
            fiber::pause(Pause::Wait(time));
            return;
        }
        let mut state = self.shared.state();
        let now = state.now;
        let process = state.process_mut(self.process);
        process.busy_until = process.busy_until.max(now).saturating_add(time);
        let until = process.busy_until;
        // Nobody is woken: what stands still may go on then.
        state.timers.add(until, std::task::Waker::noop().clone());
    }

    /// Stands still until somebody lets the operation return.
    fn hang(&self) {
        if fiber::is_active() {
            fiber::pause(Pause::Hang);
        } else {
            self.shared.state().process_mut(self.process).is_stuck = true;
        }
    }
}

impl FsOps for PacedFs {
    fn open(&self, path: &Path, options: OpenOptions) -> io::Result<Box<dyn FsFile>> {
        let about = About::new(OpKind::Open, path);
        let file = self.operate(about, || self.fs.open(path, options), |_| 0)?;
        Ok(Box::new(PacedFile::new(self.clone(), file, path.into())))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let about = About::new(OpKind::Rename, from);
        let about = about.with(digest(to.as_os_str().as_encoded_bytes()));
        self.operate(about, || self.fs.rename(from, to), |()| 0)
    }

    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        let about = About::new(OpKind::Link, original);
        let about = about.with(digest(link.as_os_str().as_encoded_bytes()));
        self.operate(about, || self.fs.hard_link(original, link), |()| 0)
    }

    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        let about = About::new(OpKind::Symlink, target);
        let about = about.with(digest(link.as_os_str().as_encoded_bytes()));
        self.operate(about, || self.fs.symlink(target, link), |()| 0)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        let about = About::new(OpKind::ReadLink, path);
        let measure = |target: &PathBuf| digest(target.as_os_str().as_encoded_bytes());
        self.operate(about, || self.fs.read_link(path), measure)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let about = About::new(OpKind::Remove, path);
        self.operate(about, || self.fs.remove_file(path), |()| 0)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let about = About::new(OpKind::CreateDir, path);
        self.operate(about, || self.fs.create_dir(path), |()| 0)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let about = About::new(OpKind::RemoveDir, path);
        self.operate(about, || self.fs.remove_dir(path), |()| 0)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let about = About::new(OpKind::ReadDir, path);
        let measure = |entries: &Vec<DirEntry>| entries.len() as u64;
        self.operate(about, || self.fs.read_dir(path), measure)
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<Metadata>> {
        let about = About::new(OpKind::Stat, path);
        let measure = |found: &Option<Metadata>| found.map_or(u64::MAX, |found| found.len);
        self.operate(about, || self.fs.metadata(path), measure)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let about = About::new(OpKind::SyncDir, path);
        self.operate(about, || self.fs.sync_dir(path), |()| 0)
    }
}
