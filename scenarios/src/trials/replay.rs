//! A world in a file: the script and every decision, so that it runs again without its seed.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use plimsoll_faults::profile::Profile;
use plimsoll_sim::fingerprint::Fingerprint;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::hunt::{TrialCase, Trophy};
use plimsoll_sim::trial::look::{Manner, look};
use plimsoll_sim::trial::run::Ground;
use plimsoll_sim::trial::script::Script;
use plimsoll_sim::trial::sweep::Images;
use plimsoll_sim::trial::system::System;
use plimsoll_sim::world::{Action, Schedule, WorldError};
use serde::Deserialize;
use toml::Spanned;

use super::CRASH_STATES;
use super::resolve::{disk, system};
use crate::diagnostic::{Complaint, ScenarioError};
use crate::keys::{Resolved, Text, oracle, toml_error, version, wrong};
use crate::registry::Registry;

/// Decisions on one line of a file.
const DECISIONS_A_LINE: usize = 24;

/// A violation in a world, and all that it takes to see it again.
///
/// The text form is TOML and prints back what it parses. Of the seed it holds what disk faults draw from, and nothing where none are
/// planned: the rest is in the script and the schedule.
#[derive(Clone)]
pub struct Replay {
    /// The id of the case that it was found by.
    pub case: String,
    /// The system.
    pub system: Arc<dyn System>,
    /// The disk; the file has the whole profile of one that does not ship.
    pub profile: Arc<Profile>,
    /// What does not hold.
    pub oracle: Oracle,
    /// In which life.
    pub life: usize,
    /// The crash that shows it, where it is none of the world's own: losses of power before it, and the position in the op log since.
    pub crash: Option<(usize, usize)>,
    /// Hash over all that happens.
    pub fingerprint: Fingerprint,
    /// What the chances and the damage of disk faults are drawn from.
    pub fault_seed: u64,
    /// What the harness does.
    pub script: Script,
    /// The decisions.
    pub schedule: Schedule,
}

/// What came of a world that was run again.
#[derive(Debug)]
pub struct Replayed {
    /// The violation, if it is there.
    pub trophy: Option<Trophy>,
    /// Hash over all that happened.
    pub fingerprint: Fingerprint,
    /// How often the schedule had no decision that fitted.
    pub diverged: u64,
}

impl Replay {
    /// What a hunt has found.
    pub fn of(case: &TrialCase, trophy: &Trophy) -> Self {
        let fails = |action: &Action| matches!(action, Action::Fault(_));
        let mut planned = trophy.script.plan.0.iter();
        let has_faults =
            !trophy.script.faults.is_empty() || planned.any(|planned| fails(&planned.action));
        Self {
            case: case.id.clone(),
            system: Arc::clone(&case.ground.system),
            profile: Arc::clone(&case.ground.profile),
            oracle: trophy.finding.oracle,
            life: trophy.life,
            crash: trophy.crash.as_ref().map(|at| (at.era, at.position)),
            fingerprint: trophy.fingerprint,
            fault_seed: if has_faults { trophy.seed } else { 0 },
            script: trophy.script.clone(),
            schedule: trophy.schedule.clone(),
        }
    }

    /// Reads a file. `file_name` is what errors call it; `registry` has the systems and disks that it can name.
    ///
    /// # Errors
    /// The text is not TOML, has a key that means nothing, lacks one, or says something that cannot be.
    pub fn parse(file_name: &str, text: &str, registry: &Registry) -> Result<Self, ScenarioError> {
        resolve(text, registry)
            .map_err(|(span, complaint)| ScenarioError::new(file_name, text, span, complaint))
    }

    /// Runs it.
    ///
    /// # Errors
    /// [`WorldError::NotSimulated`]: the build has no simulated runtime, and nothing was run.
    pub fn run(&self) -> Result<Replayed, WorldError> {
        let ground = Ground {
            system: Arc::clone(&self.system),
            profile: Arc::clone(&self.profile),
            crash_states: CRASH_STATES,
        };
        let manner = Manner {
            seed: self.fault_seed,
            schedule: Some(self.schedule.clone()),
            is_traced: true,
            is_swept: self.crash.is_some(),
        };
        let look = look(&ground, &self.script, manner, &mut Images::default())?;
        let violations = look.violations().into_iter();
        let found = violations.into_iter().find(|violation| {
            let crash = violation.crash.as_ref();
            violation.finding.oracle == self.oracle
                && violation.life == self.life
                && crash.map(|at| (at.era, at.position)) == self.crash
        });
        let run = look.outcome.run;
        Ok(Replayed {
            fingerprint: run.fingerprint,
            diverged: run.diverged,
            trophy: found.map(|violation| Trophy {
                seed: self.fault_seed,
                life: violation.life,
                finding: violation.finding,
                crash: violation.crash,
                script: self.script.clone(),
                schedule: run.schedule,
                fingerprint: run.fingerprint,
                events: run.events.unwrap_or_default(),
            }),
        })
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string())
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "version = 1")?;
        writeln!(f, "case = {}", Quoted(&self.case))?;
        writeln!(f, "system = {}", Quoted(self.system.name()))?;
        writeln!(f, "disk = {}", Quoted(&self.profile.name))?;
        if Profile::named(&self.profile.name).as_ref() != Some(&self.profile) {
            lines(f, "profile", &self.profile.to_string())?;
        }
        writeln!(f, "oracle = {}", Quoted(self.oracle.name()))?;
        writeln!(f, "life = {}", self.life + 1)?;
        if let Some((era, position)) = self.crash {
            writeln!(f, "crash = {{ era = {}, position = {position} }}", era + 1)?;
        }
        writeln!(f, "fingerprint = \"{}\"", self.fingerprint)?;
        if self.fault_seed != 0 {
            // As text: numbers of TOML end where half of the seeds begin.
            writeln!(f, "fault_seed = \"{}\"", self.fault_seed)?;
        }
        lines(f, "script", &self.script.to_string())?;
        writeln!(f, "schedule = [")?;
        for line in self.schedule.0.chunks(DECISIONS_A_LINE) {
            writeln!(f, "    \"{}\",", Schedule(line.to_vec()))?;
        }
        writeln!(f, "]")
    }
}

/// A text as a list of its lines.
fn lines(f: &mut fmt::Formatter<'_>, key: &str, text: &str) -> fmt::Result {
    writeln!(f, "{key} = [")?;
    for line in text.lines() {
        writeln!(f, "    {},", Quoted(line))?;
    }
    writeln!(f, "]")
}

/// A string of TOML.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\u{:04X}", u32::from(c))?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

/// The keys of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Spanned<i64>,
    case: String,
    system: Text,
    disk: Text,
    #[serde(default)]
    profile: Option<Spanned<Vec<Text>>>,
    oracle: Text,
    life: Spanned<u32>,
    #[serde(default)]
    crash: Option<Crash>,
    fingerprint: Text,
    #[serde(default)]
    fault_seed: Option<Text>,
    script: Spanned<Vec<Text>>,
    schedule: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Crash {
    era: Spanned<u32>,
    position: u32,
}

fn resolve(text: &str, registry: &Registry) -> Resolved<Replay> {
    let file: File =
        toml::from_str(text).map_err(|error| toml_error(error.message(), error.span(), &[]))?;
    version(&file.version)?;
    let crash = file.crash.as_ref();
    let crash = crash.map(|crash| Ok((counted("era", &crash.era)?, crash.position as usize)));
    let life = counted("life", &file.life)?;
    let script = script(&file.script)?;
    if life >= script.lives.len() {
        let complaint = Complaint::new(format!("the script has no life {}", life + 1));
        return wrong(file.life.span(), complaint);
    }
    Ok(Replay {
        case: file.case,
        system: system(&file.system, registry)?,
        profile: match &file.profile {
            Some(lines) => profile(lines)?,
            None => disk(&file.disk, registry)?,
        },
        oracle: oracle(&file.oracle)?,
        life,
        crash: crash.transpose()?,
        fingerprint: fingerprint(&file.fingerprint)?,
        fault_seed: file.fault_seed.as_ref().map_or(Ok(0), fault_seed)?,
        script,
        schedule: schedule(&file.schedule)?,
    })
}

/// A profile that does not ship.
fn profile(lines: &Spanned<Vec<Text>>) -> Resolved<Arc<Profile>> {
    let texts: Vec<&str> = lines
        .get_ref()
        .iter()
        .map(|line| line.get_ref().as_str())
        .collect();
    let text = texts.join("\n");
    Profile::parse(&text).map(Arc::new).map_err(|error| {
        // Lines before where it went wrong are lines of the list.
        let number = error
            .span
            .and_then(|span| text.get(..span.start))
            .map_or(0, |before| before.matches('\n').count());
        let line = lines.get_ref().get(number);
        let complaint = Complaint::new(error.message);
        (Some(line.map_or(lines.span(), Text::span)), complaint)
    })
}

/// The index of something that is counted from 1.
fn counted(key: &str, number: &Spanned<u32>) -> Resolved<usize> {
    match number.get_ref().checked_sub(1) {
        Some(index) => Ok(index as usize),
        None => wrong(
            number.span(),
            Complaint::new(format!("`{key}` is at least 1")),
        ),
    }
}

fn fingerprint(text: &Text) -> Resolved<Fingerprint> {
    let digits = text.get_ref();
    let is_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = is_hex.then(|| u128::from_str_radix(digits, 16).ok());
    number.flatten().map(Fingerprint).ok_or_else(|| {
        let complaint = Complaint::new("a fingerprint is 32 hexadecimal digits");
        (Some(text.span()), complaint)
    })
}

fn fault_seed(text: &Text) -> Resolved<u64> {
    text.get_ref().parse().map_err(|_| {
        let complaint = Complaint::new("a seed is a decimal number below 2^64, as text");
        (Some(text.span()), complaint)
    })
}

fn script(lines: &Spanned<Vec<Text>>) -> Resolved<Script> {
    let texts: Vec<&str> = lines
        .get_ref()
        .iter()
        .map(|line| &**line.get_ref())
        .collect();
    // A line of the file is a line of the script, also when somebody put more into it.
    if let Some(line) = lines
        .get_ref()
        .iter()
        .find(|line| line.get_ref().contains('\n'))
    {
        return wrong(line.span(), Complaint::new("this is more than one line"));
    }
    texts.join("\n").parse::<Script>().map_err(|error| {
        let at = lines.get_ref().get(error.line.saturating_sub(1));
        let span: Range<usize> = at
            .or(lines.get_ref().last())
            .map_or(lines.span(), Text::span);
        (Some(span), Complaint::new(error.reason))
    })
}

fn schedule(lines: &[Text]) -> Resolved<Schedule> {
    let mut decisions = Vec::new();
    for line in lines {
        let some: Schedule = line.get_ref().parse().map_err(|error| {
            let complaint = Complaint::new(format!("{error}"));
            (Some(line.span()), complaint)
        })?;
        decisions.extend(some.0);
    }
    Ok(Schedule(decisions))
}
