//! The section on syncs that are left out.

use plimsoll_sim::calibrate::{Deletion, delete_syncs};
use plimsoll_sim::case::{Case, Disk};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use serde::Serialize;

use super::page::{self, Page, Row, add};
use super::section::Section;
use crate::catalogue;
use crate::exit::Ending;
use crate::output::{BAD, FAINT};
use crate::report::jsonl;

/// What came of a mode of the reference.
struct Mode {
    /// The mode, with what is special about the run behind it.
    name: String,
    sut: String,
    disks: Vec<String>,
    /// What the run violates with all its syncs; the rest means nothing unless this is empty.
    violated: Vec<Oracle>,
    deletions: Vec<Deletion>,
}

#[derive(Serialize)]
struct DiskLine<'a> {
    r#type: &'static str,
    section: &'static str,
    /// The run: a mode, with what is special about it.
    run: &'a str,
    sut: &'a str,
    disk: &'a str,
    holds: bool,
    detected: usize,
    total: usize,
    redundant: Vec<RedundantLine<'a>>,
}

#[derive(Serialize)]
struct RedundantLine<'a> {
    sync: &'a str,
    plan: String,
    reason: &'static str,
    explanation: String,
    /// Disks on which the same deletion is noticed.
    noticed_on: Vec<&'a str>,
    explained: bool,
}

/// Drops each sync of each mode in turn.
pub(super) fn print(page: &mut Page<'_>) -> anyhow::Result<()> {
    let disks = catalogue::calibration_disks();
    let cases: Vec<Case> = catalogue::sync_deletion_cases()
        .into_iter()
        .filter(|case| page.is_wanted(name(case)))
        .collect();
    if !cases.is_empty() {
        let names: Vec<String> = disks.iter().map(Disk::name).collect();
        let about = "each sync of a run is dropped in turn; how many are noticed, by disk";
        page.title("Sync deletion", about, &names)?;
    }
    for case in &cases {
        page.row(&Mode::measure(case, &disks))?;
    }
    Ok(())
}

/// The name of a run, which its id has behind the word that all of them share.
fn name(case: &Case) -> &str {
    case.id
        .split_once('/')
        .map_or(case.id.as_str(), |(_, name)| name)
}

impl Mode {
    /// Drops each sync of the case's run in turn.
    fn measure(case: &Case, disks: &[Disk]) -> Self {
        let violated = explore::violated(case);
        Self {
            name: name(case).to_owned(),
            sut: case.sut.name().to_owned(),
            disks: disks.iter().map(Disk::name).collect(),
            deletions: if violated.is_empty() {
                delete_syncs(case, disks)
            } else {
                Vec::new()
            },
            violated,
        }
    }

    /// Whether there are syncs, and every one is accounted for.
    fn holds(&self) -> bool {
        self.ending() == Ending::Passed
    }

    fn detected(&self, disk: &str) -> usize {
        let noticed = |deletion: &&Deletion| deletion.is_noticed_on(disk);
        self.deletions.iter().filter(noticed).count()
    }
}

impl Row for Mode {
    fn ending(&self) -> Ending {
        let is_vacuous = |deletion: &Deletion| !deletion.vacuous.is_empty();
        let is_unexplained = |deletion: &&Deletion| !deletion.is_explained();
        let mut unexplained = self.deletions.iter().filter(is_unexplained);
        if !self.violated.is_empty() || unexplained.any(|deletion| !is_vacuous(deletion)) {
            Ending::Violated
        } else if self.deletions.is_empty() || self.deletions.iter().any(is_vacuous) {
            Ending::Vacuous
        } else {
            Ending::Passed
        }
    }

    fn human(&self, verbose: bool) -> String {
        let total = self.deletions.len();
        let score = |disk: &String| format!("{}/{total}", self.detected(disk));
        let cells: Vec<String> = self.disks.iter().map(score).collect();
        let mut text = page::line(&self.name, &cells, &self.disks, self.ending());
        if !self.violated.is_empty() {
            let names: Vec<&str> = self.violated.iter().map(|oracle| oracle.name()).collect();
            let names = names.join(", ");
            add(
                &mut text,
                &format!("      violates {names} with all its syncs\n"),
            );
        }
        for deletion in &self.deletions {
            self::deletion(&mut text, deletion, verbose);
        }
        text
    }

    fn jsonl(&self) -> String {
        let line = |disk: &String| {
            jsonl::line(&DiskLine {
                r#type: "calibration",
                section: Section::SyncDeletion.name(),
                run: &self.name,
                sut: &self.sut,
                disk,
                holds: self.holds(),
                detected: self.detected(disk),
                total: self.deletions.len(),
                redundant: self
                    .deletions
                    .iter()
                    .filter_map(|deletion| redundant(deletion, disk))
                    .collect(),
            })
        };
        self.disks.iter().map(line).collect()
    }
}

fn deletion(text: &mut String, deletion: &Deletion, verbose: bool) {
    let explained = deletion.is_explained();
    let is_all = deletion.redundant.is_empty() && deletion.vacuous.is_empty();
    if explained && (is_all || !verbose) {
        return;
    }
    let style = if explained { FAINT } else { BAD };
    let noticed: Vec<String> = deletion
        .noticed
        .iter()
        .map(|(disk, oracle)| format!("{disk} ({oracle})"))
        .collect();
    let noticed = match noticed.as_slice() {
        [] => "nowhere".to_owned(),
        _ => format!("on {}", noticed.join(", ")),
    };
    let (plan, site) = (&deletion.plan, &deletion.site);
    add(
        text,
        &format!("      {style}{plan}{style:#}: {site}: noticed {noticed}\n"),
    );
    // Disks with one reason share a line.
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for (disk, redundancy) in &deletion.redundant {
        let reason = redundancy.to_string();
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, disks)) => disks.push(disk),
            None => reasons.push((reason, vec![disk])),
        }
    }
    for (reason, disks) in reasons {
        let disks = disks.join(", ");
        add(text, &format!("        redundant on {disks}: {reason}\n"));
    }
    for (disk, redundancy) in &deletion.contradicted {
        add(
            text,
            &format!("        noticed on {disk}, and shown to be redundant there: {redundancy}\n"),
        );
    }
    for disk in &deletion.vacuous {
        add(text, &format!("        nothing was dropped on {disk}\n"));
    }
}

fn redundant<'a>(deletion: &'a Deletion, disk: &str) -> Option<RedundantLine<'a>> {
    let (_, redundancy) = deletion.redundant.iter().find(|(name, _)| name == disk)?;
    Some(RedundantLine {
        sync: &deletion.site,
        plan: deletion.plan.to_string(),
        reason: redundancy.name(),
        explanation: redundancy.to_string(),
        noticed_on: deletion
            .noticed
            .iter()
            .map(|(name, _)| name.as_str())
            .collect(),
        explained: deletion.is_explained(),
    })
}

#[cfg(test)]
mod tests {
    use plimsoll_sim::calibrate::{Call, Redundancy};

    use super::*;

    fn deletion(noticed: &[&str], redundant: &[(&str, Redundancy)]) -> Deletion {
        Deletion {
            plan: "sync #6 drop".parse().expect("a plan"),
            site: "fsyncdir data".to_owned(),
            noticed: noticed
                .iter()
                .map(|&disk| (disk.to_owned(), Oracle::D1))
                .collect(),
            redundant: redundant
                .iter()
                .map(|(disk, redundancy)| ((*disk).to_owned(), redundancy.clone()))
                .collect(),
            contradicted: Vec::new(),
            vacuous: Vec::new(),
        }
    }

    fn mode(deletions: Vec<Deletion>) -> Mode {
        Mode {
            name: "reference-paper".to_owned(),
            sut: "reference-paper".to_owned(),
            disks: disks(),
            violated: Vec::new(),
            deletions,
        }
    }

    fn earlier() -> Redundancy {
        Redundancy::Earlier(Call {
            operation: 5,
            text: "fsync data/log".to_owned(),
        })
    }

    fn disks() -> Vec<String> {
        ["posix-minimal", "ext4-ordered", "xfs"]
            .map(str::to_owned)
            .to_vec()
    }

    /// One that is noticed everywhere, one that some disks do not need, one that is nowhere needed and known not to be.
    fn good() -> Mode {
        mode(vec![
            deletion(&["posix-minimal", "ext4-ordered", "xfs"], &[]),
            deletion(
                &["posix-minimal"],
                &[("ext4-ordered", earlier()), ("xfs", Redundancy::Needed)],
            ),
            deletion(
                &[],
                &[
                    ("posix-minimal", earlier()),
                    ("ext4-ordered", earlier()),
                    ("xfs", Redundancy::Idle),
                ],
            ),
        ])
    }

    fn bad() -> Mode {
        mode(vec![deletion(
            &[],
            &[("posix-minimal", Redundancy::Needed), ("xfs", earlier())],
        )])
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn what_nobody_notices_must_be_explained() {
        assert!(good().holds());
        assert!(!bad().holds());
        assert!(!mode(Vec::new()).holds(), "without a sync nothing is shown");
    }

    #[test]
    fn the_table_says_what_was_noticed_and_why_the_rest_was_not() {
        let title = page::heading("Sync deletion", "about", &disks());
        let text = title + &good().human(false) + &bad().human(false);
        insta::assert_snapshot!("calibrate", plain(&text));
        insta::assert_snapshot!("calibrate_verbose", plain(&good().human(true)));
        insta::assert_snapshot!("calibrate_jsonl", good().jsonl());
    }

    #[test]
    fn a_sync_that_was_not_dropped_says_nothing() {
        let mut mode = good();
        mode.deletions[0].vacuous.push("xfs".to_owned());
        assert_eq!(mode.ending(), Ending::Vacuous);
        let text = plain(&mode.human(false));
        assert!(text.contains("nothing was dropped on xfs"), "{text}");
        assert_eq!(bad().ending(), Ending::Violated);
    }
}
