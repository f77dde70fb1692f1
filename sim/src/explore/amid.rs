//! Kills in the middle of a write.
//!
//! What a killed process leaves there is neither what it had written before nor all of it, and no loss of power is needed for that.
//!
//! **Not modelled**: a loss of power behind such a kill, beyond what one amid the write may leave.

use plimsoll_faults::crash::{CrashKind, Frontier};
use plimsoll_faults::log::Entry;

use super::sweep::Sweep;

impl Sweep<'_, '_> {
    /// Kills the process at the end of each page of the next operation but the last, where that is a write.
    pub(super) fn kill_amid(&mut self, frontier: &Frontier, entry: &Entry) {
        let kind = CrashKind::ProcessKill;
        let (kinds, unkept) = (&self.case.disk.kinds, &self.case.unkept);
        if !kinds.contains(&kind) && !unkept.contains(&kind) {
            return;
        }
        for end in entry.ends_amid() {
            let mut left = self.lab.frontier(entry.killed_at(end, frontier.volatile()));
            let state = left.everything();
            let key = left.key(state);
            let counters = &mut self.lab.counters;
            counters.crash_points += 1;
            counters.states_generated += 1;
            counters.states_by_kind[kind] += 1;
            let (depth, now) = (self.case.limits.depth, self.promises.now);
            let outcome = self.lab.explore(&mut left, state, key, depth, now);
            self.mix(key);
            self.amid = Some(end);
            for complaint in self.complaints(kind, &outcome) {
                self.look_closely(&mut left, kind, state, &complaint);
            }
            self.amid = None;
        }
    }
}
