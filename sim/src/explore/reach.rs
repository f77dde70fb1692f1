//! Which disks reach a violation, and whose it therefore is.
//!
//! The witness, already shrunk, is explored again on every profile that ships and on every target of the case. Before a violation
//! is called one of portability, the whole workload is explored on the targets as well: a witness shrunk on one disk may use what
//! only that disk does, where a larger one would do on a target.

use plimsoll_faults::profile::Profile;

use super::goal::Goal;
use super::run::explore;
use crate::case::{Case, Disk, ErrorSweep};
use crate::class::Class;
use crate::oracle::Oracle;

/// The disks that reach a violation.
pub(super) struct Reach {
    pub(super) disks: Vec<String>,
    pub(super) class: Class,
}

/// Explores the smallest case that violates `oracle` on other disks. `case` is the one that it was shrunk from.
pub(super) fn reach(case: &Case, smallest: &Case, oracle: Oracle) -> Reach {
    let mut disks = Vec::new();
    for disk in candidates(case) {
        if disk.name() == case.disk.name() || is_violated(smallest, &disk, oracle) {
            disks.push(disk.name());
        }
    }
    let is_target = |name: &String| match case.targets.as_slice() {
        [] => *name == case.disk.name(),
        targets => targets.iter().any(|target| target.name() == *name),
    };
    let mut class = if disks.iter().any(is_target) {
        Class::Bug
    } else {
        Class::Portability
    };
    if class == Class::Portability {
        let whole = Case {
            plan: smallest.plan.clone(),
            errors: ErrorSweep::None,
            ..case.clone()
        };
        for target in &case.targets {
            if is_violated(&whole, target, oracle) {
                disks.push(target.name());
                class = Class::Bug;
            }
        }
    }
    Reach { disks, class }
}

/// The profiles that ship, in their order, then the other disks that the case knows; each goes through the same kinds of crash.
fn candidates(case: &Case) -> Vec<Disk> {
    let shipped = Profile::shipped().into_iter().map(|profile| Disk {
        profile,
        kinds: case.disk.kinds.clone(),
    });
    let mut disks: Vec<Disk> = Vec::new();
    for disk in shipped
        .chain(case.targets.iter().cloned())
        .chain([case.disk.clone()])
    {
        // A profile of the user's own comes before a shipped one of the same name.
        match disks.iter_mut().find(|other| other.name() == disk.name()) {
            Some(other) => *other = disk,
            None => disks.push(disk),
        }
    }
    disks
}

fn is_violated(case: &Case, disk: &Disk, oracle: Oracle) -> bool {
    let case = Case {
        disk: disk.clone(),
        ..case.clone()
    };
    explore(&case, Goal::ViolationOf(oracle))
        .found
        .contains_key(&oracle)
}
