//! The service: a store that is asked by lines of text, and that keeps its promises on every way out.
//!
//! What it promises is in `CONTRACT.md`, beside this crate's manifest; the [`protocol`] has the words. [`serve`] is a whole process but for
//! its command line; a [`Registry`] has many stores by name, which are opened on demand and closed when idle.
//!
//! * An actor owns the engine. It *moves* it into a job that may block, and gets it back: nothing is ever locked.
//! * Writes gather in a [`Batch`], which is one commit; [`Acks`] says whether a write is acknowledged before or after it.
//! * A snapshot is cut and put in place by the actor, and written beside it ([`Runs`]).
//! * Every way out goes through the same end: the batch, the snapshot in progress, the final snapshot, the engine, the last line.
//!
//! **Not covered**: several clients of one service, authentication, reads while a commit is under way, `SIGHUP`.

mod actor;
mod batch;
mod caller;
mod ending;
mod engine;
mod engine_options;
mod failure;
mod jobs;
mod notes;
mod options;
mod outlet;
mod overlay;
pub mod protocol;
mod reader;
mod registry;
mod response;
mod runs;
mod seat;
mod serve;
mod signals;
mod snapshots;
mod tenant;
mod worker;

pub use batch::{Batch, BatchLimits, Closing};
pub use ending::Ending;
pub use engine_options::EngineOptions;
pub use failure::Failure;
pub use options::{Acks, InvalidOption, RegistryOptions, ServiceOptions};
pub use outlet::BACKLOG_BYTES_MAX;
pub use registry::Registry;
pub use response::Response;
pub use runs::{Run, Runs};
pub use serve::{END_TIME, serve};
