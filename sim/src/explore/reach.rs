//! Which disks reach a violation, and whose it therefore is.
//!
//! The witness, already shrunk, is explored again on every profile that ships and on every target of the case. Before a violation
//! is called one of portability, the whole workload is explored on the targets as well: a witness shrunk on one disk may use what
//! only that disk does, where a larger one would do on a target.

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::profile::Profile;

use super::goal::Goal;
use super::run::explore;
use crate::case::{Case, Disk};
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
            ..case.clone().without_sweeps()
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

/// The profiles that ship, in their order, then the other disks that the case knows; each goes through the same kinds of crash, as far
/// as it has them.
fn candidates(case: &Case) -> Vec<Disk> {
    let shipped = Profile::shipped().into_iter().map(|profile| Disk {
        kinds: kinds_on(&profile, &case.disk.kinds),
        profile,
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

/// The kinds of crash of one disk on another: a loss of power is one of the whole site where there are servers, and a kind that takes
/// what was synced says nothing about a store.
fn kinds_on(profile: &Profile, kinds: &[CrashKind]) -> Vec<CrashKind> {
    if kinds.contains(&CrashKind::Lying) {
        return kinds.to_vec();
    }
    let known = profile.honest_crashes();
    let (here, elsewhere) = match profile.network {
        Some(_) => (CrashKind::SitePowerLoss, CrashKind::PowerLoss),
        None => (CrashKind::PowerLoss, CrashKind::SitePowerLoss),
    };
    let same = |&kind: &CrashKind| if kind == elsewhere { here } else { kind };
    let all = kinds.iter().map(same);
    all.filter(|kind| known.contains(kind)).collect()
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
