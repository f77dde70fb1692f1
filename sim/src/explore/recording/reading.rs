//! What a store that goes on after a failed command shows.

use super::Recorder;
use crate::explore::dump::{Dump, dump};
use crate::explore::history::{Position, Step, What};
use crate::explore::judge::show;
use crate::oracle::Oracle;

impl Recorder<'_> {
    /// Out of space, the open store must still show what it holds (F3).
    pub(super) fn read_when_full(&mut self) {
        let Some(instance) = &mut self.instance else {
            return;
        };
        if !instance.is_open() {
            return;
        }
        let last = self.steps.len() as Position;
        let found = match dump(&mut **instance) {
            Dump::State(state) if self.model.find(state.hash(), last, last, true).is_some() => {
                return;
            }
            Dump::State(state) => show(&state),
            Dump::Failed(message) => message,
        };
        let expected = "everything that was there before space ran out".to_owned();
        self.find(Oracle::F3, "no crash", expected, found);
    }

    /// A store that has failed a command may serve what it had, and nothing that it does not know to be durable (D8).
    pub(super) fn read_after_failure(&mut self) {
        if !self.promises.holds_to_reads() || self.disk.damaged_at().is_some() {
            return;
        }
        let Some(instance) = &mut self.instance else {
            return;
        };
        let last = self.steps.len() as Position;
        let Dump::State(state) = dump(&mut **instance) else {
            return;
        };
        let is_known = |last| self.model.find(state.hash(), 0, last, true).is_some();
        if is_known(last) && !is_known(last - 1) {
            self.begin(Step::Read);
            self.model.read(state);
            self.event(What::Read);
        }
    }
}
