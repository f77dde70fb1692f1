//! How much more each model allows than was seen: a checked-in report, `looseness/MODEL.txt`. `REWRITE=1` writes it anew.
//!
//! Its first part tightens one rule at a time (see [`tightened`]) and names a recorded state that the stricter profile forbids. Where
//! there is none, the model is looser than everything that was seen, and [`REASONS`] says why it stays so. The second part counts,
//! by program and interval, the states that are allowed beside those that were seen.

use std::collections::BTreeSet;
use std::path::PathBuf;

use plimsoll_faults::litmus::{Tree, tightened};
use plimsoll_faults::profile::Profile;

use crate::membership::Allowed;
use crate::recording::{Observed, load};
use crate::split::Timeline;
use crate::{known, record, recordings};

/// Rules that could be stricter and still allow everything that was seen: model, rule, and why it is not.
const REASONS: &[(&str, &str, &str)] = &[
    (
        "ext4-ordered",
        "size_grows_by_block = false",
        "the length follows each extent that is mapped, and a write on a fragmented disk gets several; the recorded disks were empty",
    ),
    (
        "ext4-writeback",
        "size_grows_by_block = false",
        "the length follows each extent that is mapped, and a write on a fragmented disk gets several; the recorded disks were empty",
    ),
    (
        "xfs",
        "size_grows_by_block = false",
        "the length is set when an I/O ends and a long append is several, but the recorded appends are of a few blocks, written at once",
    ),
    (
        "xfs",
        "fdatasync_covers with AllMetadata",
        "the log is forced up to the last change of the file; no recording lost what others changed between that and its fdatasync",
    ),
    (
        "xfs",
        "fsync_dir_covers with OwnNames",
        "no looser at all: the name of a directory was logged before its last change, which `prior-metadata` covers",
    ),
    (
        "xfs",
        "fsync_dir_covers with AllMetadata",
        "the log is forced up to the last change of the directory, so one that has not changed covers nothing, which was seen; no \
         recording has a changed one with later changes elsewhere that were lost",
    ),
    (
        "btrfs",
        "size_grows_by_block = false",
        "the length is set when an ordered extent ends and a long append may be several, but the recorded appends are of a few blocks",
    ),
    (
        "btrfs",
        "fsync_dir_covers with OwnNames",
        "no looser at all: a log that holds a directory's entries holds the names that lead to it",
    ),
];

/// One recorded program, ready to be asked.
struct Subject {
    file: String,
    observed: Observed,
    timeline: Timeline,
}

impl Subject {
    fn all(model: &str) -> Vec<Self> {
        let mut subjects = Vec::new();
        for file in recordings(model) {
            for observed in load(&file) {
                subjects.push(Self {
                    file: file.clone(),
                    timeline: Timeline::new(&record(&observed)),
                    observed,
                });
            }
        }
        subjects
    }

    fn allowed(&self, after: usize, profile: &Profile) -> Vec<Allowed> {
        let positions = self.timeline.positions(after);
        positions
            .map(|position| Allowed::at(&self.timeline, position, profile))
            .collect()
    }

    /// Something that was seen and that this profile forbids. What the shipped one forbids too says nothing.
    fn refutes(&self, profile: &Profile, known: &BTreeSet<String>) -> Option<String> {
        let name = &self.observed.program.name;
        for (after, states) in self.observed.intervals.iter().enumerate() {
            let allowed = self.allowed(after, profile);
            for state in states {
                let tree = Tree::parse(state).expect("a recorded state");
                let line = format!("{} {name} after {after}: {state}", self.file);
                if !known.contains(&line) && !allowed.iter().any(|allowed| allowed.contains(&tree))
                {
                    return Some(format!("{name} after {after}: {state}"));
                }
            }
        }
        None
    }

    /// The program's name, and for each interval the number of states allowed and seen.
    fn counts(&self, profile: &Profile) -> String {
        let mut text = format!("{:40}", self.observed.program.name);
        for (after, states) in self.observed.intervals.iter().enumerate() {
            let mut counted = BTreeSet::new();
            let allowed = self.allowed(after, profile);
            let count = if allowed.iter().all(|allowed| allowed.count(&mut counted)) {
                counted.len().to_string()
            } else {
                "many".to_owned()
            };
            text.push_str(&format!(" {count}/{}", states.len()));
        }
        text
    }
}

/// The report on one model, and what is looser without a reason.
fn report(model: &str) -> (String, Vec<String>) {
    let profile = Profile::named(model).expect("the profile ships");
    let (subjects, known) = (Subject::all(model), known());
    let mut text = format!(
        "# {model}: rules made stricter one at a time, and what was seen that refutes each.\n"
    );
    let mut unexplained = Vec::new();
    for (rule, stricter) in tightened(&profile) {
        let refuted = subjects
            .iter()
            .find_map(|subject| subject.refutes(&stricter, &known));
        let reason = REASONS
            .iter()
            .find(|(of, label, _)| *of == model && *label == rule);
        match (refuted, reason) {
            (Some(state), None) => text.push_str(&format!("{rule}\n    refuted by {state}\n")),
            (None, Some((_, _, why))) => {
                text.push_str(&format!("{rule}\n    looser than what was seen: {why}\n"))
            }
            (None, None) => unexplained.push(format!(
                "{model}: {rule} is not refuted, and no reason is given"
            )),
            (Some(state), Some(_)) => unexplained.push(format!(
                "{model}: {rule} is refuted by {state}: drop the reason"
            )),
        }
    }
    text.push_str("\n# Programs: states allowed/seen at block granularity, for a crash after 0, 1, 2 and more steps.\n");
    for subject in &subjects {
        text.push_str(subject.counts(&profile).trim_end());
        text.push('\n');
    }
    (text, unexplained)
}

fn check(model: &str) {
    let (text, unexplained) = report(model);
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    let path: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "tests/realfs/looseness",
        &format!("{model}.txt"),
    ]
    .iter()
    .collect();
    #[expect(
        clippy::disallowed_methods,
        reason = "the one way to ask a test to rewrite what it expects"
    )]
    let rewrite = std::env::var("REWRITE").is_ok();
    if rewrite {
        std::fs::create_dir_all(path.parent().expect("it lies in a folder"))
            .expect("tests may be rewritten");
        std::fs::write(path, text).expect("tests may be rewritten");
        return;
    }
    let old = std::fs::read_to_string(&path).expect("the report is checked in");
    let changed = old.lines().zip(text.lines()).find(|(old, new)| old != new);
    assert!(
        old == text,
        "the report is out of date (REWRITE=1 writes it): {changed:?}"
    );
}

#[test]
fn looseness_of_ext4_ordered() {
    check("ext4-ordered");
}

#[test]
fn looseness_of_ext4_writeback() {
    check("ext4-writeback");
}

#[test]
fn looseness_of_xfs() {
    check("xfs");
}

#[test]
fn looseness_of_btrfs() {
    check("btrfs");
}
