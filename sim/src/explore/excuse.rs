//! What is asked of a store on a disk of which a sync has succeeded falsely.
//!
//! Everything that was promised by then was durable, and held whatever else reached the disk. As long as nothing takes any of it away,
//! the disk still has it all, beside what came since: the store must show it, or say that something is wrong. It may find that a part
//! of what came since is not there, or that what follows a missing part is; so a key that was touched since may hold anything.
//!
//! Where no crash is explored that takes everything that is not durable (an asynchronous NFS export), what holds the promises cannot be
//! told from the rest, and nothing is asked.
//!
//! Nothing is asked once an operation has overwritten, cut, removed or renamed anything that was durable then, nor if such a change was
//! pending when the sync lied. A store may do so on the strength of the sync: the new version may be what never reached the disk.
//! Which of the old things it still needed, and for which keys, only the store knows: a compaction puts all keys into the file whose
//! sync lied, and an index page that is lost takes keys with it that nobody wrote to. So one such change excuses everything but a
//! panic, until the next acknowledgement that rests on no lie.
//!
//! Nor is anything asked of later crashes: neither of a recovery after a kill that reads from the cache of the operating system what
//! never reached the disk and acts on it, nor of a crash of a recovery that has found a part missing.

use plimsoll_faults::crash::{CrashKind, CrashState, Frontier};
use plimsoll_faults::log::Entry;

use super::complaint::Complaint;
use super::ground::Ground;
use super::recovered::Recovered;
use super::sweep::Sweep;
use super::untouched::keeps_untouched;

impl Sweep<'_, '_> {
    /// Takes note of what is durable when a sync has just lied, and forgets it when that is over.
    pub(super) fn find_ground(&mut self, frontier: &Frontier) {
        match (self.promises.is_void(), &self.ground) {
            (false, _) => self.ground = Ground::Unneeded,
            (true, Ground::Unneeded) => {
                let durable = frontier.durable();
                if self.rests_on_disk() && frontier.keeps_all(durable) {
                    self.ground = Ground::Kept(durable.clone());
                } else {
                    self.lose_ground();
                }
            }
            (true, Ground::Kept(_) | Ground::Gone) => {}
        }
    }

    /// Whether the promises of before rest on what is durable, and on nothing that only servers have taken note of: they were held to
    /// a crash that may take all the rest.
    fn rests_on_disk(&self) -> bool {
        let takes_all = |kind| matches!(kind, CrashKind::PowerLoss | CrashKind::SitePowerLoss);
        self.case.disk.kinds.iter().copied().any(takes_all)
    }

    /// Takes note of an operation that may take away what was durable when a sync lied.
    pub(super) fn tread(&mut self, entry: &Entry) {
        if self.ground.is_lost_to(entry) {
            self.lose_ground();
        }
    }

    fn lose_ground(&mut self) {
        self.ground = Ground::Gone;
        self.promises.give_up();
    }

    /// Whether a lying sync excuses whatever a recovery may have shown in its place.
    pub(super) fn excuses(&self, first: &Recovered) -> bool {
        match first {
            Recovered::Crashed(_) => false,
            Recovered::Failed(_) => true,
            Recovered::State(_) => !matches!(self.ground, Ground::Kept(_)),
        }
    }

    /// Whether a state that was the store's at no time lacks nothing but what was touched since a sync lied.
    pub(super) fn is_excused_by_touch(
        &self,
        frontier: &mut Frontier,
        state: CrashState,
        complaint: &Complaint,
    ) -> bool {
        let Complaint::First(Recovered::State(_), kind) = complaint else {
            return false;
        };
        let is_kept = matches!(self.ground, Ground::Kept(_));
        if !is_kept || *kind == CrashKind::ProcessKill || self.is_spoilt(*kind) {
            return false;
        }
        let image = frontier.image(state);
        let shown = self.lab.recover_state(&image, self.promises.now);
        shown.is_ok_and(|shown| {
            let (floor, current) = (self.promises.floor(*kind), self.promises.current);
            let recording = self.recording;
            let steps = &recording.steps[..(current as usize).min(recording.steps.len())];
            keeps_untouched(steps, &recording.events, floor, &shown)
        })
    }
}
