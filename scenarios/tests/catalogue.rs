//! The catalogue: it lists its directory, it parses, and every case ends as it is expected to.

use std::collections::BTreeSet;
use std::path::Path;

use plimsoll_faults::profile::Profile;
use plimsoll_scenarios::{CATALOGUE, Scenario, catalogue};
use plimsoll_sim::case::{Disk, Expect};
use plimsoll_sim::explore;
use plimsoll_sim::report::{CaseReport, Verdict};

/// Has a test of its own, because the store panics on most of what it is given.
const LYING: &str = "redb-lying";

/// Runs every case of the scenarios chosen, and lists those that end otherwise than expected.
fn check(is_chosen: impl Fn(&Scenario) -> bool) {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for scenario in catalogue()
        .iter()
        .filter(|scenario| is_chosen(scenario) && !scenario.nightly)
    {
        for case in scenario.cases() {
            cases += 1;
            let report = explore::run(&case);
            if report.verdict != Verdict::Passed {
                wrong.push(format!("{}: {}", case.id, describe(&report)));
            }
        }
    }
    assert!(cases > 0, "nothing was chosen");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn describe(report: &CaseReport) -> String {
    let mut text = report.verdict.to_string();
    if let Some(reason) = &report.reason {
        text = format!("{text}: {reason}");
    }
    for violation in report
        .violations
        .iter()
        .filter(|violation| !violation.expected)
    {
        let witness = &violation.witness;
        let steps: Vec<String> = witness.commands.iter().map(ToString::to_string).collect();
        text = format!(
            "{text}\n  {} {}\n    steps: {}\n    plan: {}\n    crash: {}\n    lost: {}\n    expected: {}\n    found: {}",
            violation.oracle,
            violation.oracle.claim(),
            steps.join(", "),
            witness.plan,
            witness.crash,
            witness.lost.join(", "),
            witness.expected,
            witness.found,
        );
    }
    text
}

#[test]
fn the_list_is_the_directory() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue");
    let mut files = BTreeSet::new();
    for group in std::fs::read_dir(&root).expect("the catalogue is there") {
        let group = group.expect("a folder").path();
        for file in std::fs::read_dir(&group).expect("a group is a folder") {
            let path = file.expect("a file").path();
            let path = path.strip_prefix(&root).expect("it lies below the root");
            files.insert(path.to_str().expect("a name in UTF-8").replace('\\', "/"));
        }
    }
    let listed: BTreeSet<String> = CATALOGUE
        .iter()
        .map(|file| format!("{}/{}.toml", file.group, file.name))
        .collect();
    assert_eq!(listed.len(), CATALOGUE.len(), "a file is listed twice");
    assert_eq!(listed, files);
}

#[test]
fn names_of_scenarios_and_cases_are_unique() {
    let catalogue = catalogue();
    let names: BTreeSet<&str> = catalogue
        .iter()
        .map(|scenario| scenario.name.as_str())
        .collect();
    assert_eq!(names.len(), catalogue.len());
    let ids: Vec<String> = catalogue
        .iter()
        .flat_map(Scenario::cases)
        .map(|case| case.id)
        .collect();
    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}

/// A bug that is shown under other conditions than its mended twin is not shown.
#[test]
fn a_mended_twin_differs_in_store_and_expectation_only() {
    let catalogue = catalogue();
    let mut twins = 0;
    for mended in &catalogue {
        let Some(name) = mended.name.strip_suffix("-fixed") else {
            continue;
        };
        let broken = catalogue
            .iter()
            .find(|scenario| scenario.name == name)
            .unwrap_or_else(|| panic!("{name} has a mended twin and is not there"));
        twins += 1;
        assert_ne!(mended.sut.name(), broken.sut.name(), "{name}");
        assert_eq!(mended.expect, Expect::Pass, "{name}");
        assert!(matches!(broken.expect, Expect::Violation(_)), "{name}");
        assert_eq!(mended.workload, broken.workload, "{name}");
        assert_eq!(mended.plan, broken.plan, "{name}");
        assert_eq!(mended.errors, broken.errors, "{name}");
        assert_eq!(mended.damage, broken.damage, "{name}");
        assert_eq!(mended.limits, broken.limits, "{name}");
        assert_eq!(mended.sut.contract(), broken.sut.contract(), "{name}");
        let disks = |scenario: &Scenario| -> Vec<_> {
            let kinds = |disk: &Disk| (disk.name(), disk.kinds.clone());
            scenario.disks.iter().map(kinds).collect()
        };
        assert_eq!(disks(mended), disks(broken), "{name}");
        let targets = |scenario: &Scenario| -> Vec<String> {
            scenario.targets.iter().map(|disk| disk.name()).collect()
        };
        assert_eq!(targets(mended), targets(broken), "{name}");
    }
    assert!(twins >= 9, "each bug that is shown has a twin");
}

/// A scenario that passes may have been kept from what it does not pass. A twin has the disks of its bug, as the test above says.
#[test]
fn what_a_passing_scenario_leaves_out_has_a_reason() {
    let catalogue = catalogue();
    let has_bug = |name: &str| catalogue.iter().any(|scenario| scenario.name == name);
    let disks: Vec<Disk> = Profile::shipped().into_iter().map(Disk::honest).collect();
    let mut complete = 0;
    for scenario in &catalogue {
        let is_twin = scenario.name.strip_suffix("-fixed").is_some_and(has_bug);
        if scenario.expect != Expect::Pass || is_twin {
            continue;
        }
        let crashes = |disk: &Disk| {
            let same = |other: &&Disk| other.name() == disk.name();
            let there = scenario.disks.iter().find(same);
            there.is_some_and(|there| disk.kinds.iter().all(|kind| there.kinds.contains(kind)))
        };
        let has_all = disks.iter().all(crashes);
        complete += u32::from(has_all);
        assert_eq!(scenario.left_out.is_none(), has_all, "{}", scenario.name);
    }
    assert!(complete >= 20, "{complete} leave nothing out");
}

/// Too many for a test, and too important for none: one in some hundred, of every scenario. What sweeps errors is one case of thousands of
/// runs; it makes some of them, in every way to fail that happens often enough.
#[test]
fn a_sample_of_the_nightly_cases() {
    const ONE_IN: usize = 97;
    const SWEEP_ONE_IN: u32 = 7;
    let mut wrong = Vec::new();
    let mut cases = 0;
    for scenario in catalogue().iter().filter(|scenario| scenario.nightly) {
        for mut case in scenario.cases().into_iter().step_by(ONE_IN) {
            cases += 1;
            case.limits.sweep_one_in = SWEEP_ONE_IN;
            let report = explore::run(&case);
            if report.verdict != Verdict::Passed {
                wrong.push(format!("{}: {}", case.id, describe(&report)));
            }
        }
    }
    assert!(cases > 100, "only {cases} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn reference() {
    check(|scenario| scenario.group == "reference");
}

#[test]
fn fsync() {
    check(|scenario| scenario.group == "fsync");
}

#[test]
fn network() {
    check(|scenario| scenario.group == "network");
}

#[test]
fn surrealmx() {
    check(|scenario| scenario.group == "surrealmx");
}

#[test]
fn modelvault() {
    check(|scenario| scenario.group == "modelvault");
}

#[test]
fn redb() {
    check(|scenario| scenario.group == "redb" && scenario.name != LYING);
}

#[test]
fn reference_sqlite() {
    check(|scenario| scenario.group == "reference-sqlite");
}

#[test]
fn sqlite() {
    check(|scenario| scenario.group == "sqlite");
}

/// SQLite draws random numbers from a generator of its own, which must not make a run depend on what other threads do.
#[test]
fn reports_on_sqlite_do_not_depend_on_other_threads() {
    let catalogue = catalogue();
    let mut cases: Vec<_> = ["sqlite-delete-full-as-power", "sqlite-wal-normal-as-power"]
        .iter()
        .filter_map(|name| catalogue.iter().find(|scenario| scenario.name == *name))
        .flat_map(Scenario::cases)
        .collect();
    assert_eq!(cases.len(), 8);
    let alone: Vec<CaseReport> = cases.iter().map(explore::run).collect();
    cases.rotate_left(4);
    let [first, second] = std::thread::scope(|scope| {
        let (one, two) = cases.split_at(4);
        [one, two]
            .map(|cases| scope.spawn(|| cases.iter().map(explore::run).collect::<Vec<_>>()))
            .map(|thread| thread.join().expect("a thread"))
    });
    assert_eq!([second, first].concat(), alone);
}

#[test]
fn torc() {
    check(|scenario| scenario.group == "torc");
}

#[test]
fn tinycloud() {
    check(|scenario| scenario.group == "tinycloud");
}

#[test]
fn activitywatch() {
    check(|scenario| scenario.group == "activitywatch");
}

/// What is looked up because a recovery that saw the same was run comes to the same when it is run.
#[test]
fn recoveries_that_are_looked_up_come_to_what_running_them_does() {
    // Stores of every kind of file and recovery; the real SQLite would take minutes.
    const GROUPS: [&str; 5] = ["fsync", "modelvault", "network", "reference", "surrealmx"];
    let mut looked_up = 0;
    for scenario in catalogue()
        .iter()
        .filter(|scenario| !scenario.nightly && GROUPS.contains(&&*scenario.group))
    {
        for case in scenario.cases() {
            let audit = explore::audit(&case);
            assert!(audit.wrong.is_empty(), "{}: {:?}", case.id, audit.wrong);
            looked_up += audit.looked_up;
        }
    }
    assert!(looked_up > 40_000, "only {looked_up} were looked up");
}
