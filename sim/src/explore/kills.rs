//! Kills of recoveries that follow a kill.
//!
//! Of what a kill in the middle of a recovery leaves, a loss of power there may leave more or less, and is held to what has to survive a
//! loss of power. So such kills have to be looked at for themselves where more than that has to survive a kill, or where the power never
//! fails.

use plimsoll_faults::crash::{CrashKind, Frontier};

use super::complaint::Complaint;
use super::sweep::Sweep;
use crate::oracle::Oracle;

impl Sweep<'_, '_> {
    /// What is wrong where the recovery after a kill here is killed as well, if anything is.
    pub(super) fn killed_again_complaint(&mut self, frontier: &mut Frontier) -> Option<Complaint> {
        // Nobody recovers on a file system that was shut down.
        if !self.asks_for_kills() || frontier.is_frozen() {
            return None;
        }
        let shown = self.lab.kill_recoveries(frontier, self.promises.now);
        let floor = self.promises.floor(CrashKind::ProcessKill);
        let bad = shown.iter().find(|result| !self.is_legal(result, floor))?;
        Some(Complaint::Later(Oracle::R2, bad.clone()))
    }

    fn asks_for_kills(&self) -> bool {
        let kill = CrashKind::ProcessKill;
        let kinds = &self.case.disk.kinds;
        let has_power = || {
            let mut others = kinds.iter().filter(|other| **other != kill);
            others.next().is_some()
        };
        let floor = |kind| self.promises.floor(kind);
        kinds.contains(&kill)
            && self.case.limits.depth > 0
            && !self.is_spoilt(kill)
            && (floor(kill) > floor(CrashKind::PowerLoss) || !has_power())
    }
}
