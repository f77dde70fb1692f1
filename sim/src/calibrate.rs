//! How much of a store's caution the explorer notices when it is taken away.

mod answer;
mod deletion;
pub mod fsync_failures;
mod redundancy;

pub use answer::Answer;
pub use deletion::{Deletion, delete_syncs};
pub use redundancy::{Call, Redundancy};
