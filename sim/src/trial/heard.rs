//! Where what a client read was written.

use std::ops::Range;

use super::client::Seen;
use crate::world::Place;

/// The lines of a process that its client read, and where each was written: what it said holds from there on, whenever it is read.
#[derive(Debug, Default)]
pub(super) struct Heard(Vec<(Range<u64>, Place)>);

impl Heard {
    /// Adds a line that told of these events. Lines come in order.
    pub(super) fn add(&mut self, events: Range<u64>, place: Place) {
        self.0.push((events, place));
    }

    /// Where the line was written that told of an event; nothing where no line did.
    pub(super) fn written(&self, event: u64) -> Option<Place> {
        let behind = self.0.partition_point(|(events, _)| events.start <= event);
        let (events, place) = self.0.get(behind.checked_sub(1)?)?;
        events.contains(&event).then_some(*place)
    }
}

/// Where a life is in the op logs of its world.
#[derive(Debug)]
pub(super) struct Span {
    /// Number of the era, which is that of its whole life.
    pub(super) era: usize,
    pub(super) heard: Heard,
}

impl Span {
    pub(super) fn take(seen: &mut Seen) -> Self {
        Self {
            era: seen.era,
            heard: std::mem::take(&mut seen.heard),
        }
    }
}
