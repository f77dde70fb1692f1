//! What a crash may leave: legal durable images at every position of an op log.
//!
//! A legal crash state is the durable base plus a subset of the pending changes that contains, with each change, everything the
//! profile orders before it. Pending changes come in [atoms](Frontier), the smallest groups that persist whole.
//!
//! **Not modelled yet**: write-back by age, garbage in torn sectors, damage beyond the written range.

mod atom;
mod atom_set;
mod canonical;
mod choice;
mod enumerate;
mod frontier;
mod holder;
mod kind;
mod rules;
mod servers;

pub use enumerate::Bounds;
pub use frontier::{CrashState, Frontier};
pub use kind::CrashKind;
