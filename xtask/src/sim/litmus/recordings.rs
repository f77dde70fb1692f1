//! What disks allow beside what was recorded on the file systems that they model.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_faults::profile::Profile;
use plimsoll_faults::recorded::{
    Archive, ArchiveError, Comparison, IntervalCount, Looseness, MODELS, Observed, looseness,
};
use serde::Serialize;

use crate::exit::{Ending, Exit};
use crate::output::{BAD, LABEL, Output, Refusal};
use crate::report::jsonl;
use crate::sim::options::Format;
use crate::text::{counted, glob_matches};

/// Where the recordings that ship lie in the repository.
pub(super) const FOLDER: &str = "faults/tests/realfs";

/// What is compared, and how it is shown.
pub(super) struct Recordings<'a> {
    /// The folder of the recordings.
    pub(super) folder: &'a str,
    /// Programs; all when there is none.
    pub(super) filters: &'a [String],
    /// Whether each program is shown.
    pub(super) all: bool,
    pub(super) format: Format,
}

#[derive(Serialize)]
struct ProgramLine<'a> {
    r#type: &'static str,
    disk: &'a str,
    file: &'a str,
    program: &'a str,
    /// By number of steps that had returned; `null` where states are too many to count.
    allowed: Vec<Option<usize>>,
    seen: Vec<usize>,
    /// Seen and not allowed.
    forbidden: Vec<String>,
}

#[derive(Serialize)]
struct RuleLine<'a> {
    r#type: &'static str,
    disk: &'a str,
    stricter: &'a str,
    refuted_by: Option<&'a str>,
    reason: Option<&'a str>,
}

/// Everything about one disk.
struct Model {
    profile: Arc<Profile>,
    programs: Vec<(Observed, Comparison)>,
    /// Empty where only some programs were asked for: what the others show may speak against a stricter rule.
    rules: Vec<Looseness>,
    /// Lines of what was seen and is not allowed, and not known to be so.
    new: Vec<String>,
}

impl Recordings<'_> {
    /// Compares all that these profiles model, and prints it.
    pub(super) fn run(
        &self,
        profiles: &[Arc<Profile>],
        output: &mut Output,
    ) -> anyhow::Result<Exit> {
        let is_model = |profile: &&Arc<Profile>| MODELS.contains(&profile.name.as_str());
        let mut ending = Ending::Passed;
        let mut programs = 0;
        for profile in profiles.iter().filter(is_model) {
            let model = self.model(profile)?;
            programs += model.programs.len();
            if !model.new.is_empty() || model.rules.iter().any(|rule| !rule.is_explained()) {
                ending = Ending::Violated;
            }
            output.write(&match self.format {
                Format::Human => human(&model, self.all),
                Format::Jsonl => lines(&model),
            })?;
        }
        if programs == 0 {
            let message = format!(
                "no recording is left\n  recorded were {}, in {}",
                MODELS.join(", "),
                self.folder
            );
            return Err(Refusal::new(Exit::NothingSelected, message).into());
        }
        Ok(ending.exit())
    }

    fn model(&self, profile: &Arc<Profile>) -> Result<Model, Refusal> {
        let root = root(self.folder);
        let read = |path: &str| -> io::Result<String> { std::fs::read_to_string(root.join(path)) };
        let archive = Archive::new(&read);
        let refuse = |error: ArchiveError| {
            let cause = std::error::Error::source(&error);
            let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
            Refusal::new(Exit::Usage, format!("in {}: {error}{cause}", self.folder))
        };
        let known = archive.known().map_err(refuse)?;
        let mut recorded = archive.of_model(&profile.name).map_err(refuse)?;
        let rules = if self.filters.is_empty() {
            looseness(profile, &recorded, &known)
        } else {
            let is_wanted = |observed: &Observed| self.wants(&observed.program.name);
            recorded.retain(is_wanted);
            Vec::new()
        };
        let (mut programs, mut new) = (Vec::new(), Vec::new());
        for observed in recorded {
            let compared = Comparison::of(&observed, profile).ok_or_else(|| {
                let name = &observed.program.name;
                let message = format!("{}: {name} has too many states to compare", observed.file);
                Refusal::new(Exit::Usage, message)
            })?;
            let forbidden = compared.forbidden.iter();
            let lines = forbidden.map(|(after, state)| observed.line(*after, state));
            new.extend(lines.filter(|line| !known.contains(line)));
            programs.push((observed, compared));
        }
        Ok(Model {
            profile: Arc::clone(profile),
            programs,
            rules,
            new,
        })
    }

    fn wants(&self, name: &str) -> bool {
        let matches = |filter: &String| {
            if filter.contains(['*', '?']) {
                glob_matches(filter, name)
            } else {
                name.contains(filter.as_str())
            }
        };
        self.filters.iter().any(matches)
    }
}

/// A folder as it was given, or from the root of the repository.
fn root(folder: &str) -> PathBuf {
    if folder == FOLDER && !Path::new(folder).exists() {
        return Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(folder);
    }
    PathBuf::from(folder)
}

fn human(model: &Model, all: bool) -> String {
    let name = &model.profile.name;
    let (mut allowed, mut seen, mut uncounted, mut forbidden) = (0, 0, 0, 0);
    let mut text = String::new();
    for (observed, compared) in &model.programs {
        seen += compared.total.seen as u64;
        forbidden += compared.forbidden.len() as u64;
        match compared.total.allowed {
            Some(count) => allowed += count as u64,
            None => uncounted += 1,
        }
        if all {
            let counts: Vec<String> = compared.intervals.iter().map(beside).collect();
            line(
                &mut text,
                &format!("  {:32} {}", observed.program.name, counts.join(" ")),
            );
        }
    }
    let mut head = format!(
        "{LABEL}{name}{LABEL:#}: {}: {} seen, {allowed} allowed; {forbidden} seen and not allowed, {} of them new\n",
        counted(model.programs.len() as u64, "recorded program"),
        counted(seen, "state"),
        model.new.len(),
    );
    if uncounted > 0 {
        line(
            &mut head,
            &format!(
                "  {} with too many states to count",
                counted(uncounted, "program")
            ),
        );
    }
    if all {
        line(
            &mut head,
            "  states allowed/seen, for a crash after 0, 1, 2 and more steps:",
        );
    }
    text.insert_str(0, &head);
    for one in &model.new {
        line(
            &mut text,
            &format!("  {BAD}seen and not allowed{BAD:#}: {one}"),
        );
    }
    rules(model, all, &mut text);
    text
}

fn rules(model: &Model, all: bool, text: &mut String) {
    if model.rules.is_empty() {
        return;
    }
    let refuted = model
        .rules
        .iter()
        .filter(|rule| rule.refuted.is_some())
        .count();
    line(
        text,
        &format!(
            "  of {} that could be stricter, {refuted} must not be: something seen speaks against it",
            counted(model.rules.len() as u64, "rule"),
        ),
    );
    for rule in &model.rules {
        let label = &rule.rule;
        match (&rule.refuted, rule.reason) {
            (Some(state), None) if all => line(text, &format!("    {label}: refuted by {state}")),
            (Some(_), None) => {}
            (None, Some(why)) => line(
                text,
                &format!("    {label}: looser than what was seen: {why}"),
            ),
            (None, None) => line(
                text,
                &format!(
                    "    {BAD}{label}: nothing seen speaks against it, and no reason is given{BAD:#}"
                ),
            ),
            (Some(state), Some(_)) => line(
                text,
                &format!(
                    "    {BAD}{label}: refuted by {state}, and a reason is given for what is not so{BAD:#}"
                ),
            ),
        }
    }
}

fn beside(count: &IntervalCount) -> String {
    match count.allowed {
        Some(allowed) => format!("{allowed}/{}", count.seen),
        None => format!("many/{}", count.seen),
    }
}

fn lines(model: &Model) -> String {
    let disk = model.profile.name.as_str();
    let mut text = String::new();
    for (observed, compared) in &model.programs {
        let forbidden = compared.forbidden.iter();
        text.push_str(&jsonl::line(&ProgramLine {
            r#type: "recording",
            disk,
            file: &observed.file,
            program: &observed.program.name,
            allowed: compared.intervals.iter().map(|one| one.allowed).collect(),
            seen: compared.intervals.iter().map(|one| one.seen).collect(),
            forbidden: forbidden
                .map(|(after, state)| observed.line(*after, state))
                .collect(),
        }));
    }
    for rule in &model.rules {
        text.push_str(&jsonl::line(&RuleLine {
            r#type: "rule",
            disk,
            stricter: &rule.rule,
            refuted_by: rule.refuted.as_deref(),
            reason: rule.reason,
        }));
    }
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_program_is_shown_beside_what_is_allowed() {
        let filters = ["arvr-nosync".to_owned()];
        let recordings = Recordings {
            folder: FOLDER,
            filters: &filters,
            all: true,
            format: Format::Human,
        };
        let xfs = Profile::named("xfs").expect("it ships");
        let model = recordings.model(&xfs).expect("the recordings are there");
        assert!(model.new.is_empty());
        insta::assert_snapshot!("recordings_human", human(&model, true));
        insta::assert_snapshot!("recordings_jsonl", lines(&model));
    }
}
