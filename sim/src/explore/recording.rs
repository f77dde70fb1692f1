//! One run of a workload on a recording disk.

mod another;
mod answers;
mod reading;
mod space;

use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_faults::image::Image;
use plimsoll_faults::log::Entry;
use plimsoll_faults::plan::{FaultPlan, Phase};
use plimsoll_reference::clock::Clock;
use plimsoll_reference::host::Host;
use plimsoll_reference::level::Level;

use super::dump::{Dump, dump, panic_text};
use super::history::{Event, Position, Shown, Step, What};
use super::judge::{Expected, classify};
use super::model::{Fate, Model};
use super::promises::Promises;
use super::state::State;
use crate::beside::give_way;
use crate::case::Case;
use crate::command::Command;
use crate::oracle::Oracle;
use crate::sut::{Instance, Outcome, Sut};

/// Operations after which a run is ended: a store that loops on errors must not hang the harness.
const OPERATIONS_MAX: u64 = 20_000_000;

/// Restarts that the harness adds when a store cannot be opened.
const RESTARTS_MAX: u32 = 8;

/// What a run did, and what it must have left.
#[derive(Clone)]
pub(super) struct Recording {
    /// The steps as they were performed; step `n` is at index `n - 1`.
    pub(super) steps: Vec<Step>,
    pub(super) log: Vec<Entry>,
    pub(super) events: Vec<Event>,
    pub(super) model: Model,
    /// What the closed store left on the disk.
    pub(super) image: Image,
    /// What did not hold in the run itself, without a crash: oracle, expected, found.
    pub(super) finding: Option<Finding>,
    /// What failed first although nothing had gone wrong; the run goes on behind it.
    pub(super) failed_for_nothing: Option<Finding>,
    /// How often each fault of the plan took effect.
    pub(super) fired: Vec<u32>,
    /// Operations asked of the disk.
    pub(super) operations: u64,
    /// Whether the run was cut off by a limit.
    pub(super) exhausted: bool,
    /// The operation in which the store hangs at the end.
    pub(super) hung: Option<String>,
    /// Entries in the log when a fault first damaged bytes.
    pub(super) damaged_at: Option<usize>,
    /// The limits on bytes under which the same run would have come about.
    pub(super) alike_spaces: RangeInclusive<u64>,
}

impl Recording {
    /// What did not hold in the run itself.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.finding.iter().chain(&self.failed_for_nothing)
    }
}

/// A violation seen in the run itself.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) oracle: Oracle,
    pub(super) step: Position,
    pub(super) crash: String,
    pub(super) expected: String,
    pub(super) found: String,
}

/// Performs the workload of a case under a plan, and closes the store at its end.
pub(super) fn record(case: &Case, plan: &FaultPlan) -> Recording {
    let disk = SimFs::new(Image::new()).giving_way(give_way);
    let clock = SimClock::default();
    let profile = &case.disk.profile;
    disk.set_clock(clock.clone());
    disk.set_seeded_plan(plan, case.seed);
    profile.behave(&disk);
    disk.set_phase(Phase::Open);
    disk.limit_operations(OPERATIONS_MAX);
    let mut recorder = Recorder {
        sut: &*case.sut,
        process: disk.clone(),
        disk,
        clock,
        instance: None,
        others: Vec::new(),
        has_cuts: false,
        steps: Vec::new(),
        events: Vec::new(),
        model: Model::new(),
        promises: Promises::default(),
        finding: None,
        failed_for_nothing: None,
        restarts: 0,
        looked_at: 0,
        has_faults: !plan.is_empty(),
        only_space: plan.faults.is_empty() && plan.writebacks.is_empty() && !plan.spaces.is_empty(),
        hung: None,
    };
    recorder.open();
    for command in &case.workload {
        if recorder.finding.is_some() || recorder.model.overflowed {
            break;
        }
        recorder.perform(command);
    }
    if recorder.finding.is_none() && !recorder.model.overflowed {
        recorder.free_space();
        recorder.perform(&Command::Reopen);
        recorder.use_space();
    }
    recorder.process.fence();
    Recording {
        hung: recorder.hung,
        damaged_at: recorder.disk.damaged_at(),
        alike_spaces: recorder.disk.alike_spaces(),
        image: recorder.disk.image(),
        log: recorder.disk.take_log(),
        fired: recorder.disk.fired(),
        operations: recorder.disk.operations(),
        exhausted: recorder.disk.is_exhausted() || recorder.model.overflowed,
        steps: recorder.steps,
        events: recorder.events,
        model: recorder.model,
        finding: recorder.finding,
        failed_for_nothing: recorder.failed_for_nothing,
    }
}

struct Recorder<'a> {
    sut: &'a dyn Sut,
    disk: SimFs,
    process: SimFs,
    clock: SimClock,
    instance: Option<Box<dyn Instance>>,
    /// Further handles on the store in the same process.
    others: Vec<Box<dyn Instance>>,
    /// Whether a snapshot was begun since the last restart, and may be under way.
    has_cuts: bool,
    steps: Vec<Step>,
    events: Vec<Event>,
    model: Model,
    promises: Promises,
    finding: Option<Finding>,
    failed_for_nothing: Option<Finding>,
    restarts: u32,
    /// Entries of the log of which the promises know.
    looked_at: usize,
    has_faults: bool,
    /// Whether nothing goes wrong but that space runs out.
    only_space: bool,
    /// The operation in which the store hung when it was last opened.
    hung: Option<String>,
}

impl Recorder<'_> {
    fn event(&mut self, what: What) {
        self.look_at_syncs();
        let event = Event {
            at: self.disk.log_len(),
            step: self.steps.len() as Position,
            now: self.clock.now(),
            what,
        };
        self.promises.observe(&event, self.steps.last());
        self.events.push(event);
    }

    /// Takes note of how the syncs ended that came since it last did.
    fn look_at_syncs(&mut self) {
        if self.disk.was_evicted(self.looked_at) {
            self.promises.evicted();
        }
        for (scope, end, has_changed) in self.disk.sync_ends(self.looked_at) {
            self.promises.synced(scope, end, has_changed);
        }
        self.looked_at = self.disk.log_len();
    }

    /// The commands that must be there after the end of the process.
    fn kept(&mut self) -> Position {
        self.look_at_syncs();
        self.promises.floor(CrashKind::ProcessKill)
    }

    fn find(&mut self, oracle: Oracle, crash: &str, expected: String, found: String) {
        if self.finding.is_none() {
            self.finding = Some(self.seen(oracle, crash, expected, found));
        }
    }

    fn seen(&self, oracle: Oracle, crash: &str, expected: String, found: String) -> Finding {
        Finding {
            oracle,
            step: self.steps.len() as Position,
            crash: crash.to_owned(),
            expected,
            found,
        }
    }

    fn host(&self) -> Host {
        Host::new(Arc::new(self.process.clone()), Arc::new(self.clock.clone()))
    }

    /// Opens the store in the current process. Returns whether it is open.
    fn open(&mut self) -> bool {
        let host = self.host();
        let opened = catch_unwind(AssertUnwindSafe(|| self.sut.open(&host)));
        self.disk.set_phase(Phase::Steady);
        self.hung = self.disk.hung();
        if let Some(operation) = self.hung.clone() {
            // Whatever came after the operation that never returned has not happened.
            self.end_process();
            let _ = catch_unwind(AssertUnwindSafe(|| drop(opened)));
            self.open_failed(format!("hung in `{operation}`"));
            return false;
        }
        match opened {
            Ok(Ok(instance)) => {
                self.instance = Some(instance);
                true
            }
            Ok(Err(error)) => {
                self.open_failed(error.message);
                false
            }
            Err(panic) => {
                let text = panic_text(&*panic);
                if self.disk.damaged_at().is_some() {
                    let expected = "a typed error, or a state of the store".to_owned();
                    self.find(Oracle::R5, "no crash", expected, text.clone());
                }
                self.open_failed(text);
                false
            }
        }
    }

    fn open_failed(&mut self, message: String) {
        // Where errors are injected a store may refuse to open; once they have passed it must open again.
        if !self.has_faults {
            self.find(
                Oracle::R3,
                "no crash",
                "the store opens".to_owned(),
                message.clone(),
            );
        }
        self.event(What::OpenFailed(message));
    }

    /// Performs one command, after a restart where the store is not open.
    fn perform(&mut self, command: &Command) {
        if self.instance.is_none() && !matches!(command, Command::Reopen | Command::Kill) {
            if self.restarts == RESTARTS_MAX {
                return;
            }
            self.restarts += 1;
            self.kill();
            if self.instance.is_none() {
                return;
            }
        }
        if let Command::Advance(time) = command {
            self.clock.advance(*time);
        }
        let step = Step::Command(command.clone());
        self.begin(step.clone());
        match command {
            Command::Reopen => self.reopen(&step),
            Command::Kill => {
                self.model.push(&step, Fate::Applied);
                self.kill();
            }
            Command::OpenAnother => self.open_another(&step),
            _ => self.apply(&step, command),
        }
    }

    fn begin(&mut self, step: Step) {
        self.steps.push(step);
        self.event(What::Invoked);
    }

    fn apply(&mut self, step: &Step, command: &Command) {
        let Some(instance) = &mut self.instance else {
            return;
        };
        self.disk.set_phase(match command {
            Command::Snapshot
            | Command::SnapshotBegin(_)
            | Command::SnapshotPlace(_)
            | Command::SnapshotFinish(_) => Phase::Snapshot,
            Command::Checkpoint
            | Command::Compact
            | Command::CompactTo(_)
            | Command::Export(_)
            | Command::Restore(_)
            | Command::Tick
            | Command::Advance(_) => Phase::Compaction,
            _ => Phase::Steady,
        });
        let begun = self.clock.now();
        let result = catch_unwind(AssertUnwindSafe(|| instance.apply(command)));
        if let Some(operation) = self.disk.hung() {
            self.end_process();
            self.model.push(step, Fate::Unknown);
            let text = format!("hung in `{operation}`");
            self.event(What::Failed(Outcome::Unknown, text));
            return;
        }
        let (fate, what) = match result {
            Ok(Ok(ack)) => (Fate::Applied, What::Acked(ack.level)),
            Ok(Err(error)) => {
                let fate = match error.outcome {
                    Outcome::Absent | Outcome::Unsupported => Fate::Absent,
                    Outcome::Unknown => Fate::Unknown,
                };
                (fate, What::Failed(error.outcome, error.message))
            }
            Err(panic) => {
                // A panic ends the process; what it was doing may have taken effect.
                let text = panic_text(&*panic);
                if !self.has_faults {
                    self.find(
                        Oracle::R3,
                        "no crash",
                        format!("`{command}` does not panic"),
                        text.clone(),
                    );
                }
                self.end_process();
                (Fate::Unknown, What::Failed(Outcome::Unknown, text))
            }
        };
        self.model.push(step, fate);
        self.hold_to_time(command, begun);
        let failed = matches!(&what, What::Failed(outcome, _) if *outcome != Outcome::Unsupported);
        if let What::Failed(outcome, message) = &what
            && failed
            && !answers::may_refuse(command, *outcome)
        {
            self.hold_to_success(command, message.clone());
        }
        if matches!(
            command,
            Command::SnapshotBegin(_) | Command::SnapshotPlace(_)
        ) {
            self.has_cuts = true;
        }
        self.event(what);
        if failed && !self.model.overflowed {
            if self.only_space {
                self.read_when_full();
            } else {
                self.read_after_failure();
            }
        }
    }

    /// Ends the process as its death does: nothing it still does has any effect.
    fn end_process(&mut self) {
        self.process.fence();
        let instance = self.instance.take();
        // A destructor that panics on a dead disk says nothing about the store.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(instance)));
        self.drop_others();
    }

    fn kill(&mut self) {
        self.end_process();
        self.process = self.disk.process();
        let floor = self.kept();
        self.restart(floor, "process kill");
    }

    fn reopen(&mut self, step: &Step) {
        self.model.push(step, Fate::Applied);
        let Some(instance) = self.instance.take() else {
            return self.kill();
        };
        self.disk.set_phase(Phase::Close);
        self.drop_others();
        let closed = catch_unwind(AssertUnwindSafe(|| instance.close()));
        let mut floor = self.kept();
        if let Some(operation) = self.disk.hung() {
            let text = format!("hung in `{operation}`");
            self.event(What::Failed(Outcome::Unknown, text));
            self.end_process();
            self.process = self.disk.process();
            return self.restart(floor, "process kill");
        }
        match closed {
            Ok(Ok(ack)) => {
                if self.promises.binds(ack.level) {
                    // A clean close keeps everything (level table, column "clean close").
                    floor = self.steps.len() as Position;
                }
                let level = match ack.level {
                    // A window ends with the close: what it promised is due now.
                    Level::Window(_) => Level::Window(Duration::ZERO),
                    level => level,
                };
                self.event(What::Acked(level));
                let handles = self.process.open_handles();
                if handles > 0 {
                    self.find(
                        Oracle::L1,
                        "clean close",
                        "no open handle".to_owned(),
                        format!("{handles} open handles"),
                    );
                }
            }
            Ok(Err(error)) => {
                self.hold_to_success(&Command::Reopen, error.message.clone());
                self.event(What::Failed(error.outcome, error.message));
            }
            Err(panic) => {
                let text = panic_text(&*panic);
                if !self.has_faults {
                    let expected = "closing does not panic".to_owned();
                    self.find(Oracle::R3, "no crash", expected, text.clone());
                }
                self.event(What::Failed(Outcome::Unknown, text));
            }
        }
        self.process.fence();
        self.process = self.disk.process();
        self.restart(floor, "clean close");
    }

    /// Opens the store in a new process and holds what it shows to the history.
    fn restart(&mut self, floor: Position, crash: &str) {
        self.has_cuts = false;
        let last = self.steps.len() as Position;
        self.begin(Step::Open);
        self.disk.set_phase(Phase::Recovery);
        let opened = self.open();
        // No store can be held to bytes that the disk has spoilt; what it shows must be a state that it was in all the same.
        let floor = if self.disk.damaged_at().is_some() {
            0
        } else {
            floor
        };
        let shown = if opened {
            self.show(floor, last, crash)
        } else {
            None
        };
        match shown {
            Some((state, shown)) => {
                self.model.reopen(state, shown);
                self.event(What::Opened(shown));
            }
            None => self.model.push(&Step::Open, Fate::Applied),
        }
    }

    /// What the open store shows, where the history allows it.
    fn show(&mut self, floor: Position, last: Position, crash: &str) -> Option<(State, Shown)> {
        let state = match dump(&mut **self.instance.as_mut()?) {
            Dump::State(state) => state,
            Dump::Failed(message) => {
                if !self.has_faults {
                    self.find(
                        Oracle::R3,
                        crash,
                        "the store can be read".to_owned(),
                        message,
                    );
                }
                self.end_process();
                return None;
            }
        };
        let shown = if self.disk.damaged_at().is_some() {
            self.model.find_any(state.hash(), last)
        } else {
            self.model.find(state.hash(), floor, last, true)
        };
        if shown.is_none() {
            let reason = classify(
                &self.model,
                &self.steps[..last as usize],
                &state,
                &Expected {
                    floor,
                    current: last,
                    kind: CrashKind::ProcessKill,
                    promises: &self.promises,
                    sync_failed: false,
                },
            );
            self.find(reason.oracle, crash, reason.expected, reason.found);
        }
        shown.map(|shown| (state, shown))
    }
}
