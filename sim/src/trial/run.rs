//! One trial: a script in a world, and what the oracles say of it.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::crash::Bounds;
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::profile::Profile;

use super::client::{Seen, follow};
use super::heard::Span;
use super::history::{Answer, Before, End, Life, Moment, Notice};
use super::judge::{Disturbed, Finding, judge};
use super::log::before_step;
use super::script::Script;
use super::system::System;
use crate::world::{
    Action, Ended, Happened, Pace, Run, Schedule, Setup, World, WorldError, crash_images,
};
use plimsoll_reference::host::{ExitStatus, Signal};
use plimsoll_reference::level::Level;

/// What a trial needs besides its script.
#[derive(Clone)]
pub struct Ground {
    /// What is put to trial.
    pub system: Arc<dyn System>,
    /// What a power loss may leave.
    pub profile: Arc<Profile>,
    /// The states of a power loss that are looked at besides the one that the world goes on with.
    pub crash_states: Bounds,
}

/// What came of a trial.
#[derive(Debug)]
pub struct Outcome {
    /// The oracles that do not hold, by life.
    pub findings: Vec<(usize, Finding)>,
    /// The lives.
    pub lives: Vec<Life>,
    /// What the world did; its value is in the lives.
    pub run: Run<()>,
    /// Where the lives are in the op logs.
    pub(super) spans: Vec<Span>,
}

/// Runs a script. With a recorded schedule the decisions are those of an earlier run, and the seed is of no matter.
///
/// # Errors
/// [`WorldError::NotSimulated`]: the build has no simulated runtime, and nothing was run.
pub fn run(
    ground: &Ground,
    script: &Script,
    seed: u64,
    schedule: Option<Schedule>,
    trace: bool,
) -> Result<Outcome, WorldError> {
    let mut setup = Setup::new(seed, Arc::clone(&ground.profile));
    setup.schedule = schedule;
    setup.plan = script.plan.clone();
    setup.pace = script.pace;
    setup.faults = script.faults.clone();
    setup.trace = trace;
    let mut world = World::new(setup);
    for (name, main) in ground.system.programs() {
        world.program(name, move |host, arguments| main(host, arguments));
    }
    let (system, followed) = (Arc::clone(&ground.system), script.clone());
    let mut run = world.run(|control| follow(control, system, followed))?;
    let mut seen = run.value.take().unwrap_or_default();
    let spans = seen.iter_mut().map(Span::take).collect();
    let run = run.without_value();
    let mut lives = settle(ground, script, &run, seen);
    let promise = ground.system.promise();
    let mut findings = Vec::new();
    for (index, life) in lives.iter_mut().enumerate() {
        let disturbed = disturbed(script, &run.happened, life);
        let found = judge(life, &promise, disturbed);
        findings.extend(found.into_iter().map(|finding| (index, finding)));
    }
    Ok(Outcome {
        findings,
        lives,
        run,
        spans,
    })
}

/// Adds to what the client saw what only the world knows.
fn settle(ground: &Ground, script: &Script, run: &Run<()>, seen: Vec<Seen>) -> Vec<Life> {
    let first = ground.system.first().path.to_string_lossy().into_owned();
    let mut lives: Vec<Life> = Vec::new();
    let mut before: Option<(usize, Before)> = None;
    for Seen { mut life, era, .. } in seen {
        for (planned, happened) in script.plan.0.iter().zip(&run.happened) {
            if let Some(happened) = happened {
                note(&mut life, &planned.action, *happened, &first);
            }
        }
        life.notices.sort_by_key(|(at, _)| *at);
        unheard(script, &run.happened, &mut life);
        if life.end.1 == End::PowerLost
            && let Some(era) = run.eras.get(era)
        {
            for image in crash_images(&era.base, &era.log, &ground.profile, ground.crash_states) {
                let found = ground.system.inspect(&SimFs::new(image));
                if !life.left.contains(&found) {
                    life.left.push(found);
                }
            }
        }
        let (of, mut earlier) = before.take().unwrap_or_default();
        // What a store shows is durable once it is open, and not before.
        let is_open = life
            .notices
            .iter()
            .any(|(_, notice)| *notice == Notice::Ready);
        let is_doubtful = life.has_orphans || !is_open || !ground.system.promise().shows_durable;
        if of != era || lives.is_empty() {
            earlier = Before {
                base: life.base.clone(),
                requests: Vec::new(),
            };
        } else if is_doubtful {
            life.before = Some(earlier.clone());
        }
        earlier.requests.extend(life.requests.iter().cloned());
        before = Some((era, earlier));
        lives.push(life);
    }
    lives
}

/// Where nobody hears that acknowledged writes are lost, it is not known which are.
fn unheard(script: &Script, happened: &[Option<Happened>], life: &mut Life) {
    let is_deaf = |(_, notice): &(Moment, Notice)| *notice == Notice::OutputClosed;
    if !life.notices.iter().any(is_deaf) || !disturbed(script, happened, life).by_errors {
        return;
    }
    for asked in &mut life.requests {
        asked.was_taken_back |= matches!(
            asked.answer,
            Some((
                _,
                Answer::Done {
                    level: Level::Window(_) | Level::Memory,
                    ..
                }
            ))
        );
    }
}

/// Takes note of something that the plan did, if it was in this life.
fn note(life: &mut Life, action: &Action, happened: Happened, first: &str) {
    let at = Moment {
        event: before_step(happened.step),
        now: happened.time,
    };
    let is_other = |(of, notice): &(Moment, Notice)| *of < at && *notice == Notice::OtherStarted;
    if at < life.began || at > life.end.0 || life.notices.iter().any(is_other) {
        return;
    }
    let notice = match action {
        Action::Signal(signal, program) if program == first => {
            if *signal == Signal::Kill {
                life.end.1 = End::Killed;
            }
            Notice::Signalled(*signal)
        }
        Action::CloseStdin(program) if program == first => Notice::InputClosed,
        Action::CloseStdout(program) if program == first => Notice::OutputClosed,
        Action::Kill(program) if program == first => {
            let by_kill = End::Exited(ExitStatus::Signal(Signal::Kill.number()));
            if life.end.1 == by_kill {
                life.end.1 = End::Killed;
            }
            return;
        }
        _ => return,
    };
    life.notices.push((at, notice));
}

/// What was done to a life.
pub(super) fn disturbed(script: &Script, happened: &[Option<Happened>], life: &Life) -> Disturbed {
    let mut disturbed = Disturbed {
        by_errors: false,
        by_stalls: is_slow(script.pace),
        by_client: false,
    };
    for (planned, happened) in script.plan.0.iter().zip(happened) {
        let Some(happened) = happened else { continue };
        if before_step(happened.step) > life.end.0.event {
            continue;
        }
        match &planned.action {
            Action::Fault(plan) => {
                let is_wait = plan.faults.iter().all(|fault| fault.effect.is_wait());
                disturbed.by_errors |= !is_wait;
                disturbed.by_stalls |= is_wait;
            }
            Action::StopReading(_) => disturbed.by_client = true,
            // Children that die fail whoever asked them.
            Action::Kill(_) => disturbed.by_errors = true,
            _ => {}
        }
    }
    disturbed
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

/// Whether a world came to its end by itself.
pub(super) fn is_complete(run: &Run<()>) -> bool {
    run.ended == Ended::Complete
}
