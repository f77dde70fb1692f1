//! How much more each model allows than was seen: a checked-in report, `looseness/MODEL.txt`. `REWRITE=1` writes it anew.
//!
//! Its first part tightens one rule at a time (see [`looseness`]) and names a recorded state that the stricter profile forbids. Where
//! there is none, the model is looser than everything that was seen, and a reason says why it stays so. The second part counts,
//! by program and interval, the states that are allowed beside those that were seen.

use std::path::PathBuf;

use plimsoll_faults::profile::Profile;
use plimsoll_faults::recorded::{Archive, Comparison, Observed, looseness};

use crate::read;

/// The program's name, and for each interval the number of states allowed and seen.
fn counts(observed: &Observed, profile: &Profile) -> String {
    let mut text = format!("{:40}", observed.program.name);
    let compared = Comparison::of(observed, profile).expect("the method does");
    for interval in compared.intervals {
        let allowed = interval.allowed.map(|count| count.to_string());
        let allowed = allowed.unwrap_or_else(|| "many".to_owned());
        text.push_str(&format!(" {allowed}/{}", interval.seen));
    }
    text
}

/// The report on one model, and what is looser without a reason.
fn report(model: &str) -> (String, Vec<String>) {
    let profile = Profile::named(model).expect("the profile ships");
    let archive = Archive::new(&read);
    let recordings = archive.of_model(model).expect("the recordings are there");
    let known = archive.known().expect("the list is there");
    let mut text = format!(
        "# {model}: rules made stricter one at a time, and what was seen that refutes each.\n"
    );
    let mut unexplained = Vec::new();
    for rule in looseness(&profile, &recordings, &known) {
        let label = &rule.rule;
        match (&rule.refuted, rule.reason) {
            (Some(state), None) => text.push_str(&format!("{label}\n    refuted by {state}\n")),
            (None, Some(why)) => {
                text.push_str(&format!("{label}\n    looser than what was seen: {why}\n"));
            }
            (None, None) => unexplained.push(format!(
                "{model}: {label} is not refuted, and no reason is given"
            )),
            (Some(state), Some(_)) => unexplained.push(format!(
                "{model}: {label} is refuted by {state}: drop the reason"
            )),
        }
    }
    text.push_str("\n# Programs: states allowed/seen at block granularity, for a crash after 0, 1, 2 and more steps.\n");
    for observed in &recordings {
        text.push_str(counts(observed, &profile).trim_end());
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
