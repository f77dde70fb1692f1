//! What is asked of a store on a disk that has damaged bytes while it ran, or that loses what it said was durable.

use plimsoll_faults::crash::CrashKind;

use super::complaint::Complaint;
use super::history::Position;
use super::recovered::{Outcome, Recovered};
use super::sweep::Sweep;
use crate::oracle::Oracle;

impl Sweep<'_, '_> {
    /// Whether a fault has damaged bytes before: no store can be held to those, and which promises they carried cannot be told.
    pub(super) fn is_damaged(&self) -> bool {
        self.recording
            .damaged_at
            .is_some_and(|damaged_at| self.at >= damaged_at)
    }

    /// Whether nothing has to survive this kind of crash, as the disk has spoilt bytes or will take what was durable.
    pub(super) fn is_spoilt(&self, kind: CrashKind) -> bool {
        self.is_damaged() || self.case.unkept.contains(&kind)
    }

    /// The commands that must be there after this kind of crash now.
    pub(super) fn floor(&self, kind: CrashKind) -> Position {
        if self.is_spoilt(kind) {
            0
        } else {
            self.promises.floor(kind)
        }
    }

    /// What is wrong with an outcome on a disk with damaged bytes: anything but a typed error or a state that the store was in.
    pub(super) fn damage_complaint(&self, kind: CrashKind, outcome: &Outcome) -> Option<Complaint> {
        let bad = |result: &Recovered| match result {
            Recovered::Failed(_) => false,
            Recovered::Crashed(_) => true,
            Recovered::State(hash) => {
                let current = self.promises.current;
                self.recording.model.find_any(*hash, current).is_none()
            }
        };
        let expected = || "a typed error, or a state of the store".to_owned();
        if let Recovered::Crashed(message) = &outcome.first {
            return Some(Complaint::Known(
                Oracle::R5,
                (expected(), message.to_string()),
            ));
        }
        if bad(&outcome.first) {
            return Some(Complaint::First(outcome.first.clone(), kind));
        }
        let later = outcome.during.iter().chain(&outcome.after);
        later
            .into_iter()
            .find(|result| bad(result))
            .map(|result| Complaint::Later(Oracle::R5, result.clone()))
    }
}
