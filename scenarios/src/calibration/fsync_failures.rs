//! The known answers for failed syncs: stores of every conduct under every model, with what is right.

use std::sync::Arc;

use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::calibrate::Answer;
use plimsoll_sim::calibrate::fsync_failures::{Trial, try_failures};
use plimsoll_sim::case::{Case, Disk, Limits};
use plimsoll_sim::sut::Sut;

use super::case::{disks, steps};
use crate::registry::Registry;
use crate::specimens::fsync_failure::{Conduct, FailingLog};

/// A store that stopped goes on after a restart.
const CONDUCT_STEPS: [&str; 7] = [
    "put a 1", "put b 2", "put c 3", "kill", "put d 4", "kill", "put e 5",
];

/// A log, a snapshot, a value of several pages, a restart, and time in which a window ends.
const REFERENCE_STEPS: [&str; 6] = [
    "put a 1",
    "snapshot",
    "put b 2*5000",
    "kill",
    "put c 3",
    "advance 2s",
];

/// One that marks pages clean by itself, and one that reverts them.
const CONDUCT_DISKS: [&str; 2] = ["ext4-ordered", "btrfs"];

/// Modes of the reference that promise to survive a power loss, at once and after a window.
const REFERENCE_MODES: [&str; 2] = ["reference-power", "reference-window"];

/// A store whose syncs are to fail, and what should come of it.
pub struct FailureSubject {
    /// The run of which each sync fails in turn.
    pub case: Case,
    /// Where.
    pub disks: Vec<Disk>,
    /// What it does about a failure; the reference does what is right.
    conduct: Option<Conduct>,
}

impl FailureSubject {
    /// What should come of it under a model.
    pub fn answer(&self, model: FsyncFailure) -> Answer {
        match self.conduct {
            Some(conduct) => conduct.answer_under(model),
            None if model.is_unknowable() => Answer::Unknowable,
            None => Answer::Clean,
        }
    }

    /// Lets each sync fail in each way.
    pub fn trials(&self) -> Vec<Trial> {
        try_failures(&self.case, &self.disks, |model| self.answer(model))
    }
}

/// A small log of every conduct, then the reference.
pub fn fsync_failure_subjects() -> Vec<FailureSubject> {
    let profile = |name: &str| Profile::named(name).map(Disk::honest);
    let few: Vec<Disk> = CONDUCT_DISKS
        .iter()
        .filter_map(|name| profile(name))
        .collect();
    let conducts = Conduct::ALL.iter().map(|&conduct| {
        let sut = Arc::new(FailingLog::new(conduct));
        subject(sut, &CONDUCT_STEPS, few.clone(), Some(conduct))
    });
    let registry = Registry::shipped();
    let modes = REFERENCE_MODES
        .iter()
        .filter_map(|name| registry.sut(name).ok())
        .map(|sut| subject(sut, &REFERENCE_STEPS, disks(), None));
    conducts.chain(modes).collect()
}

fn subject(
    sut: Arc<dyn Sut>,
    texts: &[&str],
    disks: Vec<Disk>,
    conduct: Option<Conduct>,
) -> FailureSubject {
    let id = format!("calibrate/{}", sut.name());
    let limits = Limits {
        depth: 1,
        nested_states: 8,
        exhaustive_states: 64,
        samples: 16,
        ..Limits::default()
    };
    FailureSubject {
        case: Case {
            limits,
            ..Case::new(id, sut, steps(texts), disks[0].clone())
        },
        disks,
        conduct,
    }
}
