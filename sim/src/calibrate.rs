//! How much of a store's caution the explorer notices when it is taken away.

mod deletion;
mod redundancy;

pub use deletion::{Deletion, delete_syncs};
pub use redundancy::{Call, Redundancy};
