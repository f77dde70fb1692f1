//! Fault plans: which operations go wrong, and how.
//!
//! A plan is data. It has a text form, one line a fault or separated by `;`, that prints back exactly what it parses:
//!
//! ```text
//! fsync *.tmp #2 drop                  the second fsync of a *.tmp file returns success and does nothing
//! any #7 EIO                           the seventh operation fails, once
//! rename *.tmp #1 EIO after            the first rename of a *.tmp file is done, and an error is returned
//! write *.log #3 ENOSPC partial        half of the third write to a log is done, and an error is returned
//! write *.log #1 EIO late              the first write to a log succeeds; the next operation on the file reports it
//! fsync *.log #2 EIO F4                the second fsync of a log fails, and its pages stay dirty (a model of `fsync_failure`)
//! write *.log #2..4 short              the second to fourth write to a log do half and say so
//! write *.log #3.. ENOSPC              the third write to a log and every later one fail
//! write #3 EIO for file                from the third write on, everything done to its file fails
//! read in recovery bytes 0..512 flip   while the store recovers, reads of a file's first sector get one bit wrong
//! sync from 5s until 9s delay 2s       every sync that begins in those seconds takes two seconds longer
//! write 1/64*3 EINTR                   one write in 64 is interrupted, and the two after it
//! fsync *.log #2 evict                 what the log has unsynced is discarded, and its second fsync fails
//! write target 1 of 2 stripe 65536 EIO every write into every second stripe of 64 KiB fails
//! fsync *.log #2 EIO for target 0 of 4 the second fsync of a log fails, and then all that touches the first of four object targets
//! fsync #1 evict target 1 of 2         what goes to the second of two object targets is discarded, and the first fsync reports it
//! sync #2 hang                         the second sync never returns
//! writeback *.log block 0 xxW          the first block of a log is not written the first two times that a sync should
//! space 8192 EDQUOT freed #90          files may hold 8,192 bytes in all, until the ninetieth operation
//! ```
//!
//! A path that holds blanks, quotes or semicolons, or that reads like another word of the line, is written `"in quotes"`.
//!
//! Object targets are counted from 0. Stripe *k* of every file, of 1 MiB where the plan does not say, is on target *k* modulo their
//! number: a recording serves disks with different stripes, so that it is the plan that knows them.
//!
//! **Not modelled**: operations of one process only.

mod arbitrary;
mod duration;
mod effect;
mod fault;
mod scope;
mod space;
mod table;
mod text;
mod when;
mod writeback;

pub use duration::{parse as parse_duration, show as show_duration};
pub use effect::{Damage, Effect, Position};
pub use fault::{Fault, FaultPlan, Occurrence, OpSelector};
pub use scope::Scope;
pub use space::{Freed, Space};
pub use table::{FaultTable, SpaceTable, TableError};
pub use text::{EFFECT_WORDS, ParseFaultError};
pub use when::{ByteRange, Chance, Phase, When};
pub use writeback::{ParseSequenceError, Sequence, Writeback};
