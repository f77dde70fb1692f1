//! Cases and results made by hand, for the tests of everything that shows them.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;
use plimsoll_reference::host::Host;
use plimsoll_sim::case::{Case, Disk, ErrorSweep, Expect, Limits};
use plimsoll_sim::class::Class;
use plimsoll_sim::counters::FaultCounts;
use plimsoll_sim::fingerprint::Fingerprint;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::{CaseReport, Counters, Verdict, Violation, Witness};
use plimsoll_sim::sites::Sites;
use plimsoll_sim::sut::{Contract, Instance, OpenError, Sut};

use crate::sim::case_runner::{self, Explore, Outcome, Rerun};
use crate::sim::options::{Budget, Denials};
use crate::sim::preset::PresetName;
use crate::sim::selection::Selected;
use crate::sim::tally::{Summary, Tally};
use crate::sim::vacuity::Standard;

/// A store that is never opened.
struct Paper;

impl Sut for Paper {
    fn name(&self) -> &str {
        "reference-paper"
    }

    fn contract(&self) -> Contract {
        Contract::default()
    }

    fn open(&self, _host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        Err(OpenError {
            message: "a store of paper".to_owned(),
        })
    }
}

/// A store that is never opened.
pub(crate) fn sut() -> Arc<dyn Sut> {
    Arc::new(Paper)
}

fn disk(name: &str) -> Disk {
    Disk {
        profile: Profile::named(name).expect("it ships"),
        kinds: CrashKind::HONEST.to_vec(),
    }
}

/// A case that expects a violation.
pub(crate) fn selected(id: &str) -> Selected {
    Selected {
        case: Case {
            id: id.to_owned(),
            sut: sut(),
            workload: Vec::new(),
            plan: FaultPlan::none(),
            errors: ErrorSweep::None,
            damage: false,
            disk: disk("posix-minimal"),
            unkept: Vec::new(),
            targets: ["xfs", "btrfs"].map(disk).to_vec(),
            expect: Expect::Violation(vec![Oracle::D1, Oracle::D2]),
            limits: Limits::default(),
            seed: 0x1a2b,
        },
        title: Some("a torn tail is cut off, and nothing else is".to_owned()),
        file: None,
        disk_file: None,
        budget: Budget::default(),
        denials: Denials::default(),
    }
}

/// A report without violations.
pub(crate) fn report(verdict: Verdict, fingerprint: u128) -> CaseReport {
    CaseReport {
        verdict,
        violations: Vec::new(),
        reason: None,
        counters: counters(),
        fingerprint: Fingerprint(fingerprint),
    }
}

/// Counters in which nothing is zero that a case can meet.
pub(crate) fn counters() -> Counters {
    let mut counters = Counters {
        crash_points: 63,
        states_generated: 214_311,
        states_unique: 4_096,
        states_in_full: 100_000,
        recoveries: 8_192,
        recoveries_writing: 17,
        faults_fired: 3,
        faults: FaultCounts {
            before: 2,
            after: 1,
            ..FaultCounts::default()
        },
        ..Counters::default()
    };
    for &kind in CrashKind::HONEST {
        counters.states_by_kind[kind] = 40_000;
    }
    counters
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

fn violation(oracle: Oracle, expected: bool) -> Violation {
    let mut trace: Vec<String> = (1..33)
        .map(|n| format!("{n:>4}  write data/log {}..{}", n - 1, n))
        .collect();
    trace.extend(lines(&[
        "#1 put k0 a*64",
        "  33  fsync data/log",
        "#1 acknowledged: power",
    ]));
    Violation {
        oracle,
        expected,
        class: Class::Bug,
        profiles: ["posix-minimal", "xfs", "btrfs"]
            .map(str::to_owned)
            .to_vec(),
        witness: Witness {
            commands: ["put k0 a*64", "snapshot"]
                .map(|text| text.parse().expect("a command"))
                .to_vec(),
            commands_before: 16,
            plan: "fsync *.tmp #2 drop".to_owned(),
            trace,
            crash: "power-loss in #1, after operation 33: fsync data/log".to_owned(),
            sites: Sites {
                lost: "open data/log".to_owned(),
                crash: "fsync data/log".to_owned(),
            },
            lost: lines(&["entry data/log", "data/log 0..64"]),
            image: lines(&["data/", "data/log.tmp  64 bytes"]),
            expected: "k0 = a*64".to_owned(),
            found: "nothing\nthe store opened empty".to_owned(),
            help: Some("sync the directory `data` before acknowledging".to_owned()),
        },
    }
}

fn outcome(mut report: CaseReport, change: impl FnOnce(&mut CaseReport)) -> Outcome {
    change(&mut report);
    let explore = move |_: &Case| report.clone();
    timed(&explore, Rerun::Failing)
}

/// What came of it, as if it had taken 2.1 seconds.
fn timed(explore: &Explore<'_>, rerun: Rerun) -> Outcome {
    let outcome = case_runner::run(explore, &selected("x").case, rerun);
    Outcome {
        elapsed: Duration::from_millis(2_100),
        ..outcome
    }
}

/// A case that showed what it was expected to.
pub(crate) fn passed() -> Outcome {
    outcome(report(Verdict::Passed, 0x9c41), |_| {})
}

/// A case with a violation nobody expected beside one that was.
pub(crate) fn violated() -> Outcome {
    outcome(report(Verdict::Violated, 0x9c42), |report| {
        report.violations = vec![violation(Oracle::D1, false), violation(Oracle::D2, true)];
    })
}

/// A case with a violation that no target reaches.
pub(crate) fn portability() -> Outcome {
    outcome(report(Verdict::Portability, 0x9c45), |report| {
        let mut violation = violation(Oracle::D1, false);
        violation.class = Class::Portability;
        violation.profiles.truncate(1);
        report.violations = vec![violation];
    })
}

/// A case that a limit ended.
pub(crate) fn limited() -> Outcome {
    outcome(report(Verdict::Limit, 0x9c43), |report| {
        report.reason = Some("10,000 states were generated, which is the limit".to_owned());
    })
}

/// A case whose expected violation did not appear.
pub(crate) fn missed() -> Outcome {
    outcome(report(Verdict::Missed, 0x9c44), |_| {})
}

/// A case in which the harness panicked.
pub(crate) fn panicked() -> Outcome {
    timed(
        &|_| panic!("index out of bounds: the len is 3"),
        Rerun::Failing,
    )
}

fn summary_of(outcomes: &[Outcome], standard: Option<Standard>) -> Summary {
    let mut tally = Tally::default();
    for (index, outcome) in outcomes.iter().enumerate() {
        tally.add(&selected(&format!("case-{index}@posix-minimal")), outcome);
    }
    tally.summary(outcomes.len(), Duration::from_millis(61_234), standard)
}

/// A run in which everything held.
pub(crate) fn summary() -> Summary {
    summary_of(&[passed(), passed(), passed()], None)
}

/// A run in which not everything held.
pub(crate) fn summary_violated() -> Summary {
    summary_of(
        &[passed(), violated(), violated(), limited(), missed()],
        None,
    )
}

/// A run in which nothing worse happened than on disks that are no targets.
pub(crate) fn summary_portability() -> Summary {
    summary_of(&[passed(), portability()], None)
}

/// A run that did not do what its preset says.
pub(crate) fn summary_vacuous() -> Summary {
    summary_of(&[passed()], Some(Standard::of(PresetName::Pr.preset())))
}
