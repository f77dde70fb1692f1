//! Snapshots of the reference that were begun and are not finished.

use std::collections::BTreeMap;

use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::sut::CommandError;

/// A snapshot on its way: a job, or what that wrote.
enum Cut<J, W> {
    Begun(J),
    Written(W),
}

/// Snapshots by their numbers. One of an odd number is written when it is begun, and the others when they are finished, so that commits
/// come before the writing and behind it.
pub(super) struct Cuts<J, W>(BTreeMap<u8, Cut<J, W>>);

impl<J, W> Default for Cuts<J, W> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<J, W> Cuts<J, W> {
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
    /// No snapshot of this number was begun.
    pub(super) fn written<E>(
        &mut self,
        slot: u8,
        write: impl FnOnce(J) -> Result<W, E>,
    ) -> Result<Result<W, E>, CommandError> {
        match self.0.remove(&slot) {
            Some(Cut::Begun(job)) => Ok(write(job)),
            Some(Cut::Written(written)) => Ok(Ok(written)),
            None => Err(CommandError::absent(format!(
                "no snapshot {slot} was begun"
            ))),
        }
    }
}
