//! Every crash of a world: at each position of its op logs the power is lost and the processes die, in each way that the disk allows. They
//! die within writes, too.
//!
//! A world loses its power where its seed says, and goes on from one state. What it would have left had it been elsewhere is in its op
//! log: a [frontier](Frontier) goes through that log once, and what a reader finds in each legal state is held to what had been asked,
//! answered and said when the log had come there. Images are read once, whoever asks.
//!
//! A sample of the images is not only read: the system is started on them, and crashed again while it starts ([`start`]).
//!
//! **Not covered**: starts on all other images, beyond what [`System::inspect`](super::system::System::inspect) does; crashes of a start
//! that follows the crash of a start.

mod crash_point;
mod cut;
mod era;
mod looker;
mod start;

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_faults::crash::{CrashKind, CrashState, Frontier};
use plimsoll_faults::rng::Rng;

pub use self::crash_point::{CrashPoint, Then};
use self::cut::Instant;
use self::era::{EraLives, Lived, Standing};
pub use self::looker::Images;
use self::looker::{Looker, Starts};
use self::start::Started;
use super::disturbance::disturbed;
use super::history::{Found, Life, Moment};
use super::judge::{Disturbed, Finding, judge_left, stood_still};
use super::log::before_step;
use super::promise::Promise;
use super::run::{Ground, Outcome};
use super::script::Script;
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::oracle::Oracle;
use crate::world::{Era, Victim, kinds, samples};

/// States of one world after which only every second position of its op logs is a crash point; after as many more every fourth, and so on.
/// A store that tries something again and again for hours, with more and more that is not on the disk, leaves millions.
const STATES_DENSE: u64 = 100_000;

/// What does not hold after a crash that did not happen in its world, but could have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Which life it would have ended.
    pub life: usize,
    /// What does not hold.
    pub finding: Finding,
    /// The crash.
    pub crash: CrashPoint,
}

/// What came of a sweep.
#[derive(Debug, Default)]
pub struct Sweep {
    /// Positions of op logs at which it crashed.
    pub crash_points: u64,
    /// States that were left there.
    pub states: u64,
    /// Of them, those whose image was read; the others had been read before.
    pub images: u64,
    /// Images that the system was started on.
    pub starts: u64,
    /// States that crashes during these starts left.
    pub start_states: u64,
    /// Whether a limit ended one of these starts.
    pub is_limited: bool,
    /// Positions that were left out because there were too many states.
    pub left_out: u64,
    /// The first violation of each oracle.
    pub findings: BTreeMap<Oracle, Swept>,
    /// Hash over all states.
    pub fingerprint: Fingerprint,
}

/// Crashes a world that was run at every position of its op logs, and starts the system on some of what is left.
pub fn sweep(ground: &Ground, script: &Script, outcome: &Outcome, images: &mut Images) -> Sweep {
    crash_everywhere(ground, script, outcome, images, Starts::Some)
}

fn crash_everywhere(
    ground: &Ground,
    script: &Script,
    outcome: &Outcome,
    images: &mut Images,
    starts: Starts,
) -> Sweep {
    let promise = ground.system.promise();
    let patient = Promise {
        kept_when_idle: None,
        ..promise.clone()
    };
    let disturbed = |life: &Life| disturbed(ground, script, &outcome.run, life);
    let mut sweep = Sweep::default();
    let mut started = Vec::new();
    let mut fingerprinter = Fingerprinter::default();
    for (number, era) in outcome.run.eras.iter().enumerate() {
        let lives = outcome.lives.iter().zip(&outcome.spans).enumerate();
        let lives =
            lives
                .filter(|(_, (_, span))| span.era == number)
                .map(|(number, (life, span))| Lived {
                    number,
                    life,
                    heard: &span.heard,
                });
        let mut walk = Walk {
            ground,
            promise: &promise,
            patient: &patient,
            disturbed: &disturbed,
            era,
            number,
            lives: EraLives::new(lives.collect()),
            frontier: Frontier::new(era.base.clone(), Arc::clone(&ground.profile)),
            here: Vec::new(),
            judged: Vec::new(),
            stood: None,
            rng: samples(),
            looker: Looker {
                ground,
                starts,
                started: &mut started,
                images,
                fingerprinter: &mut fingerprinter,
                sweep: &mut sweep,
            },
        };
        walk.go();
    }
    sweep.fingerprint = fingerprinter.finish();
    sweep
}

/// One state that a crash may leave.
struct Left {
    kind: CrashKind,
    state: CrashState,
    /// The byte of its file at which the next operation, a write, was ended.
    amid: Option<u64>,
    found: Arc<Found>,
    /// What came of starting the system there, if it was.
    started: Option<Arc<Started>>,
}

/// A way through the op log of an era.
struct Walk<'a, 'b> {
    ground: &'a Ground,
    promise: &'a Promise,
    /// The same of a disk on which operations stand still: it is crashed amid each of them, and nothing is kept in time there.
    patient: &'a Promise,
    disturbed: &'a dyn Fn(&Life) -> Disturbed,
    era: &'a Era,
    number: usize,
    lives: EraLives<'a>,
    frontier: Frontier,
    /// What a crash leaves here, each thing that can be found once.
    here: Vec<Left>,
    /// What was judged since the history was the same.
    judged: Vec<(CrashKind, Arc<Found>)>,
    /// Where the last crash stood.
    stood: Option<Standing>,
    rng: Rng,
    looker: Looker<'a, 'b>,
}

impl Walk<'_, '_> {
    fn go(&mut self) {
        self.visit();
        for position in 0..=self.era.log.len() {
            // The last at which nothing more had reached the disk: whatever had been said until then counts.
            let at = self.era.moments.get(position).map_or_else(
                || self.lives.end(),
                |moment| Moment {
                    event: before_step(moment.step),
                    now: moment.time,
                },
            );
            self.kill_amid(position);
            self.judge(Instant { position, at });
            if let Some(entry) = self.era.log.get(position)
                && self.frontier.advance(entry)
            {
                self.here.clear();
                if self.is_due(position) {
                    self.visit();
                } else {
                    self.looker.sweep.left_out += 1;
                }
            }
        }
    }

    /// Whether it is the turn of a position to be a crash point.
    const fn is_due(&self, position: usize) -> bool {
        position.is_multiple_of(spacing(self.looker.sweep.states))
    }

    /// Finds out what a crash leaves here.
    fn visit(&mut self) {
        self.looker.sweep.crash_points += 1;
        self.here.clear();
        let mut states = Vec::new();
        let bounds = self.ground.crash_states;
        for kind in kinds(&self.ground.profile, Victim::Machine) {
            self.frontier
                .states_of(kind, bounds, &mut self.rng, &mut states);
            for state in states.drain(..) {
                let seen = self.looker.look(&mut self.frontier, state);
                self.keep(kind, state, None, seen);
            }
        }
        let everything = self.frontier.everything();
        let seen = self.looker.look(&mut self.frontier, everything);
        self.keep(CrashKind::ProcessKill, everything, None, seen);
    }

    /// Kills the processes within the operation at a position, where that is a write of several pages.
    fn kill_amid(&mut self, position: usize) {
        let Some(entry) = self.era.log.get(position) else {
            return;
        };
        if !self.is_due(position) {
            return;
        }
        for end in entry.ends_amid() {
            self.looker.sweep.crash_points += 1;
            let image = entry.killed_at(end, self.frontier.volatile());
            let mut left = Frontier::new(image, Arc::clone(&self.ground.profile));
            let state = left.everything();
            let seen = self.looker.look(&mut left, state);
            self.keep(CrashKind::ProcessKill, state, Some(end), seen);
        }
    }

    fn keep(
        &mut self,
        kind: CrashKind,
        state: CrashState,
        amid: Option<u64>,
        (found, started): (Arc<Found>, Option<Arc<Started>>),
    ) {
        let has_findings = |started: &Arc<Started>| !started.findings.is_empty();
        let is_here = |left: &Left| left.kind == kind && left.amid == amid && left.found == found;
        if started.as_ref().is_some_and(has_findings) || !self.here.iter().any(is_here) {
            self.here.push(Left {
                kind,
                state,
                amid,
                found,
                started,
            });
        }
    }

    /// Holds what is left here to the history, where it or what is left has changed.
    fn judge(&mut self, instant: Instant) {
        let Some(standing) = self.lives.standing(instant) else {
            return;
        };
        if self.stood != Some(standing) || self.is_time_told(standing) {
            self.judged.clear();
            self.stood = Some(standing);
        }
        self.take_started(standing, instant);
        let mut new = Vec::new();
        for (index, left) in self.here.iter().enumerate() {
            let judged = (left.kind, Arc::clone(&left.found));
            if !self.judged.contains(&judged) {
                self.judged.push(judged);
                new.push(index);
            }
        }
        for is_kill in [false, true] {
            let of_kind =
                |&&index: &&usize| (self.here[index].kind == CrashKind::ProcessKill) == is_kill;
            let new: Vec<usize> = new.iter().filter(of_kind).copied().collect();
            if !new.is_empty() {
                self.judge_as(standing, instant, is_kill, &new);
            }
        }
    }

    fn judge_as(&mut self, standing: Standing, instant: Instant, is_kill: bool, new: &[usize]) {
        let life = if is_kill {
            self.lives.killed(standing, instant)
        } else {
            Some(self.lives.without_power(standing, instant))
        };
        let Some(mut life) = life else { return };
        let disturbed = (self.disturbed)(&life);
        let promise = if stood_still(&life, disturbed) {
            self.patient
        } else {
            self.promise
        };
        for &index in new {
            life.left = vec![(*self.here[index].found).clone()];
            for finding in judge_left(&life, promise, disturbed) {
                self.take((standing, instant), index, finding, None);
            }
        }
    }

    /// Keeps what starts have shown.
    fn take_started(&mut self, standing: Standing, instant: Instant) {
        for index in 0..self.here.len() {
            let Some(started) = self.here[index].started.take() else {
                continue;
            };
            for (finding, crash) in &started.findings {
                let crash = crash.clone().map(Box::new);
                let then = crash.map_or(Then::Started, Then::Crashed);
                self.take((standing, instant), index, finding.clone(), Some(then));
            }
        }
    }

    /// Whether what has to be there depends on the time.
    fn is_time_told(&self, standing: Standing) -> bool {
        self.promise.kept_when_idle.is_some() || self.lives.has_windows(standing)
    }

    fn take(
        &mut self,
        (standing, instant): (Standing, Instant),
        index: usize,
        finding: Finding,
        then: Option<Then>,
    ) {
        let Left {
            kind, state, amid, ..
        } = self.here[index];
        if self.looker.sweep.findings.contains_key(&finding.oracle) {
            return;
        }
        let operation = |position: usize| self.era.log.get(position).map(ToString::to_string);
        let within = amid.and_then(|end| Some((operation(instant.position)?, end)));
        let lost = match kind {
            CrashKind::ProcessKill => Vec::new(),
            _ => self.frontier.lost(state),
        };
        let swept = Swept {
            life: self.lives.number(standing),
            crash: CrashPoint {
                era: self.number,
                position: instant.position,
                kind,
                after: instant.position.checked_sub(1).and_then(operation),
                within,
                lost: lost.into_iter().map(|(_, line)| line).collect(),
                then,
            },
            finding,
        };
        self.looker
            .sweep
            .findings
            .insert(swept.finding.oracle, swept);
    }
}

/// How far crash points are from each other once a world has left so many states.
const fn spacing(states: u64) -> usize {
    let doublings = states / STATES_DENSE;
    if doublings < usize::BITS as u64 {
        1 << doublings
    } else {
        usize::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crash_points_thin_out_with_the_states() {
        assert_eq!(spacing(0), 1);
        assert_eq!(spacing(STATES_DENSE - 1), 1);
        assert_eq!(spacing(STATES_DENSE), 2);
        assert_eq!(spacing(3 * STATES_DENSE), 8);
        assert_eq!(spacing(u64::MAX), usize::MAX);
    }
}
