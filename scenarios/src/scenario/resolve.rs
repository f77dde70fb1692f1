//! From the keys of a file to a scenario: every name is looked up, and the first that is wrong is reported.

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::plan::{Effect, Fault};
use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::{Disk, ErrorSweep, Expect, Limits};
use toml::Spanned;

use super::Scenario;
use super::faults::{FaultEntry, plan};
use super::file::{self, File};
use super::steps::workload;
use super::sync_failures::fsync_failures;
use crate::diagnostic::{Complaint, ScenarioError, did_you_mean};
use crate::keys::{
    self, Resolved, Text, Verdict, Wrong, sentence, stem, toml_error, verdict, version, wrong,
};
use crate::registry::Registry;

/// What follows the name of a disk whose syncs lie.
const LYING: &str = "+lying";

pub(super) fn parse(
    file_name: &str,
    text: &str,
    registry: &Registry,
) -> Result<Scenario, ScenarioError> {
    resolve(file_name, text, registry)
        .map_err(|(span, complaint)| ScenarioError::new(file_name, text, span, complaint))
}

fn resolve(file_name: &str, text: &str, registry: &Registry) -> Resolved<Scenario> {
    let file: File = toml::from_str(text)
        .map_err(|error| toml_error(error.message(), error.span(), file::TOP_LEVEL))?;
    version(&file.version)?;
    let crashes = match &file.crashes {
        Some(texts) => Some((kinds(texts)?, texts)),
        None => None,
    };
    let chosen = crashes.as_ref().map(|(kinds, texts)| (&**kinds, *texts));
    let disks = disk_list("disks", &file.disks, chosen, registry)?;
    if let Some((_, texts)) = &crashes
        && disks.iter().all(|disk| disk.kinds == [CrashKind::Lying])
    {
        let complaint = Complaint::new("`crashes` chooses nothing: every disk lies")
            .help("remove it, or add a disk that does not lie");
        return wrong(texts.span(), complaint);
    }
    let targets = match &file.targets {
        Some(targets) => disk_list("targets", targets, chosen, registry)?,
        None => disks.clone(),
    };
    let plan = plan(text, &file.faults, file.space.as_ref())?;
    evictable(text, &file.faults, &disks)?;
    let sut = file.sut.get_ref();
    Ok(Scenario {
        name: stem(file_name).to_owned(),
        group: String::new(),
        title: sentence("title", &file.title)?,
        why: sentence("why", &file.why)?,
        left_out: match &file.left_out {
            Some(text) => Some(sentence("left_out", text)?),
            None => None,
        },
        sut: registry.sut(sut).map_err(|_| {
            let known: Vec<&str> = registry.sut_names().collect();
            (
                Some(file.sut.span()),
                Complaint::unknown("store", sut, &known),
            )
        })?,
        workload: workload(&file.workload)?,
        plan,
        fsync_failures: fsync_failures(file.fsync_failures.as_ref(), file.errors.as_ref())?,
        errors: errors(file.errors.as_ref())?,
        damage: file.damage,
        disks,
        targets,
        nightly: file.nightly,
        expect: expect(&file.expect)?,
        limits: limits(&file.limits),
    })
}

/// A step that does not parse. Its error says after a semicolon what would.
pub(super) fn unparsable(text: &Text, error: &str, grammar: &str, known: &[&str]) -> Wrong {
    let (message, help) = match error.find(grammar) {
        Some(at) => (error[..at].trim_end_matches("; "), error[at..].to_owned()),
        None => (error, String::new()),
    };
    let is_unknown = |word: &&str| !known.contains(word);
    // The first word says what is meant, the last one how it ends.
    let words: Vec<&str> = text.get_ref().split_whitespace().collect();
    let near = [words.first(), words.last()]
        .into_iter()
        .flatten()
        .copied()
        .filter(is_unknown)
        .find_map(|word| did_you_mean(word, known));
    let help = match near {
        Some(near) => format!("did you mean {near}?"),
        None => help,
    };
    (Some(text.span()), Complaint::new(message).help(help))
}

fn errors(text: Option<&Text>) -> Resolved<ErrorSweep> {
    match text.map(|text| (text.get_ref().as_str(), text.span())) {
        None | Some(("none", _)) => Ok(ErrorSweep::None),
        Some(("every", _)) => Ok(ErrorSweep::Every),
        Some(("all", _)) => Ok(ErrorSweep::All),
        Some(("space", _)) => Ok(ErrorSweep::Space),
        Some((other, span)) => wrong(
            span,
            Complaint::unknown("error sweep", other, &["every", "all", "space", "none"]),
        ),
    }
}

fn kinds(texts: &Spanned<Vec<Text>>) -> Resolved<Vec<CrashKind>> {
    let known: Vec<&str> = CrashKind::ALL
        .iter()
        .filter(|kind| **kind != CrashKind::Lying)
        .map(|kind| kind.name())
        .collect();
    let mut kinds = Vec::new();
    for text in texts.get_ref() {
        let name = text.get_ref().as_str();
        match name.parse::<CrashKind>() {
            Ok(CrashKind::Lying) => {
                let complaint = Complaint::new("only a disk can lie")
                    .help(format!("add `{LYING}` to the name of a disk instead"));
                return wrong(text.span(), complaint);
            }
            Ok(kind) => kinds.push(kind),
            Err(_) => {
                return wrong(
                    text.span(),
                    Complaint::unknown("kind of crash", name, &known),
                );
            }
        }
    }
    if kinds.is_empty() {
        let complaint = Complaint::new("there is no crash in `crashes`")
            .help(format!("these are known: {}", known.join(", ")));
        return wrong(texts.span(), complaint);
    }
    Ok(kinds)
}

fn disk_list(
    key: &str,
    texts: &Spanned<Vec<Text>>,
    crashes: Option<(&[CrashKind], &Spanned<Vec<Text>>)>,
    registry: &Registry,
) -> Resolved<Vec<Disk>> {
    if texts.get_ref().is_empty() {
        let complaint =
            Complaint::new(format!("there is no disk in `{key}`")).help("name at least one");
        return wrong(texts.span(), complaint);
    }
    let mut disks: Vec<Disk> = Vec::new();
    for text in texts.get_ref() {
        let name = text.get_ref().as_str();
        let lies = name.strip_suffix(LYING);
        let Some(profile) = registry.profile(lies.unwrap_or(name)) else {
            let known: Vec<String> = registry
                .profile_names()
                .flat_map(|name| [name.to_owned(), format!("{name}{LYING}")])
                .collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return wrong(text.span(), Complaint::unknown("disk", name, &known));
        };
        let kinds = match (lies, crashes) {
            (Some(_), _) => vec![CrashKind::Lying],
            (None, Some((crashes, texts))) => {
                applicable(&profile, crashes, texts)?;
                crashes.to_vec()
            }
            (None, None) => profile.honest_crashes(),
        };
        let disk = Disk { profile, kinds };
        if disks.iter().any(|other| other.name() == disk.name()) {
            return wrong(
                text.span(),
                Complaint::new(format!("disk `{name}` is there twice")),
            );
        }
        disks.push(disk);
    }
    Ok(disks)
}

/// Refuses an eviction on a disk that has no server to evict anybody.
fn evictable(text: &str, entries: &[Spanned<FaultEntry>], disks: &[Disk]) -> Resolved<()> {
    let is_local = |disk: &&Disk| !disk.profile.crashes().contains(&CrashKind::Eviction);
    let Some(disk) = disks.iter().find(is_local) else {
        return Ok(());
    };
    let evicts = |fault: &Fault| matches!(fault.effect, Effect::Evict { .. });
    for entry in entries {
        if plan(text, std::slice::from_ref(entry), None)?
            .faults
            .iter()
            .any(evicts)
        {
            let message = format!("`{}` has no eviction", disk.profile.name);
            let complaint = Complaint::new(message)
                .help("evict on disks whose kinds of crash have it, such as `lustre-2.16`");
            return wrong(entry.span(), complaint);
        }
    }
    Ok(())
}

/// Refuses a kind of crash that a disk cannot go through.
fn applicable(
    profile: &Profile,
    crashes: &[CrashKind],
    texts: &Spanned<Vec<Text>>,
) -> Resolved<()> {
    let known = profile.crashes();
    match crashes.iter().position(|kind| !known.contains(kind)) {
        None => Ok(()),
        Some(index) => {
            let names: Vec<&str> = known.iter().map(|kind| kind.name()).collect();
            let message = format!("`{}` has no {}", profile.name, crashes[index]);
            let complaint = Complaint::new(message)
                .help(format!("its kinds of crash are {}", names.join(", ")));
            wrong(texts.get_ref()[index].span(), complaint)
        }
    }
}

fn limits(keys: &file::Limits) -> Limits {
    let default = Limits::default();
    Limits {
        exhaustive_states: keys.exhaustive_states.unwrap_or(default.exhaustive_states),
        samples: keys.samples.unwrap_or(default.samples),
        depth: keys.depth.unwrap_or(default.depth),
        nested_states: keys.nested_states.unwrap_or(default.nested_states),
        states_max: keys.states_max.unwrap_or(default.states_max),
        sweep_one_in: default.sweep_one_in,
    }
}

fn expect(expect: &keys::Expect) -> Resolved<Expect> {
    if let Some(beside) = &expect.beside {
        let complaint = Complaint::new("`beside` is for scenarios of worlds")
            .help("here any of `oracles` will do");
        return wrong(beside.span(), complaint);
    }
    let known = ["pass", "violation", "portability"];
    Ok(match verdict(expect, &known)? {
        Verdict::Pass => Expect::Pass,
        Verdict::Violation(oracles) => Expect::Violation(oracles),
        Verdict::Portability(oracles) => Expect::Portability(oracles),
    })
}
