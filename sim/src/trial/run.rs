//! One trial: a script in a world, and what the oracles say of it.

use std::sync::Arc;

use plimsoll_faults::crash::Bounds;
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::profile::Profile;

use super::client::{Seen, follow};
use super::disturbance::{disturbed, is_slow};
use super::heard::Span;
use super::history::{Answer, End, Life, Moment, Notice};
use super::judge::{Disturbed, Finding, judge};
use super::log::before_step;
use super::script::Script;
use super::system::System;
use crate::world::{
    Action, Ended, Happened, Run, Schedule, Setup, World, WorldError, crash_images,
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
        // In the order in which they happened: two may be at one moment.
        for &index in &run.order {
            if let (Some(planned), Some(Some(happened))) =
                (script.plan.0.get(index), run.happened.get(index))
            {
                note(&mut life, &planned.action, *happened, &first);
            }
        }
        for arrived in run.arrived.iter().filter(|of| of.process == process) {
            let notice = Notice::Arrived(arrived.signal);
            life.notices.push((moment(arrived.at), notice));
        }
        note_processes(&mut life, run);
        life.notices.sort_by_key(|(at, _)| *at);
        if before.0 != era {
            before = (era, Vec::new());
        }
        life.before.clone_from(&before.1);
        let disturbed = disturbed(ground, script, run, &life);
        if !disturbed.by_stops && !is_slow(script.pace) {
            life.stalled = Some(run.mishaps.stalled.clone());
        }
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
        let life = Arc::new(life);
        before.1.push(Arc::clone(&life));
        lives.push((life, disturbed));
    }
    lives
}

/// Where nobody hears that acknowledged writes are lost, it is not known which are.
fn unheard(disturbed: Disturbed, life: &mut Life) {
    if life.is_heard() {
        return;
    }
    for asked in &mut life.requests {
        let is_weak = matches!(
            asked.answer,
            Some((
                _,
                Answer::Done {
                    level: Level::Memory | Level::Window(_) | Level::Process,
                    ..
                }
            ))
        );
        asked.was_taken_back |= is_weak && disturbed.errs_from(asked.at);
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
pub(super) const fn moment(happened: Happened) -> Moment {
    Moment {
        event: before_step(happened.step),
        now: happened.time,
    }
}

/// Takes note of something that the plan did, if it was in this life.
fn note(life: &mut Life, action: &Action, happened: Happened, first: &str) {
    let at = moment(happened);
    let is_other = |(of, notice): &(Moment, Notice)| *of < at && *notice == Notice::OtherStarted;
    if at < life.began || at > life.end.0 {
        return;
    }
    if life.notices.iter().any(is_other) {
        if may_end(action, first) {
            life.notices.push((at, Notice::OtherAsked));
        }
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

/// Whether a process of this name may end by an action.
fn may_end(action: &Action, name: &str) -> bool {
    match action {
        Action::Signal(signal, program) => *signal != Signal::Usr1 && program == name,
        Action::CloseStdin(program) | Action::CloseStdout(program) | Action::Kill(program) => {
            program == name
        }
        Action::FailStdout { program, .. } => program == name,
        _ => false,
    }
}

/// Whether a world came to its end by itself.
pub(super) fn is_complete(run: &Run<()>) -> bool {
    run.ended == Ended::Complete
}
