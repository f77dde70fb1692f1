//! Litmus programs: their text form, their execution on a simulated disk, and the notation for what a crash left.

pub mod program;
pub mod step;
pub mod tree;
