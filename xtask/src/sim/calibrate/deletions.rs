//! The section on syncs that are left out.

use std::fmt::Write;

use plimsoll_sim::calibrate::{Deletion, delete_syncs};
use plimsoll_sim::case::{Case, Disk};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use serde::Serialize;

use crate::output::{BAD, FAINT, GOOD, LABEL};
use crate::report::jsonl;

/// What came of a mode of the reference.
pub(super) struct Mode {
    sut: String,
    /// What the run violates with all its syncs; the rest means nothing unless this is empty.
    violated: Vec<Oracle>,
    deletions: Vec<Deletion>,
}

#[derive(Serialize)]
struct DiskLine<'a> {
    r#type: &'static str,
    section: &'static str,
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

/// The first lines of the section.
pub(super) fn title(disks: &[String]) -> String {
    let mut text = format!(
        "{LABEL}Sync deletion{LABEL:#}: each sync of a run is dropped in turn; how many are noticed, by disk\n{:MODE_WIDTH$}",
        ""
    );
    for disk in disks {
        add(&mut text, &format!("  {disk}"));
    }
    text.push('\n');
    text
}

/// Width of the column of modes.
const MODE_WIDTH: usize = 34;

fn add(text: &mut String, more: &str) {
    text.write_str(more).expect("a String takes everything");
}

impl Mode {
    /// Drops each sync of the case's run in turn.
    pub(super) fn measure(case: &Case, disks: &[Disk]) -> Self {
        let violated = explore::violated(case);
        Self {
            sut: case.id.clone(),
            deletions: if violated.is_empty() {
                delete_syncs(case, disks)
            } else {
                Vec::new()
            },
            violated,
        }
    }

    /// Whether there are syncs, and every one is accounted for.
    pub(super) fn holds(&self) -> bool {
        self.violated.is_empty()
            && !self.deletions.is_empty()
            && self.deletions.iter().all(Deletion::is_explained)
    }

    fn detected(&self, disk: &str) -> usize {
        let noticed = |deletion: &&Deletion| deletion.is_noticed_on(disk);
        self.deletions.iter().filter(noticed).count()
    }

    /// A line of the table, and below it what is unexplained, or everything that is redundant.
    pub(super) fn human(&self, disks: &[String], verbose: bool) -> String {
        let mut text = format!("  {:<width$}", self.sut, width = MODE_WIDTH - 2);
        let total = self.deletions.len();
        for disk in disks {
            let score = format!("{}/{total}", self.detected(disk));
            add(&mut text, &format!("  {score:>width$}", width = disk.len()));
        }
        let style = if self.holds() { GOOD } else { BAD };
        let word = if self.holds() { "ok" } else { "FAILED" };
        add(&mut text, &format!("  {style}{word}{style:#}\n"));
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

    /// A line for each disk.
    pub(super) fn jsonl(&self, disks: &[String]) -> String {
        let line = |disk: &String| {
            jsonl::line(&DiskLine {
                r#type: "calibration",
                section: "sync-deletion",
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
        disks.iter().map(line).collect()
    }
}

fn deletion(text: &mut String, deletion: &Deletion, verbose: bool) {
    let explained = deletion.is_explained();
    if deletion.redundant.is_empty() || (explained && !verbose) {
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
        }
    }

    fn mode(deletions: Vec<Deletion>) -> Mode {
        Mode {
            sut: "reference-paper".to_owned(),
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
                &[("ext4-ordered", earlier()), ("xfs", Redundancy::Ordered)],
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
            &[("posix-minimal", Redundancy::Ordered), ("xfs", earlier())],
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
        let text = title(&disks()) + &good().human(&disks(), false) + &bad().human(&disks(), false);
        insta::assert_snapshot!("calibrate", plain(&text));
        insta::assert_snapshot!("calibrate_verbose", plain(&good().human(&disks(), true)));
        insta::assert_snapshot!("calibrate_jsonl", good().jsonl(&disks()));
    }
}
