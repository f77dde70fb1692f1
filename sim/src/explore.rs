//! The explorer: runs a workload once, then crashes it everywhere.
//!
//! 1. The workload runs on a recording disk, which gives an op log and a history.
//! 2. A sweep visits every position of the log. At each it takes the legal crash states, recovers the store on every image that is
//!    new, and crashes that recovery in turn.
//! 3. What recoveries show is held to what the acknowledgements so far have promised.
//! 4. Where a case sweeps errors, the same is done again with operation 1, 2, 3 ... failing.
//! 5. What does not hold is shrunk, explained, and explored on the other disks: those that reach it say whose it is.
//!
//! **Not modelled yet**: concurrency; a store runs alone and its background work runs when the workload says so.

mod alike;
mod amid;
mod barrier;
mod complaint;
mod damage;
mod deletions;
mod dump;
mod errors;
mod excuse;
mod explain;
mod full_disk;
mod goal;
mod ground;
mod history;
mod hunt;
mod judge;
mod kept_images;
mod kills;
mod lab;
mod look_up;
mod memo;
mod model;
mod opener;
mod probe;
mod promises;
mod reach;
mod recording;
mod recovered;
mod redundancy;
mod run;
mod shrink;
mod spoilt;
mod state;
mod sweep;
mod sync_errors;
mod untouched;
mod visits;
mod witness;

pub(crate) use barrier::Barrier;
pub(crate) use deletions::{Deletions, Without};
pub use hunt::{FirstViolation, first_violation};
pub use lab::Audit;
pub use probe::{Probe, probe, violated};
pub use run::{audit, op_log, recover_each, run};
