//! What a store stands on after a sync that lied.

use plimsoll_faults::image::Image;
use plimsoll_faults::log::Entry;

/// What was durable when a sync succeeded falsely, and whether all of it is left.
#[derive(Debug, Default)]
pub(super) enum Ground {
    /// No sync has.
    #[default]
    Unneeded,
    /// This was durable, and nothing has touched it.
    Kept(Image),
    /// Some of it was about to go when the sync lied, or was touched since.
    Gone,
}

impl Ground {
    /// Whether an operation takes away some of it.
    pub(super) fn is_lost_to(&self, entry: &Entry) -> bool {
        match self {
            Self::Kept(image) => !entry.changes.iter().all(|it| image.keeps_all_after(it)),
            Self::Unneeded | Self::Gone => false,
        }
    }
}
