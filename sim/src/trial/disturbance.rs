//! What was done to a life: what was planned, as far as it came.

use std::time::Duration;

use plimsoll_faults::plan::{Effect, FaultPlan, Position};
use plimsoll_reference::host::Signal;

use super::history::{Life, Moment};
use super::judge::Disturbed;
use super::log::before_step;
use super::run::{Ground, moment};
use super::script::Script;
use crate::world::{Action, Pace, Planned as PlanLine, Run};

/// What was done to a life.
pub(super) fn disturbed(ground: &Ground, script: &Script, run: &Run<()>, life: &Life) -> Disturbed {
    let listeners = ground.system.listeners();
    let listens = |program: &String| listeners.contains(&program.as_str());
    let first = ground.system.first().path;
    let mut planned = Planned::default();
    let mut disturbed = Disturbed::default();
    let mut erred = Vec::new();
    let mut plans = 1;
    planned.add(&script.faults);
    for (line, happened) in script.plan.0.iter().zip(&run.happened) {
        let Some(happened) = happened else { continue };
        if before_step(happened.step) > life.end.0.event {
            continue;
        }
        match &line.action {
            Action::Fault(plan) => {
                plans += 1;
                planned.add(plan);
            }
            // Children that die, or are not heard, fail whoever asked them.
            Action::Kill(_) => erred.push(moment(*happened)),
            Action::FailStdout { program, .. } if first.as_os_str() != program.as_str() => {
                erred.push(moment(*happened));
            }
            // Who stands still does nothing in time.
            Action::Signal(Signal::Stop, program) if !listens(program) => {
                disturbed.by_stops = true;
            }
            _ => {}
        }
    }
    // What fails without a word has no moment, and a child that is not heard stays so.
    let is_unheard = |line: &PlanLine| matches!(line.action, Action::FailStdout { .. });
    let is_lasting =
        planned.is_silent || (!erred.is_empty() && script.plan.0.iter().any(is_unheard));
    let failed = failed(run, life);
    disturbed.by_disk = planned.is_silent || (planned.fails && !failed.is_empty());
    if disturbed.by_disk {
        erred.extend(failed);
    }
    disturbed.by_errors = disturbed.by_disk || !erred.is_empty();
    let between = erred.iter().min().zip(erred.iter().max());
    disturbed.erred = between
        .filter(|_| !is_lasting)
        .map(|(first, last)| (*first, *last));
    // Occurrences are counted anew whenever a fault is added, and on each new disk.
    let times = u32::try_from(plans + run.eras.len()).unwrap_or(u32::MAX);
    disturbed.delayed_by = if is_slow(script.pace) || disturbed.by_stops {
        Duration::MAX
    } else {
        planned.delay.saturating_mul(times)
    };
    disturbed
}

/// When operations failed in a life, or in an earlier one whose consequences it may see. Of an operation only its step is known: it counts
/// for everything in that.
fn failed(run: &Run<()>, life: &Life) -> Vec<Moment> {
    let since = life.before.first().map_or(life.began, |first| first.began);
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
