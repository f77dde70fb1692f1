//! A process's view of the simulated disk.

use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_reference::fs::{Creation, DirEntry, FsFile, FsOps, Metadata, OpenOptions};

use super::clock::SimClock;
use super::file::SimFile;
use super::names::busy_is_dir;
use super::path::{Place, followed, is_dir_path, place, resolve, text};
use super::request::Request;
use super::state::State;
use super::sync::Failing;
use super::troubles::Troubles;
use crate::errno::Errno;
use crate::fsync_failure::{ErrorReport, FsyncFailure};
use crate::image::{Image, Ino, Node};
use crate::log::{Entry, InodeKind, MicroOp, Scope, SizeChange, SyncEnd, amid};
use crate::op_kind::OpKind;
use crate::plan::{FaultPlan, Phase};

/// How finely it can be said how much of a [last write](SimFs::last_write) is done.
pub const SHARES: u32 = 3;

/// One process on a simulated disk. Clones are the same process; [`SimFs::process`] starts another.
#[derive(Clone, Debug)]
pub struct SimFs {
    disk: Arc<Mutex<State>>,
    id: u32,
    fenced: Arc<AtomicBool>,
    /// How much of the write is done that this process was killed in: so many of [`SHARES`], or no such write.
    last_write: Arc<AtomicU32>,
    /// Called before each operation.
    give_way: fn(),
}

impl SimFs {
    /// A disk with this content, as its first process sees it.
    pub fn new(image: Image) -> Self {
        Self {
            disk: Arc::new(Mutex::new(State::new(image))),
            id: 0,
            fenced: Arc::default(),
            last_write: Arc::default(),
            give_way: || {},
        }
    }

    /// Calls this before each operation of this process and of those that it starts, closing excepted: whoever asks may let others go
    /// first, as long as that is on the same thread.
    #[must_use]
    pub fn giving_way(self, give_way: fn()) -> Self {
        Self { give_way, ..self }
    }

    /// Lets things go wrong from now on. Counting starts anew.
    pub fn set_plan(&self, plan: &FaultPlan) {
        self.set_seeded_plan(plan, 0);
    }

    /// The same, with chances and damage drawn from streams of a seed.
    pub fn set_seeded_plan(&self, plan: &FaultPlan, seed: u64) {
        let mut state = self.state();
        let clock = state.troubles.clock.take();
        state.troubles = Troubles::new(plan, seed);
        state.troubles.clock = clock;
        let image = state.image.clone();
        state.evictions.start(plan, &image);
    }

    /// Charges delays to this clock, and reads times of the plan from it. Without one it is always the beginning.
    pub fn set_clock(&self, clock: SimClock) {
        self.state().troubles.clock = Some(clock);
    }

    /// Says what the store is doing from now on, for faults that strike in one phase.
    pub fn set_phase(&self, phase: Phase) {
        self.state().troubles.phase = phase;
    }

    /// The operation that never returned, if there is one. From it on every operation fails without an effect, until the process
    /// is [fenced](Self::fence).
    pub fn hung(&self) -> Option<String> {
        self.state().troubles.hung.clone()
    }

    /// The same, for whoever lets the process that hangs stand still by itself: operations of others go on.
    pub fn take_hung(&self) -> Option<String> {
        self.state().troubles.hung.take()
    }

    /// Number of entries in the op log when a fault first damaged bytes.
    pub fn damaged_at(&self) -> Option<usize> {
        self.state().troubles.damaged_at
    }

    /// Lifts every limit on space.
    pub fn lift_space(&self) {
        self.state().troubles.spaces.lift();
    }

    /// The most bytes that files were ever to hold together; counted only where the plan limits space.
    pub fn peak_bytes(&self) -> u64 {
        self.state().troubles.spaces.peak()
    }

    /// The numbers of bytes that the first limit on space could have had with every operation so far going as it did, its own among
    /// them. Meaningless where the plan limits no bytes.
    pub fn alike_spaces(&self) -> RangeInclusive<u64> {
        self.state().troubles.spaces.alike()
    }

    /// Lets syncs that fail do so in this way, where the plan names no other.
    pub fn set_fsync_failure(&self, model: FsyncFailure, report: ErrorReport) {
        self.state().failing = Failing { model, report };
    }

    /// Says whether a close writes back what its file has changed, as on NFS: what goes back when a later sync fails is what was written
    /// since then.
    pub(crate) fn set_close_syncs(&self, syncs: bool) {
        self.state().closing.syncs = syncs;
    }

    /// Fails every operation after the `max`th with `EIO`, so that a store that never gives up ends all the same.
    pub fn limit_operations(&self, max: u64) {
        self.state().operations_max = max;
    }

    /// Another process on the same disk.
    pub fn process(&self) -> Self {
        let mut state = self.state();
        let id = state.next_process;
        state.next_process += 1;
        drop(state);
        Self {
            disk: Arc::clone(&self.disk),
            id,
            fenced: Arc::default(),
            last_write: Arc::default(),
            give_way: self.give_way,
        }
    }

    /// Kills this process: from now on each of its operations fails and has no effect, so that destructors that flush are inert;
    /// its handles are closed and its locks released. The disk lives on.
    pub fn fence(&self) {
        self.fenced.store(true, Ordering::Relaxed);
        let mut state = self.state();
        state.reap(self.id);
        state.troubles.hung = None;
    }

    /// From now on each operation of this process fails and has no effect, but its handles stay open and its locks held until it is
    /// [fenced](Self::fence): a process that was killed in an operation that cannot be interrupted is not gone yet.
    pub fn halt(&self) {
        self.fenced.store(true, Ordering::Relaxed);
    }

    /// Does the write in which this process was killed, which is [halted](Self::halt) by now: of the places where a kill can end it, it ends
    /// at the one that is so many of [`SHARES`] on the way. There is none in a write that stays within a page, and nothing is written then,
    /// nor where `share` is 0. Whatever else `operation` asks for fails as before.
    ///
    /// The source is the one of [`Entry::ends_amid`].
    pub fn last_write<T>(&self, share: u32, operation: impl FnOnce() -> T) -> T {
        self.last_write.store(share.min(SHARES), Ordering::Relaxed);
        let done = operation();
        self.last_write.store(0, Ordering::Relaxed);
        done
    }

    /// The files that were opened or described since the start: whatever else lies on the disk, it could be something else without
    /// making a difference to any process, as long as the names are the same.
    pub fn inspected(&self) -> Vec<Ino> {
        self.state().inspected.clone()
    }

    /// What every process sees now.
    pub fn image(&self) -> Image {
        self.state().image.clone()
    }

    /// Takes the op log, leaving an empty one.
    pub fn take_log(&self) -> Vec<Entry> {
        std::mem::take(&mut self.state().log)
    }

    /// Number of entries in the op log: the position of whatever happens next.
    pub fn log_len(&self) -> usize {
        self.state().log.len()
    }

    /// How the syncs ended that the op log has from a position on, and whether processes see something else since.
    pub fn sync_ends(&self, from: usize) -> Vec<(Scope, SyncEnd, bool)> {
        let state = self.state();
        let entries = state.log.iter().skip(from);
        let end = |entry: &Entry| {
            let (scope, end) = entry.sync?;
            Some((scope, end, !entry.changes.is_empty()))
        };
        entries.filter_map(end).collect()
    }

    /// Whether the op log has an eviction from a position on.
    pub fn was_evicted(&self, from: usize) -> bool {
        self.state().log.iter().skip(from).any(Entry::is_eviction)
    }

    /// Operations asked for so far, those that only read included.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Whether the limit on operations was reached.
    pub fn is_exhausted(&self) -> bool {
        let state = self.state();
        state.operations > state.operations_max
    }

    /// How often each line of the plan took effect, in the order of [`FaultPlan::lines`].
    pub fn fired(&self) -> Vec<u32> {
        self.state().troubles.fired()
    }

    /// Handles that this process has open.
    pub fn open_handles(&self) -> usize {
        let state = self.state();
        state
            .handles
            .values()
            .filter(|(owner, _)| *owner == self.id)
            .count()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A panic of the store under test must not take the disk with it.
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process is dead.
    pub fn is_fenced(&self) -> bool {
        self.fenced.load(Ordering::Relaxed)
    }

    /// The disk, for a write of so many bytes, and how many of them are written. Where that is depends on the end of the file for a write
    /// that appends.
    pub(super) fn writing(
        &self,
        len: usize,
        offset: impl FnOnce(&State) -> u64,
    ) -> Result<(MutexGuard<'_, State>, usize), Errno> {
        let share = self.last_write.load(Ordering::Relaxed);
        if share == 0 {
            return self.alive().map(|state| (state, len));
        }
        self.last_write.store(0, Ordering::Relaxed);
        let state = self.state();
        let offset = offset(&state);
        let ends = amid::ends(offset, len as u64);
        let place = (ends.len() * share as usize).div_ceil(SHARES as usize);
        match place.checked_sub(1).and_then(|place| ends.get(place)) {
            Some(end) => Ok((state, (end - offset) as usize)),
            None => Err(Errno::EIO),
        }
    }

    /// The disk, for an operation of a living process.
    pub(super) fn alive(&self) -> Result<MutexGuard<'_, State>, Errno> {
        (self.give_way)();
        if self.is_fenced() {
            return Err(Errno::EIO);
        }
        let state = self.state();
        if state.troubles.hung.is_some() {
            return Err(Errno::EIO);
        }
        Ok(state)
    }

    fn create_file(state: &mut State, path: &str, found: Place) -> Result<Ino, Errno> {
        state.take_inode()?;
        let ino = state.image.next_ino();
        state.commit(Entry {
            kind: OpKind::Open,
            path: Arc::from(path),
            second: None,
            range: None,
            changes: vec![
                MicroOp::Inode {
                    ino,
                    kind: InodeKind::File,
                },
                MicroOp::Name {
                    dir: found.dir,
                    name: found.name,
                    target: Some(ino),
                },
            ],
            sync: None,
            error: None,
        });
        Ok(ino)
    }

    fn open_file(&self, path: &Path, options: OpenOptions) -> Result<SimFile, Errno> {
        let mut state = self.alive()?;
        let path = text(path)?;
        let ino = state.perform(Request::new(OpKind::Open, path), |state, _| {
            if state.is_frozen && !options.is_read_only() {
                return Err(Errno::EROFS);
            }
            Self::find_or_create(state, path, options)
        })?;
        state.inspect(ino);
        let handle = state.next_handle;
        state.next_handle += 1;
        state.handles.insert(handle, (self.id, ino));
        state.errors.opened(handle, ino);
        Ok(SimFile::new(
            self.clone(),
            handle,
            ino,
            Arc::from(path),
            options,
        ))
    }

    /// The file that is opened, made or emptied as the options say.
    fn find_or_create(state: &mut State, path: &str, options: OpenOptions) -> Result<Ino, Errno> {
        if options.is_read_only()
            && (options.is_truncate() || options.creation() != Creation::Never)
        {
            return Err(Errno::EINVAL);
        }
        let ino = if options.creation() == Creation::Never {
            resolve(&state.image, path)?
        } else {
            let found = match options.creation() {
                Creation::New => place(&state.image, path),
                _ => followed(&state.image, path),
            };
            let found = found.map_err(busy_is_dir)?;
            match found.target {
                _ if is_dir_path(path) => return Err(Errno::EISDIR),
                Some(_) if options.creation() == Creation::New => return Err(Errno::EEXIST),
                Some(ino) => ino,
                None => Self::create_file(state, path, found)?,
            }
        };
        let Some(Node::File(content)) = state.image.node(ino) else {
            return Err(Errno::EISDIR);
        };
        if options.is_truncate() && !content.is_empty() {
            state.commit(Entry {
                kind: OpKind::SetLen,
                path: Arc::from(path),
                second: None,
                range: Some((0, 0)),
                changes: vec![
                    MicroOp::Zero { ino, from: 0 },
                    MicroOp::Size {
                        ino,
                        len: 0,
                        change: SizeChange::Set,
                    },
                ],
                sync: None,
                error: None,
            });
        }
        Ok(ino)
    }
}

impl FsOps for SimFs {
    fn open(&self, path: &Path, options: OpenOptions) -> io::Result<Box<dyn FsFile>> {
        Ok(Box::new(self.open_file(path, options)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Ok(self.rename_path(from, to)?)
    }

    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        Ok(self.link_path(original, link)?)
    }

    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        Ok(self.symlink_path(target, link)?)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(self.read_link_path(path)?)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        Ok(self.unlink_path(OpKind::Remove, path)?)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        Ok(self.mkdir(path)?)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        Ok(self.unlink_path(OpKind::RemoveDir, path)?)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        Ok(self.list(path)?)
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<Metadata>> {
        Ok(self.stat(path)?)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        Ok(self.fsync_dir(path)?)
    }
}
