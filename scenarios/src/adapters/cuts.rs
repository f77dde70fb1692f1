//! Snapshots of the reference that were begun and are not finished.

use std::collections::BTreeMap;

use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::beside::Beside;
use plimsoll_sim::sut::CommandError;

/// A snapshot on its way: a job, what that wrote, or the job that puts it in place.
enum Cut<J, W, P> {
    Begun(J),
    Written(W),
    Placing(Beside<P>),
}

/// Snapshots by their numbers. One of an odd number is written when it is begun, and the others when they are finished, so that commits
/// come before the writing and behind it.
pub(super) struct Cuts<J, W, P>(BTreeMap<u8, Cut<J, W, P>>);

impl<J, W, P> Default for Cuts<J, W, P> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<J, W, P: Send + 'static> Cuts<J, W, P> {
    /// Takes over a job that was begun. It is nothing yet that anybody finds.
    pub(super) fn begin<E>(
        &mut self,
        slot: u8,
        job: J,
        write: impl FnOnce(J) -> Result<W, E>,
    ) -> Result<Ack, E> {
        let cut = if slot.is_multiple_of(2) {
            Cut::Begun(job)
        } else {
            Cut::Written(write(job)?)
        };
        self.0.insert(slot, cut);
        Ok(Ack::at(Level::Memory))
    }

    /// What was written of a snapshot that was begun, to be put in place; or why it was not written.
    ///
    /// # Errors
    /// No snapshot of this number was begun, or it is being put in place.
    pub(super) fn written<E>(
        &mut self,
        slot: u8,
        write: impl FnOnce(J) -> Result<W, E>,
    ) -> Result<Result<W, E>, CommandError> {
        let absent = |what| CommandError::absent(format!("snapshot {slot} {what}"));
        match self.0.remove(&slot) {
            Some(Cut::Begun(job)) => Ok(write(job)),
            Some(Cut::Written(written)) => Ok(Ok(written)),
            Some(placing @ Cut::Placing(_)) => {
                self.0.insert(slot, placing);
                Err(absent("is being put in place"))
            }
            None => Err(absent("was not begun")),
        }
    }

    /// Begins to put a snapshot in place, beside what is done with the store.
    pub(super) fn place(&mut self, slot: u8, place: impl FnOnce() -> P + Send + 'static) -> Ack {
        self.0.insert(slot, Cut::Placing(Beside::begin(place)));
        Ack::at(Level::Memory)
    }

    /// Lets the jobs that put snapshots in place do an operation each.
    pub(super) fn step(&mut self) {
        for cut in self.0.values_mut() {
            if let Cut::Placing(job) = cut {
                job.step();
            }
        }
    }

    /// What came of putting a snapshot in place, at its end; nothing where that was not begun.
    pub(super) fn placed(&mut self, slot: u8) -> Option<P> {
        match self.0.remove(&slot)? {
            Cut::Placing(job) => job.end(),
            cut => {
                self.0.insert(slot, cut);
                None
            }
        }
    }
}
