//! Litmus programs: their text form, their execution on a simulated disk, and the notation for what a crash left.

pub(crate) mod program;
pub(crate) mod step;
pub(crate) mod tree;
