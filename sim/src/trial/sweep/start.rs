//! A system that is started on what a crash has left.
//!
//! In a world of its own, on a disk that holds that and nothing else, it has to become ready, to show what a reader found there, to take a
//! write, and to end well. That world is crashed at every position of its op log, too: a start is a recovery, and may be cut short.

use std::sync::Arc;

use plimsoll_faults::image::Image;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_reference::service::protocol::Command;

use super::{CrashPoint, Images, Starts, crash_everywhere};
use crate::command::Mutation;
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::trial::history::Found;
use crate::trial::judge::Finding;
use crate::trial::run::{Ground, Outcome, is_complete, run_in};
use crate::trial::script::{Ending, LifeScript, Script, Step};
use crate::trial::system::Asks;
use crate::world::{Pace, Plan, Policy, Setup};

/// Keys that are asked for one by one where there is no request for everything.
const GETS_MAX: usize = 4;

/// What came of a start.
#[derive(Debug, Default)]
pub(super) struct Started {
    /// What does not hold, and the crash during the start that shows it, where one does.
    pub(super) findings: Vec<(Finding, Option<CrashPoint>)>,
    /// States that a crash during the start may leave.
    pub(super) states: u64,
    /// Positions of it that were left out.
    pub(super) left_out: u64,
    /// Whether a limit ended it.
    pub(super) is_limited: bool,
    /// Hash over all that happened.
    pub(super) fingerprint: Fingerprint,
}

/// Starts a system on an image, where a reader found this. What comes of it is a function of the image.
pub(super) fn start(
    ground: &Ground,
    image: &Image,
    key: u128,
    found: &Found,
    images: &mut Images,
) -> Result<Started, crate::world::WorldError> {
    let script = script(&ground.system.asks(), found);
    // Whose numbers its inodes have is a matter of the world that it comes from, and samples of crash states go by numbers.
    let setup = Setup {
        image: image.renumbered(),
        ..Setup::new(key as u64, Arc::clone(&ground.profile))
    };
    let outcome = run_in(ground, &script, setup)?;
    let mut findings: Vec<(Finding, Option<CrashPoint>)> = Vec::new();
    let shown = outcome.findings.iter().map(|(_, finding)| finding.clone());
    findings.extend(shown.map(|finding| (finding, None)));
    let sweep = crash_everywhere(ground, &script, &outcome, images, Starts::None);
    let swept = sweep.findings.into_values();
    findings.extend(swept.map(|swept| (swept.finding, Some(swept.crash))));
    let mut fingerprinter = Fingerprinter::default();
    fingerprinter.hash(outcome.run.fingerprint.0);
    fingerprinter.hash(sweep.fingerprint.0);
    Ok(Started {
        findings,
        states: sweep.states,
        left_out: sweep.left_out,
        is_limited: !is_finished(&outcome),
        fingerprint: fingerprinter.finish(),
    })
}

fn is_finished(outcome: &Outcome) -> bool {
    is_complete(&outcome.run) && !outcome.lives.is_empty()
}

/// What is asked: to show what is there, and to take one write.
fn script(asks: &Asks, found: &Found) -> Script {
    let mut steps = Vec::new();
    if asks.scans > 0 {
        steps.push(Step::Ask(Command::Scan));
    } else if let Found::Store(pairs) = found {
        let keys = pairs.keys().take(GETS_MAX).cloned();
        steps.extend(keys.map(|key| Step::Ask(Command::Get(key))));
    }
    if asks.puts > 0 {
        let (key, value) = (b"b0/k0".to_vec(), b"started".to_vec());
        steps.push(Step::Ask(Command::Write(Mutation::Put { key, value })));
    }
    steps.push(Step::Settle);
    let life = LifeScript {
        early: false,
        outstanding: 1,
        steps,
        ending: Ending::Eof,
        settles: true,
    };
    Script {
        lives: vec![life],
        plan: Plan::default(),
        faults: FaultPlan::none(),
        pace: Pace::default(),
        policy: Policy::Walk,
    }
}
