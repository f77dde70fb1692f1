//! What is printed of worlds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use plimsoll_scenarios::Replay;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::hunt::{Differing, Hunt, Nondeterminism, SweptWorlds, TrialCase, Trophy};
use plimsoll_sim::trial::sweep::Then;
use plimsoll_sim::world::WorldError;
use serde_json::json;

use super::brief::brief;
use super::replay;
use super::selection::SelectedWorlds;
use super::vacuity::{self, Met};
use crate::exit::Ending;
use crate::output::{BAD, FAINT, GOOD, LABEL, Output, note};
use crate::sim::options::Format;
use crate::stopwatch::Stopwatch;
use crate::text::{counted, grouped, shell_word};

/// Events of a trophy that are shown; a run of its one seed shows all.
const EVENTS_MAX: usize = 40;

/// A case and what came of it.
pub(crate) struct Tried<'a> {
    pub(crate) selected: &'a SelectedWorlds,
    /// What was found, or what the harness said when it panicked.
    pub(crate) hunt: Result<Result<Hunt, WorldError>, String>,
    pub(crate) elapsed: Duration,
}

/// Prints cases and their sum.
pub(super) struct Page {
    output: Output,
    format: Format,
    /// Whether cases that ended as expected are not named.
    is_short: bool,
    /// Where the files of violations are written.
    directory: PathBuf,
    stopwatch: Stopwatch,
    ending: Ending,
    cases: u64,
    sum: Sum,
    met: Met,
}

#[derive(Default)]
struct Sum {
    worlds: u64,
    lives: u64,
    requests: u64,
    states: u64,
    steps: u64,
    happened: u64,
    swept: SweptWorlds,
    expected: u64,
    unexpected: u64,
}

impl Page {
    pub(super) fn start(
        output: Output,
        format: Format,
        is_short: bool,
        directory: PathBuf,
    ) -> Self {
        Self {
            output,
            format,
            is_short,
            directory,
            stopwatch: Stopwatch::start(),
            ending: Ending::Passed,
            cases: 0,
            sum: Sum::default(),
            met: Met::default(),
        }
    }

    /// Prints what came of a case: a line, and what it found that was not expected.
    pub(super) fn case(&mut self, tried: &Tried<'_>) -> anyhow::Result<()> {
        self.cases += 1;
        let case = &tried.selected.case;
        let hunt = match &tried.hunt {
            Ok(Ok(hunt)) => hunt,
            Ok(Err(error)) => return Err((*error).into()),
            Err(message) => {
                self.ending = self.ending.max(Ending::HarnessBug);
                return Ok(self.output.write(&harness_bug(&case.id, message))?);
            }
        };
        let ending = ending(case, hunt);
        self.ending = self.ending.max(ending);
        self.add(case, hunt);
        let files = self.write_replays(case, hunt);
        let text = match self.format {
            Format::Human if self.is_short && ending == Ending::Passed => return Ok(()),
            Format::Human => human(tried.selected, hunt, ending, tried.elapsed, &files),
            Format::Jsonl => format!("{}\n", object(tried.selected, hunt, ending)),
        };
        Ok(self.output.write(&text)?)
    }

    /// Writes a file for each violation. That it cannot be written is no reason not to say what is in it.
    fn write_replays(&self, case: &TrialCase, hunt: &Hunt) -> BTreeMap<Oracle, PathBuf> {
        let mut files = BTreeMap::new();
        for (oracle, trophy) in &hunt.trophies {
            match replay::write(&self.directory, case, trophy) {
                Ok(path) => {
                    files.insert(*oracle, path);
                }
                Err(error) => note(&format!(
                    "cannot write to {}: {error}",
                    self.directory.display()
                )),
            }
        }
        files
    }

    fn add(&mut self, case: &TrialCase, hunt: &Hunt) {
        let sum = &mut self.sum;
        sum.worlds += hunt.worlds;
        sum.lives += hunt.lives;
        sum.requests += hunt.requests;
        sum.states += hunt.states;
        sum.steps += hunt.steps;
        sum.happened += hunt.happened;
        sum.swept += hunt.swept;
        self.met.add(case, hunt);
        for oracle in hunt.trophies.keys() {
            let is_expected = case.allows(*oracle);
            sum.expected += u64::from(is_expected);
            sum.unexpected += u64::from(!is_expected);
        }
    }

    /// Prints the sum, and says how all of it ended.
    pub(super) fn finish(mut self, interrupted: bool) -> anyhow::Result<Ending> {
        if interrupted {
            self.ending = self.ending.max(Ending::Interrupted);
        }
        // Whoever chose some of them did not want everything to come.
        let missing = match self.is_short && !interrupted {
            true => self.met.missing(),
            false => Vec::new(),
        };
        if !missing.is_empty() {
            self.ending = self.ending.max(Ending::Vacuous);
        }
        let (sum, seconds) = (&self.sum, self.stopwatch.elapsed().as_secs_f64());
        let text = match self.format {
            Format::Human => format!(
                "{LABEL}{:>12}{LABEL:#} [{seconds:>7.3}s] {}: {} in {}, {}, {} read and judged, {} of the plans happened{} · \
                 violations: {} unexpected, {} found as expected · {}{}\n",
                "Worlds",
                counted(self.cases, "case"),
                counted(sum.lives, "life").replace("lifes", "lives"),
                counted(sum.worlds, "world"),
                counted(sum.requests, "request"),
                counted(sum.states, "disk"),
                counted(sum.happened, "line"),
                swept(&sum.swept),
                sum.unexpected,
                sum.expected,
                self.ending.name(),
                listed(&missing),
            ),
            Format::Jsonl => format!(
                "{}\n",
                json!({
                    "kind": "worlds", "verdict": self.ending.name(), "cases": self.cases, "worlds": sum.worlds, "lives": sum.lives,
                    "requests": sum.requests, "states": sum.states, "steps": sum.steps, "plan_lines_happened": sum.happened, "swept": swept_object(&sum.swept),
                    "violations": sum.unexpected, "violations_expected": sum.expected, "missing": missing,
                })
            ),
        };
        self.output.write(&text)?;
        Ok(self.ending)
    }
}

/// A case in which the harness panicked.
pub(super) fn harness_bug(id: &str, message: &str) -> String {
    format!("{BAD}harness bug{BAD:#} in {id}: {message}\n")
}

/// How a case ended.
pub(crate) fn ending(case: &TrialCase, hunt: &Hunt) -> Ending {
    let shows = |oracle: &Oracle| hunt.trophies.contains_key(oracle);
    if !hunt.differing.is_empty() {
        Ending::Nondeterministic
    } else if hunt.trophies.keys().any(|oracle| !case.allows(*oracle)) {
        Ending::Violated
    } else if !case.expected.is_empty() && !case.expected.iter().any(shows) {
        Ending::Missed
    } else if hunt.limited > 0 {
        Ending::Limit
    } else if !vacuity::of_case(case, hunt).is_empty() {
        Ending::Vacuous
    } else {
        Ending::Passed
    }
}

/// What was looked at by crashing worlds everywhere, for people; nothing where none was.
fn swept(swept: &SweptWorlds) -> String {
    if swept.worlds == 0 {
        return String::new();
    }
    let left_out = match swept.left_out {
        0 => String::new(),
        positions => format!(" and {} left out", grouped(positions)),
    };
    format!(
        ", {} swept: {}{left_out}, {}, {}, {} with {} of crashes amid them",
        counted(swept.worlds, "world"),
        counted(swept.crash_points, "crash point"),
        counted(swept.states, "state"),
        counted(swept.images, "new image"),
        counted(swept.starts, "start"),
        counted(swept.start_states, "state"),
    )
}

fn swept_object(swept: &SweptWorlds) -> serde_json::Value {
    json!({
        "worlds": swept.worlds, "crash_points": swept.crash_points, "left_out": swept.left_out, "states": swept.states,
        "images": swept.images, "starts": swept.starts, "start_states": swept.start_states,
    })
}

pub(super) fn human(
    selected: &SelectedWorlds,
    hunt: &Hunt,
    ending: Ending,
    elapsed: Duration,
    files: &BTreeMap<Oracle, PathBuf>,
) -> String {
    let case = &selected.case;
    let mut text = outline(case, hunt, ending, elapsed);
    for (oracle, trophy) in &hunt.trophies {
        if !case.allows(*oracle) || case.seeds == 1 {
            show(&mut text, selected, trophy, files.get(oracle));
        }
    }
    text
}

/// What came of a case in a line, and how runs of it differ, if they do.
pub(super) fn outline(case: &TrialCase, hunt: &Hunt, ending: Ending, elapsed: Duration) -> String {
    let style = if ending == Ending::Passed { GOOD } else { BAD };
    let mut text = format!(
        "{style}{:>12}{style:#} [{:>7.3}s] {}: {}",
        ending.name(),
        elapsed.as_secs_f64(),
        case.id,
        counted(hunt.worlds, "world"),
    );
    text.push_str(&swept(&hunt.swept));
    for (oracle, trophy) in &hunt.trophies {
        let _ = write!(text, " · {oracle} at seed {}", trophy.seed);
    }
    if hunt.limited > 0 {
        let _ = write!(text, " · {} ended by a limit", grouped(hunt.limited));
    }
    if let Some(seed) = hunt.first_limited {
        let _ = write!(text, ", first at seed {seed}");
    }
    text.push_str(&listed(&vacuity::of_case(case, hunt)));
    text.push('\n');
    for differing in &hunt.differing {
        let _ = writeln!(
            text,
            "{BAD}error[nondeterministic]{BAD:#}: seed {}: {}",
            differing.seed,
            difference(differing)
        );
    }
    text
}

/// How two runs of a seed differ.
fn difference(differing: &Nondeterminism) -> String {
    match &differing.how {
        Differing::Vanished(finding) => format!(
            "{} was seen once, and not again: expected {}, found {}",
            finding.oracle, finding.expected, finding.found
        ),
        Differing::Event(difference) => difference.to_string(),
        Differing::Unseen => "no event shows where".to_owned(),
        Differing::Crashes => {
            "what its crashes leave, or starts on that, was not the same twice".to_owned()
        }
    }
}

/// What was not met, behind the rest of a line.
fn listed(missing: &[String]) -> String {
    match missing {
        [] => String::new(),
        _ => format!(" · {}", missing.join(", ")),
    }
}

/// A trophy: what was expected and found, the script, the last events, and the commands to see it again.
fn show(text: &mut String, selected: &SelectedWorlds, trophy: &Trophy, file: Option<&PathBuf>) {
    let case = &selected.case;
    let place = format!("seed {}, life {}", trophy.seed, trophy.life + 1);
    let system = (case.ground.system.name(), &*case.ground.profile.name);
    evidence(text, system, &place, trophy, case.seeds == 1);
    let _ = writeln!(
        text,
        "\n{LABEL}reproduce:{LABEL:#} {}",
        selected.reproduce(trophy)
    );
    if let Some(file) = file {
        let path = shell_word(&file.display().to_string()).to_string();
        let _ = writeln!(text, "{LABEL}or:{LABEL:#} cargo xtask sim repro {path}");
    }
    text.push('\n');
}

/// What came of a replay, in full.
pub(super) fn describe(text: &mut String, replay: &Replay, trophy: &Trophy) {
    let place = format!("replayed, life {}", trophy.life + 1);
    let system = (replay.system.name(), &*replay.profile.name);
    evidence(text, system, &place, trophy, true);
}

fn evidence(
    text: &mut String,
    (system, disk): (&str, &str),
    place: &str,
    trophy: &Trophy,
    is_full: bool,
) {
    let finding = &trophy.finding;
    let (oracle, claim) = (finding.oracle, finding.oracle.claim());
    let _ = writeln!(text, "\n{BAD}error[{oracle}]{BAD:#}: {claim}");
    let _ = writeln!(text, "  {LABEL}-->{LABEL:#} {system} on {disk}, {place}");
    let _ = writeln!(text, "  {LABEL}script:{LABEL:#}");
    for line in trophy.script.to_string().lines() {
        let _ = writeln!(text, "      {}", brief(line));
    }
    let _ = writeln!(text, "  {LABEL}events:{LABEL:#}");
    let skipped = if is_full {
        0
    } else {
        trophy.events.len().saturating_sub(EVENTS_MAX)
    };
    if skipped > 0 {
        let _ = writeln!(
            text,
            "      {FAINT}… {} earlier{FAINT:#}",
            grouped(skipped as u64)
        );
    }
    for event in trophy.events.iter().skip(skipped) {
        let _ = writeln!(text, "      {}", brief(&event.to_string()));
    }
    if let Some(crash) = &trophy.crash {
        let _ = writeln!(text, "  {LABEL}crash:{LABEL:#} {crash}");
        for line in &crash.lost {
            let _ = writeln!(text, "      lost: {line}");
        }
        if let Some(Then::Crashed(crash)) = &crash.then {
            for line in &crash.lost {
                let _ = writeln!(text, "      then lost: {line}");
            }
        }
    }
    let (expected, found) = (brief(&finding.expected), brief(&finding.found));
    let _ = writeln!(text, "  {LABEL}expected:{LABEL:#} {expected}");
    let _ = writeln!(text, "  {LABEL}found:{LABEL:#} {found}");
}

pub(super) fn object(selected: &SelectedWorlds, hunt: &Hunt, ending: Ending) -> serde_json::Value {
    let case = &selected.case;
    let violations: Vec<_> = hunt
        .trophies
        .values()
        .map(|trophy| {
            json!({
                "oracle": trophy.finding.oracle.name(),
                "is_expected": case.allows(trophy.finding.oracle),
                "seed": trophy.seed,
                "seeds_to_find": trophy.seed.wrapping_sub(case.first_seed) + 1,
                "life": trophy.life + 1,
                "expected": trophy.finding.expected,
                "found": trophy.finding.found,
                "script": trophy.script.to_string(),
                "schedule": trophy.schedule.to_string(),
                "crash": trophy.crash.as_ref().map(|crash| json!({
                    "era": crash.era + 1, "position": crash.position, "kind": crash.kind.name(), "after": crash.after, "lost": crash.lost,
                    "within": crash.within.as_ref().map(|(write, end)| json!({ "write": write, "byte": end })),
                    "then": crash.then.as_ref().map(ToString::to_string),
                })),
                "fingerprint": trophy.fingerprint.to_string(),
                "replay": replay::text(case, trophy),
                "reproduce": selected.reproduce(trophy),
            })
        })
        .collect();
    json!({
        "kind": "world", "id": case.id, "verdict": ending.name(), "worlds": hunt.worlds, "lives": hunt.lives, "requests": hunt.requests,
        "states": hunt.states, "steps": hunt.steps, "plan_lines_happened": hunt.happened, "limited": hunt.limited, "first_limited": hunt.first_limited,
        "swept": swept_object(&hunt.swept), "missing": vacuity::of_case(case, hunt),
        "differing": hunt.differing.iter().map(|of| json!({ "seed": of.seed, "how": difference(of) })).collect::<Vec<_>>(),
        "violations": violations, "fingerprint": hunt.fingerprint.to_string(),
    })
}
