//! Smaller workloads that show the same violation.

use super::goal::Goal;
use super::run::explore;
use super::sweep::Found;
use crate::case::Case;
use crate::command::Command;
use crate::oracle::Oracle;
use crate::report::Witness;

/// Smaller workloads that are tried.
const TRIES_MAX: u32 = 200;

/// Longest workload that is shrunk.
const COMMANDS_MAX: usize = 400;

/// Removes commands from the workload as long as the oracle is still violated, and returns the smallest case and its evidence.
pub(super) fn shrink(case: &Case, oracle: Oracle, found: Found) -> (Case, Witness) {
    let before = case.workload.len();
    let rank = found.rank;
    let mut best = found.witness;
    let mut case = case.clone().without_sweeps();
    // The plan that showed it, not the sweep that led to the plan.
    if let Ok(plan) = best.plan.parse() {
        case.plan = plan;
    }
    if before > COMMANDS_MAX {
        return (case, best);
    }
    let mut tries = 0;
    let mut size = before.div_ceil(2).max(1);
    while size > 0 && tries < TRIES_MAX {
        let mut start = 0;
        let mut removed = false;
        while start < case.workload.len() && tries < TRIES_MAX {
            let candidate = without(&case.workload, start, size);
            tries += 1;
            let smaller = Case {
                workload: candidate,
                ..case.clone()
            };
            match explore(&smaller, Goal::Evidence(oracle))
                .found
                .remove(&oracle)
            {
                Some(found) if found.rank <= rank => {
                    best = found.witness;
                    case = smaller;
                    removed = true;
                }
                _ => start += size,
            }
        }
        if size == 1 && !removed {
            break;
        }
        size = if removed {
            size.min(case.workload.len())
        } else {
            size / 2
        };
    }
    best.commands.clone_from(&case.workload);
    best.commands_before = before;
    (case, best)
}

/// The workload without `size` commands from `start` on, and without what these leave dangling.
fn without(workload: &[Command], start: usize, size: usize) -> Vec<Command> {
    let end = (start + size).min(workload.len());
    let mut open = Vec::new();
    workload[..start]
        .iter()
        .chain(&workload[end..])
        .filter(|command| match command {
            Command::SnapshotBegin(slot) => {
                open.push(*slot);
                true
            }
            Command::SnapshotPlace(slot) => open.contains(slot),
            Command::SnapshotFinish(slot) => {
                let begun = open.contains(slot);
                open.retain(|other| other != slot);
                begun
            }
            _ => true,
        })
        .cloned()
        .collect()
}
