//! What a crash may leave: legal durable images at every position of an op log.
//!
//! A legal crash state is the durable base plus a subset of the pending changes that contains, with each change, everything the
//! profile orders before it. Pending changes come in [atoms](Frontier), the smallest groups that persist whole.
//!
//! **Not modelled**: write-back by age; writes that ask for more atomicity than the disk has (`RWF_ATOMIC`); more than one write that
//! the crash interrupts.

mod atom;
mod atom_set;
mod canonical;
mod choice;
mod choices;
mod durable;
mod enumerate;
mod eviction;
mod failed_sync;
mod frontier;
mod holder;
mod index;
mod kind;
#[cfg(test)]
mod naive;
mod name_space;
mod orphans;
mod parts;
mod pending;
mod pending_file;
mod pieces;
mod quiet;
mod reached;
mod reuse;
mod rules;
mod servers;
mod supersede;
mod sync;
mod veil;
mod write;

pub use enumerate::Bounds;
pub use frontier::{CrashState, Frontier};
pub use kind::CrashKind;
pub use parts::Parts;
