//! Which operations of which engine of the reference meet which errors on which disk, from what the scenarios hold.
//!
//! A scenario is taken at its data: the store, the commands that its workloads come to, its plan and its sweeps, its disks and depth. That
//! they pass is what the catalogue's own tests, and the nightly run, are for.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::errno::Errno;
use plimsoll_faults::op_kind::OpKind;
use plimsoll_faults::plan::{Effect, FaultPlan, OpSelector, Position};
use plimsoll_scenarios::{Registry, Scenario, catalogue};
use plimsoll_sim::case::{Case, ErrorSweep, Expect};
use plimsoll_sim::command::Command;
use plimsoll_sim::explore;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Engine {
    Native,
    Sqlite,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Snapshot,
    /// What was written beside its place gets that place later: in the native engine the snapshot of an earlier cut, in the engine on
    /// SQLite a database that was in memory.
    Promotion,
    Compaction,
    Restore,
    /// A restore of a store that is closed.
    ClosedRestore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    RenameFailsBefore,
    RenameFailsAfter,
    OtherFileSystem,
    NoSpaceAtEveryByte,
    EioAtEveryOperation,
}

const OPERATIONS: [Operation; 5] = [
    Operation::Snapshot,
    Operation::Promotion,
    Operation::Compaction,
    Operation::Restore,
    Operation::ClosedRestore,
];

const TROUBLES: [Trouble; 5] = [
    Trouble::RenameFailsBefore,
    Trouble::RenameFailsAfter,
    Trouble::OtherFileSystem,
    Trouble::NoSpaceAtEveryByte,
    Trouble::EioAtEveryOperation,
];

/// The stores that are the reference, by their names; its modes without any file have nothing to lose.
fn engine(scenario: &Scenario) -> Option<Engine> {
    let name = scenario.sut.name();
    if name.starts_with("sqlite-engine-") {
        Some(Engine::Sqlite)
    } else if name.starts_with("reference-") || name == "closed-restore" {
        Some(Engine::Native)
    } else {
        None
    }
}

/// Whether there is such a cell. The engine on SQLite renames nothing in a compaction or restore of an open store: there is no rename to
/// fail.
fn is_possible(engine: Engine, operation: Operation, trouble: Trouble) -> bool {
    let renames = !matches!(
        (engine, operation),
        (Engine::Sqlite, Operation::Compaction | Operation::Restore)
    );
    renames || trouble != Trouble::OtherFileSystem
}

/// The files that get their names by renames in a run in which nothing goes wrong.
fn renamed(case: &Case, workload: &[Command]) -> BTreeSet<String> {
    let case = Case {
        workload: workload.to_vec(),
        plan: FaultPlan::none(),
        ..case.clone()
    };
    let log = explore::op_log(&case.without_sweeps());
    let renames = log.iter().filter(|entry| entry.kind == OpKind::Rename);
    renames
        .filter_map(|entry| entry.second.as_deref().map(str::to_owned))
        .collect()
}

fn operations(engine: Engine, case: &Case) -> BTreeSet<Operation> {
    let is_closed = case.sut.name().ends_with("closed-restore");
    let mut operations = BTreeSet::new();
    for command in &case.workload {
        operations.extend(match command {
            Command::Snapshot => Some(Operation::Snapshot),
            Command::SnapshotFinish(_) if engine == Engine::Native => Some(Operation::Promotion),
            Command::Compact => Some(Operation::Compaction),
            Command::Restore(_) if is_closed => Some(Operation::ClosedRestore),
            Command::Restore(_) => Some(Operation::Restore),
            _ => None,
        });
    }
    if engine == Engine::Sqlite {
        // A database that is in its file from the start gets its name when the store is opened.
        let database = "data/store.db";
        let is_moved = renamed(case, &case.workload).contains(database)
            && !renamed(case, &[]).contains(database);
        operations.extend(is_moved.then_some(Operation::Promotion));
    }
    operations
}

fn troubles(case: &Case) -> BTreeSet<Trouble> {
    let mut troubles = BTreeSet::new();
    if matches!(case.errors, ErrorSweep::Every | ErrorSweep::All) {
        troubles.extend([
            Trouble::RenameFailsBefore,
            Trouble::RenameFailsAfter,
            Trouble::EioAtEveryOperation,
        ]);
    }
    if matches!(case.errors, ErrorSweep::Space | ErrorSweep::All) {
        troubles.insert(Trouble::NoSpaceAtEveryByte);
    }
    if case.errors == ErrorSweep::All {
        troubles.insert(Trouble::OtherFileSystem);
    }
    for fault in &case.plan.faults {
        if fault.op != OpSelector::Kind(OpKind::Rename) {
            continue;
        }
        troubles.extend(match fault.effect {
            Effect::Fail(Errno::EXDEV, Position::Before) => Some(Trouble::OtherFileSystem),
            Effect::Fail(_, Position::Before) => Some(Trouble::RenameFailsBefore),
            Effect::Fail(_, Position::After) => Some(Trouble::RenameFailsAfter),
            _ => None,
        });
    }
    troubles
}

/// Whether a case crashes as hard as its disk can, and crashes what comes of that again.
fn is_nested(case: &Case) -> bool {
    let takes_most = |kind: &CrashKind| {
        matches!(
            kind,
            CrashKind::PowerLoss | CrashKind::SitePowerLoss | CrashKind::ClientCrash
        )
    };
    case.limits.depth >= 1 && case.disk.kinds.iter().any(takes_most)
}

type Cell = (Engine, Operation, Trouble);

/// The disks of each cell that one of the chosen scenarios is in.
fn covered(is_chosen: impl Fn(&Scenario) -> bool) -> BTreeMap<Cell, BTreeSet<String>> {
    let mut covered: BTreeMap<Cell, BTreeSet<String>> = BTreeMap::new();
    for scenario in catalogue().into_iter().filter(is_chosen) {
        let Some(engine) = engine(&scenario) else {
            continue;
        };
        let is_wanted = |case: &Case| !troubles(case).is_empty() && is_nested(case);
        let cases = scenario.cases();
        if scenario.expect != Expect::Pass || !cases.iter().any(is_wanted) {
            continue;
        }
        let all: BTreeSet<Operation> = cases
            .iter()
            .flat_map(|case| operations(engine, case))
            .collect();
        for case in cases.iter().filter(|case| is_wanted(case)) {
            for &operation in &all {
                for trouble in troubles(case) {
                    let cell = covered.entry((engine, operation, trouble)).or_default();
                    cell.insert(case.disk.profile.name.clone());
                }
            }
        }
    }
    covered
}

/// The cells that should be covered, on each disk, and are not.
fn holes(covered: &BTreeMap<Cell, BTreeSet<String>>) -> Vec<(Cell, String)> {
    let registry = Registry::shipped();
    let mut holes = Vec::new();
    for engine in [Engine::Native, Engine::Sqlite] {
        for operation in OPERATIONS {
            for trouble in TROUBLES {
                if !is_possible(engine, operation, trouble) {
                    continue;
                }
                let cell = (engine, operation, trouble);
                for disk in registry.profile_names() {
                    let is_there = covered.get(&cell).is_some_and(|disks| disks.contains(disk));
                    if !is_there {
                        holes.push((cell, disk.to_owned()));
                    }
                }
            }
        }
    }
    holes
}

#[test]
fn each_operation_of_both_engines_meets_each_error_on_every_disk_with_nested_crashes() {
    assert_eq!(holes(&covered(|_| true)), []);
}

#[test]
fn a_hole_is_seen() {
    let disks = Registry::shipped().profile_names().count();
    let all = (TROUBLES.len() * OPERATIONS.len() * 2 - 2) * disks;
    assert_eq!(holes(&BTreeMap::new()).len(), all);
    let without_moves = holes(&covered(|scenario| {
        scenario.sut.name() != "sqlite-engine-memory"
    }));
    let is_move = |cell: &Cell| (cell.0, cell.1) == (Engine::Sqlite, Operation::Promotion);
    assert!(without_moves.iter().all(|(cell, _)| is_move(cell)));
    assert_eq!(without_moves.len(), TROUBLES.len() * disks);
}
