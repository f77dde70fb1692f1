//! A disk that is full, at every byte of the run.
//!
//! On a disk of `n` bytes a run goes as on an endless one until a write does not fit. So each `n` below what an endless disk would have to
//! hold is a run of its own, at first sight; but the disk says of how many other sizes each of its answers would have been the same, and
//! those are not run again. Every size is covered in this way, and held to what can be seen without a crash: how the commands ended, what the
//! store shows while the disk is full and when it is opened again, with a torn tail of each length behind it.
//!
//! Runs on neighbouring sizes mostly go alike, but for the length of one torn write. Of such a series the first and the last are crashed
//! everywhere, and evenly spread ones besides.
//!
//! **Not modelled**: a limit that changes during a run; limits on the number of files.

use plimsoll_faults::plan::{FaultPlan, Space};

use super::goal::Goal;
use super::history::What;
use super::lab::Lab;
use super::recording::{Recording, record};
use super::run::Exploration;
use crate::case::Case;
use crate::fingerprint::{Fingerprint, Fingerprinter};

/// Sizes that are run, if there are so many of which each may give another run; beyond, evenly spread ones.
const RUNS_MAX: u64 = 1 << 17;

/// Runs that are crashed only for being spread evenly.
const SPREAD: u64 = 256;

/// Runs that are crashed for being the first or the last of those that go alike.
const EDGES_MAX: u64 = 1 << 10;

/// A run on a full disk that was not crashed so far.
struct Waiting {
    plan: FaultPlan,
    recording: Recording,
}

/// What is done to a case on a full disk.
struct Filling<'a, 'b, 'c> {
    case: &'a Case,
    goal: Goal,
    lab: &'a mut Lab<'b>,
    exploration: &'a mut Exploration,
    prints: &'c mut Fingerprinter,
    /// How many more runs are crashed for being at an edge.
    edges: u64,
}

/// Runs a case on a disk of every size that is too small for it.
pub(super) fn fill(
    case: &Case,
    goal: Goal,
    lab: &mut Lab<'_>,
    exploration: &mut Exploration,
    prints: &mut Fingerprinter,
) {
    if goal.is_reached(&exploration.found) {
        return;
    }
    // The least disk on which an endless one is not missed.
    let enough = *record(case, &limited(&case.plan, u64::MAX))
        .alike_spaces
        .start();
    exploration.counters.full_disks.sizes += enough;
    let filling = Filling {
        case,
        goal,
        lab,
        exploration,
        prints,
        edges: EDGES_MAX,
    };
    filling.all(enough);
}

/// The plan in which files may hold so many bytes.
fn limited(plan: &FaultPlan, bytes: u64) -> FaultPlan {
    let mut plan = plan.clone();
    plan.spaces.insert(0, Space::of(bytes));
    plan
}

impl Filling<'_, '_, '_> {
    fn all(mut self, enough: u64) {
        // Where only some of the runs of a sweep are made, these are as far apart.
        let one_in = u64::from(self.case.limits.sweep_one_in.max(1));
        let step = enough.div_ceil(RUNS_MAX).max(one_in);
        let spread = enough.div_ceil(SPREAD).max(1).saturating_mul(one_in);
        let mut last: Option<(Fingerprint, Option<Waiting>)> = None;
        let mut size = 0;
        let mut known = 0;
        while size < enough && !self.is_over() {
            let plan = limited(&self.case.plan, size);
            let recording = record(self.case, &plan);
            self.exploration
                .live(self.case, &plan, &recording, self.prints);
            let alike = recording.alike_spaces.clone();
            debug_assert!(alike.contains(&size), "a limit is like itself");
            let end = (*alike.end()).clamp(size, enough - 1);
            let counters = &mut self.exploration.counters.full_disks;
            counters.runs += 1;
            counters.known += end + 1 - known.max(*alike.start());
            known = end + 1;
            let shape = shape(&recording);
            let is_spread = size.next_multiple_of(spread) <= end;
            let waiting = Waiting { plan, recording };
            let waiting = match last.take() {
                Some((before, _)) if before == shape && !is_spread => Some(waiting),
                Some((before, _)) if before == shape => self.crash(waiting),
                before => {
                    // Another series: the last run of the one before and the first of this.
                    self.edge(before.and_then(|(_, waiting)| waiting));
                    if is_spread {
                        self.crash(waiting)
                    } else {
                        self.edge(Some(waiting))
                    }
                }
            };
            last = Some((shape, waiting));
            size = known.next_multiple_of(step);
        }
        self.edge(last.and_then(|(_, waiting)| waiting));
    }

    fn is_over(&self) -> bool {
        self.exploration.over_limit.is_some() || self.goal.is_reached(&self.exploration.found)
    }

    /// Crashes a run that is the first or the last of a series, as long as there are not too many of them.
    fn edge(&mut self, run: Option<Waiting>) -> Option<Waiting> {
        let run = run?;
        if self.edges == 0 {
            return None;
        }
        self.edges -= 1;
        self.crash(run)
    }

    /// Crashes a run everywhere; it waits no longer then.
    fn crash(&mut self, run: Waiting) -> Option<Waiting> {
        if !self.is_over() {
            let Waiting { plan, recording } = run;
            self.exploration.crash(
                self.case,
                self.goal,
                &plan,
                &recording,
                self.lab,
                self.prints,
            );
            self.exploration.counters.full_disks.crashed += 1;
        }
        None
    }
}

/// Everything about a run but how many bytes were read and written, and which: equal where only the length of what did not fit differs.
fn shape(recording: &Recording) -> Fingerprint {
    let mut prints = Fingerprinter::default();
    for entry in &recording.log {
        prints.bytes(entry.kind.name().as_bytes());
        prints.bytes(entry.path.as_bytes());
        prints.bytes(entry.second.as_deref().unwrap_or("").as_bytes());
        prints.number(entry.error.map_or(0, |errno| errno.code() as u64));
        prints.number(u64::from(entry.sync.is_some()));
    }
    for event in &recording.events {
        prints.number(event.at as u64);
        prints.number(u64::from(event.step));
        // Without the text of an error, which may name a number of bytes.
        match &event.what {
            What::Failed(outcome, _) => prints.bytes(format!("{outcome:?}").as_bytes()),
            What::OpenFailed(_) => prints.bytes(b"not open"),
            other => prints.bytes(format!("{other:?}").as_bytes()),
        }
    }
    prints.finish()
}
