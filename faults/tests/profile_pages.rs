//! Every profile that ships has a page in `docs/profiles`, and the outcomes on it are those of the litmus tests.

use std::path::PathBuf;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::litmus::{Case, catalogue};
use plimsoll_faults::profile::Profile;

/// What a page is made of, in this order.
const HEADINGS: &[&str] = &[
    "## What survives",
    "## What may not",
    "## The safe recipe",
    "## Outcomes",
    "## Not modelled",
    "## Sources",
];

/// The litmus tests on a page, as far as they list the profile: what a store does most.
const CASES: &[&str] = &[
    "create-fsync",
    "arvr-nosync",
    "arvr-fsync",
    "arvr-other-fsync",
    "acvr-nosync",
    "append-in-block",
    "append-new-block",
    "overwrite-same-file",
    "truncate-rewrite",
    "fallocate",
    "wal-recycle-fdatasync",
    "dsync-rename",
    "unlink-before-rename",
    "rename-fsync",
    "rename-across",
    "link-fsync",
    "mkdir-chain",
    "dirsync-noop",
    "dirsync-commits",
    "fsync-once",
    "fdatasync-rename-fsync",
    "marker-commit",
    "stripes",
    "nfs-close-to-open",
    "nfs-resend",
    "silly-rename",
    "evict-then-fsync",
];

/// States beyond which a row says only how many there are.
const STATES_MAX: usize = 16;

const BEGIN: &str =
    "<!-- generated: REWRITE=1 cargo nextest run -p plimsoll-faults profile_pages -->\n";
const END: &str = "<!-- end -->\n";

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "docs", "profiles"]
        .iter()
        .collect()
}

/// The rows of one profile, from the lists that other tests hold the model to.
fn table(profile: &str) -> String {
    let cases = catalogue();
    let mut text = String::new();
    for name in CASES {
        let named = |case: &&Case| case.program.name == *name;
        let case = cases.iter().find(named).expect("the case ships");
        let mut rows = String::new();
        for section in &case.sections {
            if section.profile != profile || section.kind != CrashKind::PowerLoss {
                continue;
            }
            let point = case.describe(section.point);
            let states: Vec<String> = section.states.iter().map(|state| quoted(state)).collect();
            let states = if states.len() > STATES_MAX {
                format!("{} states", states.len())
            } else {
                states.join(", ")
            };
            rows.push_str(&format!("| {point} | {states} |\n"));
        }
        if rows.is_empty() {
            continue;
        }
        let steps: Vec<String> = case
            .program
            .steps
            .iter()
            .map(|step| format!("`{step}`"))
            .collect();
        text.push_str(&format!(
            "\n**`{name}`**: {}\n{}.\n\n| crash | may be left |\n|---|---|\n{rows}",
            case.program.why,
            steps.join(", ")
        ));
    }
    text.push('\n');
    text
}

fn quoted(state: &str) -> String {
    if state.is_empty() {
        "nothing".to_owned()
    } else {
        format!("`{state}`")
    }
}

#[test]
fn profile_pages_are_complete_and_up_to_date() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one way to ask a test to rewrite what it expects"
    )]
    let rewrite = std::env::var("REWRITE").is_ok();
    let contents = std::fs::read_to_string(folder().join("README.md")).expect("there is a list");
    for profile in Profile::shipped() {
        let name = &profile.name;
        let path = folder().join(format!("{name}.md"));
        let page = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{name}: no page: {error}"));
        assert!(
            contents.contains(&format!("({name}.md)")),
            "{name} is not in the list"
        );
        assert!(
            page.starts_with(&format!("# {name}: ")),
            "{name}: the title"
        );
        let headings: Vec<&str> = page
            .lines()
            .filter(|line| line.starts_with("## "))
            .collect();
        assert_eq!(headings, HEADINGS, "{name}");
        let (head, rest) = page.split_once(BEGIN).expect("the table begins");
        let (old, tail) = rest.split_once(END).expect("the table ends");
        let new = table(name);
        if rewrite {
            std::fs::write(path, [head, BEGIN, &new, END, tail].concat())
                .expect("tests may be rewritten");
        } else {
            assert!(
                old == new,
                "{name}: the outcomes are out of date; REWRITE=1 writes them"
            );
        }
    }
}

/// A page may name only litmus tests that ship, so that what it refers to can be looked up.
#[test]
fn pages_refer_to_cases_that_ship() {
    let names: Vec<String> = catalogue()
        .into_iter()
        .map(|case| case.program.name)
        .collect();
    for profile in Profile::shipped() {
        let path = folder().join(format!("{}.md", profile.name));
        let page = std::fs::read_to_string(path).expect("there is a page");
        let (head, _) = page
            .split_once("## Outcomes")
            .expect("the page has outcomes");
        for part in head.split("(`").skip(1) {
            let name = part.split('`').next().unwrap_or_default();
            assert!(
                names.iter().any(|known| known == name),
                "{}: no case `{name}`",
                profile.name
            );
        }
    }
}
