//! What was done to a life: what was planned, as far as it came.

use std::time::Duration;

use plimsoll_faults::plan::{Effect, FaultPlan, Position};
use plimsoll_reference::host::{ExitStatus, Signal};

use super::history::{Life, Moment};
use super::judge::Disturbed;
use super::log::before_step;
use super::run::{Ground, moment};
use super::script::Script;
use crate::world::{Action, Pace, Planned as PlanLine, Run};

/// What was done to a life.
pub(super) fn disturbed(ground: &Ground, script: &Script, run: &Run<()>, life: &Life) -> Disturbed {
    let mut planned = Planned::default();
    let mut plans = 1;
    planned.add(&script.faults);
    for (line, _) in happened(script, run, life) {
        if let Action::Fault(plan) = &line.action {
            plans += 1;
            planned.add(plan);
        }
    }
    let Processes {
        erred: of_processes,
        stopped,
        is_unheard,
    } = processes(ground, script, run, life);
    let own = |at: &Moment| *at >= since_own(life);
    let failed = failed(run, life);
    // What fails without a word has no moment, and a child that is not heard stays so.
    let is_lasting = planned.is_silent || is_unheard;
    let by_disk = planned.is_silent || (planned.fails && !failed.is_empty());
    let by_stops = stopped.iter().any(own);
    let mut erred: Vec<Moment> = of_processes.iter().copied().filter(own).collect();
    let mut all = of_processes;
    if by_disk {
        erred.extend(&failed);
        all.extend(failed);
    }
    // Where nothing of its own went wrong, the first is none that it can have met.
    let first = erred.iter().min().or(all.iter().max());
    Disturbed {
        by_errors: by_disk || !erred.is_empty(),
        by_disk,
        // Occurrences are counted anew whenever a fault is added, and on each new disk.
        delayed_by: if is_slow(script.pace) || !stopped.is_empty() {
            Duration::MAX
        } else {
            let times = u32::try_from(plans + run.eras.len()).unwrap_or(u32::MAX);
            planned.delay.saturating_mul(times)
        },
        by_stops,
        erred: first
            .zip(all.iter().max())
            .filter(|_| !is_lasting)
            .map(|(first, last)| (*first, *last)),
    }
}

/// What a plan did until the end of a life.
fn happened<'a>(
    script: &'a Script,
    run: &'a Run<()>,
    life: &'a Life,
) -> impl Iterator<Item = (&'a PlanLine, Moment)> {
    let lines = script.plan.0.iter().zip(&run.happened);
    lines.filter_map(|(line, happened)| {
        let at = moment((*happened)?);
        (at.event <= life.end.0.event).then_some((line, at))
    })
}

/// When the oldest life began that a life may see something of.
fn since_seen(life: &Life) -> Moment {
    life.before.first().map_or(life.began, |first| first.began)
}

/// Since when what strikes a process may strike one of this life: those of earlier lives are gone, unless some were left behind.
fn since_own(life: &Life) -> Moment {
    if life.has_orphans {
        since_seen(life)
    } else {
        life.began
    }
}

/// What was done to processes, in a life and in those before it of which it may see something.
#[derive(Default)]
struct Processes {
    /// When what others asked of one may have failed.
    erred: Vec<Moment>,
    /// When one that answers was stopped.
    stopped: Vec<Moment>,
    /// Whether a child of this life is not heard any more.
    is_unheard: bool,
}

fn processes(ground: &Ground, script: &Script, run: &Run<()>, life: &Life) -> Processes {
    let listeners = ground.system.listeners();
    let first = ground.system.first().path;
    let mut done = Processes::default();
    let since = since_seen(life);
    for (line, at) in happened(script, run, life).filter(|(_, at)| *at >= since) {
        match &line.action {
            // Children that die, or are not heard, fail whoever asked them.
            Action::Kill(program) if was_killed(run, program, at) => done.erred.push(at),
            Action::FailStdout { program, .. } if first.as_os_str() != program.as_str() => {
                done.erred.push(at);
                done.is_unheard |= at >= since_own(life);
            }
            // Who stands still does nothing in time.
            Action::Signal(Signal::Stop, program)
                if was_stopped(run, at) && !listeners.contains(&program.as_str()) =>
            {
                done.stopped.push(at);
            }
            _ => {}
        }
    }
    done
}

/// Whether there was a process of a program to kill at a moment. One whose operation hangs dies later.
pub(super) fn was_killed(run: &Run<()>, program: &str, at: Moment) -> bool {
    let by_kill = ExitStatus::Signal(Signal::Kill.number());
    let mut ends = run.ends.iter();
    ends.any(|end| end.program == program && end.status == by_kill && moment(end.at) >= at)
}

/// Whether a process was stopped from a moment on.
pub(super) fn was_stopped(run: &Run<()>, at: Moment) -> bool {
    let mut arrived = run.arrived.iter();
    arrived.any(|of| of.signal == Signal::Stop && moment(of.at) >= at)
}

/// When operations failed in a life, or in an earlier one whose consequences it may see. Of an operation only its step is known: it counts
/// for everything in that.
fn failed(run: &Run<()>, life: &Life) -> Vec<Moment> {
    let since = since_seen(life);
    let moments = run.mishaps.failed.iter().map(|of| {
        [of.step, of.step + 1].map(|step| Moment {
            event: before_step(step),
            now: of.time,
        })
    });
    moments
        .filter(|[from, until]| *until >= since && *from <= life.end.0)
        .flatten()
        .collect()
}

/// What fault plans may do.
#[derive(Default)]
struct Planned {
    /// Whether operations may fail.
    fails: bool,
    /// Whether something may go wrong that no operation reports, or a later one.
    is_silent: bool,
    /// How long operations stand still, at most and in all.
    delay: Duration,
}

impl Planned {
    fn add(&mut self, plan: &FaultPlan) {
        self.is_silent |= !plan.writebacks.is_empty();
        self.fails |= !plan.spaces.is_empty();
        for fault in &plan.faults {
            let is_told = matches!(
                fault.effect,
                Effect::Fail(_, Position::Before | Position::Partial | Position::After)
                    | Effect::FailSync(..)
            );
            self.fails |= is_told;
            self.is_silent |= !is_told && !fault.effect.is_wait();
            let time = match fault.effect {
                // However many operations it hits, it is over at one time.
                Effect::Stall(time) => time,
                Effect::Delay(_) | Effect::Hang => Duration::MAX,
                _ => Duration::ZERO,
            };
            self.delay = self.delay.saturating_add(time);
        }
    }
}

/// Whether bounds on time are off for all that waits for the disk.
pub(super) fn is_slow(pace: Pace) -> bool {
    use plimsoll_faults::latency::Latency;
    let is_slow = |latency| match latency {
        Latency::Constant(time) => time > Duration::from_millis(10),
        Latency::LogNormal(_, most) => most > Duration::from_millis(10),
        _ => true,
    };
    [pace.read, pace.write, pace.sync, pace.metadata]
        .into_iter()
        .any(is_slow)
}
