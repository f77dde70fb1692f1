//! Who asked for the end.

use super::outlet::Outlet;
use super::reply::{Answered, say};

/// Who asked for the end: a request, which is answered when it has come, or what waits for no answer.
#[derive(Debug)]
pub(in crate::systems) struct Closing(Option<u64>);

impl Closing {
    /// The input ended, or a signal arrived.
    pub(super) const UNASKED: Self = Self(None);

    /// The request with this number.
    pub(super) fn by(id: u64) -> Self {
        Self(Some(id))
    }

    /// Tells who waits for it what came of the end.
    pub(in crate::systems) fn tell(self, outlet: &Outlet, answered: Answered) {
        if let Some(id) = self.0 {
            say(outlet, id, Ok(answered));
        }
    }
}
