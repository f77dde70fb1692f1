//! Fault plans: which operations go wrong, and how.
//!
//! A plan is data. It has a text form, one fault a line or separated by `;`, that prints back exactly what it parses:
//!
//! ```text
//! fsync *.tmp #2 drop            the second fsync of a *.tmp file returns success and does nothing
//! any #7 EIO                     the seventh operation fails, once
//! rename *.tmp #1 EIO after      the first rename of a *.tmp file is done, and an error is returned
//! write *.log #3 ENOSPC partial  half of the third write to a log is done, and an error is returned
//! write *.log #2..4 short        the second to fourth write to a log do half and say so
//! write *.log #3.. ENOSPC        the third write to a log and every later one fail
//! fsync *.log #2 evict           what the log has unsynced is discarded, and its second fsync fails
//! sync drop                      every fsync, fdatasync and directory fsync does nothing
//! fsync *.log #2 EIO F4          the second fsync of a log fails, and its pages stay dirty (a model of `fsync_failure`)
//! writeback *.log block 0 xxW    the first block of a log is not written the first two times that a sync should
//! ```
//!
//! **Not modelled yet**: errors that a later operation reports, delays.

mod fault;
mod text;
mod writeback;

pub use fault::{Effect, Fault, FaultPlan, Occurrence, OpSelector, Position};
pub use text::ParseFaultError;
pub use writeback::{ParseSequenceError, Sequence, Writeback};
