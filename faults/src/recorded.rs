//! What real file systems left behind, held to the profiles that model them.
//!
//! A recording is a JSON file with, for each of a set of litmus programs and each interval between two of its steps, every state that
//! was seen when the power was cut there. [`Archive`] reads a folder of them: a file that is added is compared like the others.
//! [`Comparison`] says which of these states a profile allows, and how many it allows besides; [`looseness`] which of its rules could
//! be stricter and still allow everything that was seen.
//!
//! **Not covered**: the reverse. A state that a profile allows and nobody saw proves nothing.

mod archive;
mod comparison;
mod looseness;
mod membership;
mod timeline;

pub use archive::{Archive, ArchiveError, MODELS, Observed};
pub use comparison::{Comparison, IntervalCount};
pub use looseness::{Looseness, looseness};
pub use membership::{Allowed, enumerate};
pub use timeline::Timeline;
