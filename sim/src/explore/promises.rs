//! What the acknowledgements so far promise, per kind of crash.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::image::Ino;
use plimsoll_faults::log::{Scope, SyncEnd};
use plimsoll_reference::level::Level;

use super::history::{Event, Position, Step, What};
use crate::command::Command;

/// The promises in force at one moment of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Promises {
    power: Position,
    /// How far what was read reaches, in a store that promises power-safety and nothing less: also what no acknowledgement covers.
    served: Position,
    kill: Position,
    /// Acknowledgements with a window: when, how long, how far. A window that has passed is a promise for every kind of crash.
    windows: Vec<(Duration, Duration, Position)>,
    /// How far the last acknowledged snapshot reaches.
    snapshot: Option<Position>,
    /// How many snapshots were acknowledged.
    snapshots: u32,
    /// Up to where each acknowledged copy reaches.
    copies: BTreeMap<u8, Position>,
    /// When background work last had its turn: a window that ended since is not overdue yet.
    turn: Duration,
    /// When the step being performed was begun.
    begun: Duration,
    /// Where each open snapshot was cut.
    cuts: BTreeMap<u8, Position>,
    /// The weakest level at which a write was acknowledged.
    weakest: Option<Level>,
    /// What was to be made durable by syncs that succeeded falsely, and that nobody has learnt of yet. No store is to blame for
    /// what it acknowledges meanwhile, nor for what it gave up for it.
    ///
    /// With each sync: whether the data counts as written, so that only writing it anew would help.
    deceived: Vec<(Scope, bool)>,
    /// Syncs of files of which this life was told that they lack data that once counted as durable.
    told: Vec<Scope>,
    /// Whether there ever was such a sync: what it left behind may come to light late.
    deceived_once: bool,
    /// Whether this life was told that something it had written is gone from the cache of the operating system as well.
    has_lost: bool,
    /// Whether a server has thrown the client out in this life: what no sync had covered is gone.
    is_evicted: bool,
    /// Whether such a sync has succeeded falsely, and nothing was acknowledged anew since it is made up for or known.
    void: bool,
    /// The step being performed, or the last one.
    pub(super) current: Position,
    /// Whether `current` has ended.
    pub(super) ended: bool,
    pub(super) now: Duration,
}

impl Promises {
    /// Takes note of an event. Returns whether a promise was added.
    pub(super) fn observe(&mut self, event: &Event, step: Option<&Step>) -> bool {
        let command = match step {
            Some(Step::Command(command)) => Some(command),
            Some(Step::Open | Step::Read) | None => None,
        };
        self.now = event.now;
        self.current = event.step;
        match &event.what {
            What::Invoked => {
                self.ended = false;
                self.begun = event.now;
                if let Some(Command::SnapshotBegin(slot)) = command {
                    self.cuts.insert(*slot, event.step - 1);
                }
                false
            }
            What::Acked(level) => {
                self.ended = true;
                self.acked(event.step, *level, command);
                match command {
                    // It looked at the clock no earlier than it was begun, and may have been slow since.
                    Some(Command::Tick | Command::Advance(_)) => self.turn = self.begun,
                    // Closing ends every window.
                    Some(Command::Reopen) if matches!(level, Level::Window(_)) => {
                        self.turn = self.now;
                    }
                    _ => {}
                }
                true
            }
            What::Failed(..) => {
                self.ended = true;
                false
            }
            What::Opened(shown) => {
                self.ended = true;
                self.has_lost = false;
                self.is_evicted = false;
                self.forget_told();
                // What a store that promises power-safety shows after a restart, it must not take back.
                if self.is_power_safe() && !self.is_deceived() {
                    self.served = self.served.max(event.step);
                    self.void = false;
                }
                self.kill = self.kill.min(shown.last);
                self.power = self.power.min(shown.last);
                self.windows
                    .retain(|&(_, _, position)| position <= shown.last);
                self.cuts.clear();
                true
            }
            What::Read => {
                self.ended = true;
                let counts = self.holds_to_reads();
                if counts {
                    self.served = self.served.max(event.step);
                }
                counts
            }
            What::OpenFailed(_) => {
                self.forget_told();
                false
            }
        }
    }

    /// Takes note of how a sync ended, and of whether processes see something else since.
    pub(super) fn synced(&mut self, scope: Scope, end: SyncEnd, has_changed: bool) {
        let inode = scope.inode();
        if end == SyncEnd::Reverted && has_changed {
            // The operating system has dropped what it had taken, and has said so. What was promised for a power loss it could not
            // drop, if that was true.
            self.has_lost = true;
            self.kill = self.kill.min(if self.void { 0 } else { self.power });
        }
        match end {
            SyncEnd::Lied => self.deceive(scope, false),
            SyncEnd::Hidden => self.deceive(scope, true),
            // It was written after all.
            _ if end.is_done() => {
                self.deceived
                    .retain(|&(other, hidden)| hidden || !makes_up_for(scope, other));
            }
            // The store was told.
            _ if end.is_reported() => {
                self.deceived.retain(|&(other, hidden)| {
                    let is_about_it = other.inode() == inode;
                    if is_about_it && hidden {
                        self.told.push(other);
                    }
                    !is_about_it
                });
            }
            _ => {}
        }
    }

    /// A sync has succeeded falsely. What was promised so far stays promised; windows that are still open promise nothing any more,
    /// as it may have been for them.
    fn deceive(&mut self, scope: Scope, hidden: bool) {
        self.deceived.push((scope, hidden));
        self.deceived_once = true;
        self.void = true;
        let turn = self.turn;
        self.windows
            .retain(|&(when, window, _)| when + window <= turn);
    }

    /// What was durable when a sync succeeded falsely is so no longer, and the store had reason to think that it need not be.
    pub(super) fn give_up(&mut self) {
        self.power = 0;
        self.served = 0;
        self.snapshot = None;
        self.snapshots = 0;
        self.copies.clear();
        self.windows.clear();
    }

    /// A server has thrown the client out, and what no sync had covered is gone. The store learns that from a later sync, or never: what it
    /// promises for a kill binds nobody until a new life has shown what is left.
    pub(super) fn evicted(&mut self) {
        self.is_evicted = true;
        self.kill = self.kill.min(if self.void { 0 } else { self.power });
    }

    /// Whether a clean close that was acknowledged at this level keeps everything.
    pub(super) fn binds(&self, level: Level) -> bool {
        level == Level::Power || level > Level::Memory && !self.is_evicted
    }

    /// Whether this life was told that something it had written is gone, so that an acknowledgement since then is not true of it.
    pub(super) const fn was_told_of_loss(&self) -> bool {
        self.has_lost
    }

    /// Forgets the lies about files and directories that no crash can bring back: what was to be in them cannot be asked for.
    pub(super) fn forget_lies(&mut self, may_be_there: impl Fn(Ino) -> bool) {
        self.deceived
            .retain(|&(scope, _)| may_be_there(scope.inode()));
    }

    /// A new life begins, which cannot know what an earlier one was told of data that once counted as durable.
    fn forget_told(&mut self) {
        for scope in std::mem::take(&mut self.told) {
            self.deceive(scope, true);
        }
    }

    /// Whether a sync has succeeded falsely and nobody has learnt of it yet.
    fn is_deceived(&self) -> bool {
        !self.deceived.is_empty()
    }

    /// Whether a sync has ever succeeded falsely.
    pub(super) const fn was_deceived(&self) -> bool {
        self.deceived_once
    }

    /// Whether a sync has succeeded falsely and nothing was acknowledged since anybody could know: no store is to blame then when a
    /// power loss takes what was written since.
    pub(super) const fn is_void(&self) -> bool {
        self.void
    }

    fn acked(&mut self, position: Position, level: Level, command: Option<&Command>) {
        if let Some(place) = command.and_then(Command::copies_to) {
            // The promise is about the copy. What the store holds is held as it was.
            if level == Level::Power && !self.is_deceived() {
                self.copies.insert(place, position - 1);
            }
            return;
        }
        let covered = match command {
            Some(Command::SnapshotFinish(slot)) => self.cuts.get(slot).copied().unwrap_or(position),
            _ => position,
        };
        if matches!(
            command,
            Some(Command::Write(_) | Command::Batch(_) | Command::Together(_))
        ) {
            self.weakest = Some(self.weakest.map_or(level, |weakest| weakest.min(level)));
        }
        match level {
            Level::Memory => {}
            Level::Power if self.is_deceived() => self.kill = self.kill.max(covered),
            Level::Window(_) if self.is_deceived() => {}
            Level::Window(window) => self.windows.push((self.now, window, covered)),
            Level::Process if self.is_evicted => {}
            Level::Process => self.kill = self.kill.max(covered),
            Level::Power => {
                self.void = false;
                self.kill = self.kill.max(covered);
                self.power = self.power.max(covered);
                if matches!(
                    command,
                    Some(Command::Snapshot | Command::SnapshotFinish(_))
                ) {
                    // One that is older than the one in place is no further one.
                    if self.snapshot.is_none_or(|newest| newest <= covered) {
                        self.snapshots = self.snapshots.saturating_add(1);
                    }
                    self.snapshot = Some(self.snapshot.unwrap_or(0).max(covered));
                }
            }
        }
        self.settle();
    }

    /// Keeps of the windows only those that can still matter.
    fn settle(&mut self) {
        let power = self.power;
        self.windows.retain(|&(_, _, position)| position > power);
    }

    /// Whether what a read shows must stay: every write was promised to survive a power loss, and no false success of a sync has led
    /// astray.
    pub(super) fn holds_to_reads(&self) -> bool {
        self.is_power_safe() && !self.is_deceived() && !self.void
    }

    /// The commands that must be there after this kind of crash now: all up to this one.
    pub(super) fn floor(&self, kind: CrashKind) -> Position {
        self.acked_floor(kind).max(self.served)
    }

    /// Whether a store that is back at `position` has lost what was read, and nothing that was acknowledged.
    pub(super) fn is_only_read(&self, kind: CrashKind, position: Position) -> bool {
        (self.acked_floor(kind)..self.floor(kind)).contains(&position)
    }

    /// The commands of which an acknowledgement says that they are there after this kind of crash: all up to this one.
    pub(super) fn acked_floor(&self, kind: CrashKind) -> Position {
        let kept = match kind {
            CrashKind::ProcessKill => self.kill,
            _ => self.power,
        };
        self.windows
            .iter()
            .filter(|(when, window, _)| *when + *window <= self.turn)
            .map(|&(_, _, position)| position)
            .fold(kept, Position::max)
    }

    /// How far the canonical snapshot must reach, once one was acknowledged.
    pub(super) const fn snapshot_floor(&self) -> Option<Position> {
        self.snapshot
    }

    /// How many snapshots must be there, when this many are kept. In the middle of a step it may be one less: the oldest goes when a
    /// newer one has come.
    pub(super) fn snapshots_floor(&self, kept: u32) -> u32 {
        let due = self.snapshots.min(kept);
        due.saturating_sub(u32::from(!self.ended))
    }

    /// How far the copy in a place must reach, once one was acknowledged.
    pub(super) fn copy_floor(&self, place: u8) -> Option<Position> {
        self.copies.get(&place).copied()
    }

    /// How far the copies reach that were acknowledged, by place.
    pub(super) fn copy_floors(&self) -> Vec<(u8, Position)> {
        let copies = self.copies.iter();
        copies.map(|(&place, &floor)| (place, floor)).collect()
    }

    /// Whether everything acknowledged was promised to survive a power loss.
    pub(super) fn is_power_safe(&self) -> bool {
        self.weakest == Some(Level::Power)
    }

    /// Whether the loss of `position` breaks the promise of a window rather than that of an acknowledgement without one.
    pub(super) fn is_window(&self, kind: CrashKind, found: Position) -> bool {
        let plain = match kind {
            CrashKind::ProcessKill => self.kill,
            _ => self.power,
        };
        found >= plain
    }
}

/// Whether a sync makes durable what an earlier one has not. An `fdatasync` may leave out what an `fsync` has to commit.
fn makes_up_for(sync: Scope, earlier: Scope) -> bool {
    let is_less = matches!((sync, earlier), (Scope::FileData(_), Scope::File(_)));
    sync.inode() == earlier.inode() && !is_less
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::history::Shown;

    const LOG: Scope = Scope::FileData(Ino(5));

    /// Promises after these commands, each acknowledged at this level.
    fn acked(levels: &[Level]) -> Promises {
        let mut promises = Promises::default();
        for &level in levels {
            ack(&mut promises, level);
        }
        promises
    }

    fn ack(promises: &mut Promises, level: Level) {
        let event = Event {
            at: 0,
            step: promises.current + 1,
            now: Duration::ZERO,
            what: What::Acked(level),
        };
        let command = "put a 1".parse().expect("a command");
        promises.observe(&event, Some(&Step::Command(command)));
    }

    fn floors(promises: &Promises) -> (Position, Position) {
        let floor = |kind| promises.floor(kind);
        (floor(CrashKind::ProcessKill), floor(CrashKind::PowerLoss))
    }

    #[test]
    fn a_sync_that_lied_takes_back_nothing_and_adds_nothing() {
        let mut promises = acked(&[Level::Power]);
        promises.synced(LOG, SyncEnd::Lied, false);
        assert!(promises.is_void());
        ack(&mut promises, Level::Power);
        assert_eq!(floors(&promises), (2, 1));
        promises.synced(LOG, SyncEnd::Done, false);
        assert!(promises.is_void(), "nothing was acknowledged since");
        ack(&mut promises, Level::Power);
        assert_eq!(floors(&promises), (3, 3));
        assert!(!promises.is_void());
    }

    #[test]
    fn a_lie_about_a_file_that_is_gone_excuses_nothing_more() {
        let mut promises = acked(&[Level::Power]);
        promises.synced(LOG, SyncEnd::Lied, false);
        promises.give_up();
        promises.forget_lies(|_| true);
        ack(&mut promises, Level::Power);
        assert_eq!(floors(&promises), (2, 0));
        promises.forget_lies(|ino| ino != Ino(5));
        assert!(promises.is_void());
        ack(&mut promises, Level::Power);
        assert_eq!(floors(&promises), (3, 3));
    }

    #[test]
    fn a_failed_sync_lowers_what_survives_a_kill_only_where_it_took_something_back() {
        for (has_changed, kept) in [(false, 2), (true, 1)] {
            let mut promises = acked(&[Level::Power, Level::Process]);
            promises.synced(LOG, SyncEnd::Reverted, has_changed);
            assert_eq!(floors(&promises), (kept, 1), "{has_changed}");
            assert_eq!(promises.was_told_of_loss(), has_changed);
        }
    }

    #[test]
    fn an_eviction_takes_what_was_promised_for_a_kill_only_until_a_new_life_shows_what_is_left() {
        let mut promises = acked(&[Level::Power, Level::Process]);
        promises.evicted();
        assert_eq!(floors(&promises), (1, 1));
        ack(&mut promises, Level::Process);
        assert_eq!(floors(&promises), (1, 1));
        assert!(!promises.binds(Level::Process));
        assert!(promises.binds(Level::Power));
        ack(&mut promises, Level::Power);
        assert_eq!(floors(&promises), (4, 4));
        let shown = Event {
            at: 0,
            step: 5,
            now: Duration::ZERO,
            what: What::Opened(Shown { first: 4, last: 4 }),
        };
        promises.observe(&shown, Some(&Step::Open));
        ack(&mut promises, Level::Process);
        assert_eq!(floors(&promises).0, 6);
    }
}
