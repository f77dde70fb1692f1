//! What an operating system keeps for a process besides files: signals and pipes, as plain state.
//!
//! Nothing here waits or wakes anybody: whoever runs the processes does that.

mod pipe;
mod signals;

pub use pipe::{Pipe, PipeError};
pub use signals::{Arrival, Sent, SignalState};
