//! What a store has to answer: in time, and with success where nothing went wrong.

use std::time::Duration;

use plimsoll_reference::clock::Clock;

use super::Recorder;
use crate::command::Command;
use crate::oracle::Oracle;
use crate::sut::Outcome;

/// Whether a store may refuse a command where nothing went wrong: one that needs what is not there, such as a copy in that place, or changes
/// that it does not take, such as a value that is too long.
pub(super) fn may_refuse(command: &Command, outcome: Outcome) -> bool {
    match command {
        Command::Restore(_) | Command::SnapshotPlace(_) | Command::SnapshotFinish(_) => true,
        _ => outcome == Outcome::Absent && !command.mutations().is_empty(),
    }
}

impl Recorder<'_> {
    /// What nothing has gone wrong for must not fail (V2). A snapshot that is under way, or a second handle on the store, may keep it from
    /// what it wants.
    pub(super) fn hold_to_success(&mut self, command: &Command, message: String) {
        let is_alone = !self.has_cuts && self.others.is_empty();
        let is_sound = !self.has_faults && !self.disk.is_exhausted();
        if is_alone && is_sound && self.failed_for_nothing.is_none() {
            let expected = format!("`{command}` succeeds, as nothing went wrong");
            let finding = self.seen(Oracle::V2, "no crash", expected, message);
            self.failed_for_nothing = Some(finding);
        }
    }

    /// A write must not take longer than the store promises (B3).
    pub(super) fn hold_to_time(&mut self, command: &Command, begun: Duration) {
        let Some(limit) = self.sut.contract().writes_within else {
            return;
        };
        let took = self.clock.now() - begun;
        if took > limit && !command.mutations().is_empty() {
            let expected = format!("an answer within {} ms", limit.as_millis());
            let found = format!("`{command}` took {} ms", took.as_millis());
            self.find(Oracle::B3, "no crash", expected, found);
        }
    }
}
