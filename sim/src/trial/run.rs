//! One trial: a script in a world, and what the oracles say of it.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::crash::Bounds;
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::plan::{Effect, FaultPlan};
use plimsoll_faults::profile::Profile;

use super::client::{Seen, follow};
use super::heard::Span;
use super::history::{Answer, End, Life, Moment, Notice};
use super::judge::{Disturbed, Finding, judge};
use super::log::before_step;
use super::script::Script;
use super::system::System;
use crate::world::{
    Action, Ended, Happened, Pace, Run, Schedule, Setup, World, WorldError, crash_images,
};
use plimsoll_reference::host::{ExitStatus, Signal};
use plimsoll_reference::level::Level;

/// A program that has nothing to do with any system: it catches no signal and ends by itself never.
pub(super) const STRANGER: &str = "stranger";

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
    pub lives: Vec<Arc<Life>>,
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
    setup.trace = trace;
    run_in(ground, script, setup)
}

/// Runs a script in a world that begins like this.
pub(super) fn run_in(
    ground: &Ground,
    script: &Script,
    mut setup: Setup,
) -> Result<Outcome, WorldError> {
    setup.plan = script.plan.clone();
    setup.pace = script.pace;
    setup.policy = script.policy.clone();
    setup.faults = script.faults.clone();
    let mut world = World::new(setup);
    for (name, main) in ground.system.programs() {
        world.program(name, move |host, arguments| main(host, arguments));
    }
    let (system, followed) = (Arc::clone(&ground.system), script.clone());
    world.program(STRANGER, |_, _| Box::pin(std::future::pending()));
    let mut run = world.run(|control| follow(control, system, followed))?;
    let mut seen = run.value.take().unwrap_or_default();
    let spans = seen.iter_mut().map(Span::take).collect();
    let run = run.without_value();
    let lives = settle(ground, script, &run, seen);
    let promise = ground.system.promise();
    let mut findings = Vec::new();
    for (index, (life, disturbed)) in lives.iter().enumerate() {
        let found = judge(life, &promise, *disturbed);
        findings.extend(found.into_iter().map(|finding| (index, finding)));
    }
    Ok(Outcome {
        findings,
        lives: lives.into_iter().map(|(life, _)| life).collect(),
        run,
        spans,
    })
}

/// Adds to what the client saw what only the world knows, and says what was done to each life.
fn settle(
    ground: &Ground,
    script: &Script,
    run: &Run<()>,
    seen: Vec<Seen>,
) -> Vec<(Arc<Life>, Disturbed)> {
    let first = ground.system.first().path.to_string_lossy().into_owned();
    let mut lives = Vec::new();
    // The lives since power was last lost, and which era that is.
    let mut before: (usize, Vec<Arc<Life>>) = Default::default();
    for seen in seen {
        let (era, process) = (seen.era, seen.process);
        let mut life = seen.life;
        for (planned, happened) in script.plan.0.iter().zip(&run.happened) {
            if let Some(happened) = happened {
                note(&mut life, &planned.action, *happened, &first);
            }
        }
        for arrived in run.arrived.iter().filter(|of| of.process == process) {
            let notice = Notice::Arrived(arrived.signal);
            life.notices.push((moment(arrived.at), notice));
        }
        note_processes(&mut life, run);
        life.notices.sort_by_key(|(at, _)| *at);
        let disturbed = disturbed(ground, script, run, &life);
        unheard(disturbed, &mut life);
        if life.end.1 == End::PowerLost
            && let Some(era) = run.eras.get(era)
            && let Some(kind) = era.crash
        {
            let (profile, bounds) = (&ground.profile, ground.crash_states);
            for image in crash_images(&era.base, &era.log, profile, kind, bounds) {
                let found = ground.system.inspect(&SimFs::new(image));
                if !life.left.contains(&found) {
                    life.left.push(found);
                }
            }
        }
        if before.0 != era {
            before = (era, Vec::new());
        }
        life.before.clone_from(&before.1);
        let life = Arc::new(life);
        before.1.push(Arc::clone(&life));
        lives.push((life, disturbed));
    }
    lives
}

/// Where nobody hears that acknowledged writes are lost, it is not known which are.
fn unheard(disturbed: Disturbed, life: &mut Life) {
    if life.is_heard() || !disturbed.by_errors {
        return;
    }
    for asked in &mut life.requests {
        asked.was_taken_back |= matches!(
            asked.answer,
            Some((
                _,
                Answer::Done {
                    level: Level::Memory | Level::Window(_) | Level::Process,
                    ..
                }
            ))
        );
    }
}

/// Takes note of processes that ended in this life, of signals that went astray, and of handlers.
fn note_processes(life: &mut Life, run: &Run<()>) {
    let children = run.ends.iter().filter(|end| end.is_child);
    let ended = children.map(|end| (end.at, Notice::ChildEnded(end.status)));
    let astray = run.sent.iter().filter(|sent| sent.to == STRANGER);
    let hit = astray.map(|sent| (sent.at, Notice::StrangerSignalled(sent.signal)));
    let handled = run.handled.iter().map(|handled| {
        let notice = Notice::Handled {
            signal: handled.signal,
            inside: handled.inside,
            returned: handled.returned.map(|at| at.time),
        };
        (handled.began, notice)
    });
    let notices = ended.chain(hit).chain(handled);
    let notices = notices.map(|(at, notice)| (moment(at), notice));
    let (from, to) = (life.began, life.end.0);
    life.notices
        .extend(notices.filter(|(at, _)| (from..=to).contains(at)));
}

/// The moment of something that happened between two steps, or of which only the step is known.
const fn moment(happened: Happened) -> Moment {
    Moment {
        event: before_step(happened.step),
        now: happened.time,
    }
}

/// Takes note of something that the plan did, if it was in this life.
fn note(life: &mut Life, action: &Action, happened: Happened, first: &str) {
    let at = moment(happened);
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
        Action::StopReading(program) if program == first => Notice::ReadingStopped,
        Action::ResumeReading(program) if program == first => Notice::ReadingAgain,
        Action::FailStdout { program, .. } if program == first => Notice::OutputFailed,
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
pub(super) fn disturbed(ground: &Ground, script: &Script, run: &Run<()>, life: &Life) -> Disturbed {
    let listeners = ground.system.listeners();
    let listens = |program: &String| listeners.contains(&program.as_str());
    let first = ground.system.first().path;
    let mut disturbed = Disturbed::default();
    let mut plans = 1;
    disturb(&mut disturbed, &script.faults);
    for (planned, happened) in script.plan.0.iter().zip(&run.happened) {
        let Some(happened) = happened else { continue };
        if before_step(happened.step) > life.end.0.event {
            continue;
        }
        match &planned.action {
            Action::Fault(plan) => {
                plans += 1;
                disturb(&mut disturbed, plan);
            }
            // Children that die, or are not heard, fail whoever asked them.
            Action::Kill(_) => disturbed.by_errors = true,
            Action::FailStdout { program, .. } => {
                disturbed.by_errors |= first.as_os_str() != program.as_str();
            }
            // Who stands still does nothing in time.
            Action::Signal(Signal::Stop, program) if !listens(program) => {
                disturbed.by_stops = true;
            }
            _ => {}
        }
    }
    // Occurrences are counted anew whenever a fault is added, and on each new disk.
    let times = u32::try_from(plans + run.eras.len()).unwrap_or(u32::MAX);
    disturbed.delayed_by = if is_slow(script.pace) || disturbed.by_stops {
        Duration::MAX
    } else {
        disturbed.delayed_by.saturating_mul(times)
    };
    disturbed
}

/// Adds what a fault plan may do.
fn disturb(disturbed: &mut Disturbed, plan: &FaultPlan) {
    let mut fails = !plan.writebacks.is_empty() || !plan.spaces.is_empty();
    for fault in &plan.faults {
        fails |= !fault.effect.is_wait();
        let time = match fault.effect {
            // However many operations it hits, it is over at one time.
            Effect::Stall(time) => time,
            Effect::Delay(_) | Effect::Hang => Duration::MAX,
            _ => Duration::ZERO,
        };
        disturbed.delayed_by = disturbed.delayed_by.saturating_add(time);
    }
    disturbed.by_errors |= fails;
    disturbed.by_disk |= fails;
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
