//! A command that needs a server only while it runs: a parent starts one, hands on requests and answers, and ends it.
//!
//! What it promises is in `CONTRACT.md`, beside this crate's manifest. When [`run`] or [`exec`] return, everything that was acknowledged can
//! be read from the path that was named, or the exit code says that it may not be ([`UNSAFE`]).
//!
//! * The server is another process: `plimsoll-store serve` with the words of a [`Setup`]. The words between the two are those of the
//!   [`protocol`](crate::service::protocol).
//! * Requests get numbers of the parent's own on their way. So the answer to the parent's last request, a snapshot, is like no other.
//! * Every way out goes through the same end: that snapshot, the end of the server, its exit status, the last line.
//! * Whatever it waits for, it waits until that comes or can no longer come. The server is never killed. Who tells it to end twice before
//!   the server has opened the store is let go; the server then ends by itself.
//!
//! **Not covered**: a server that several commands share, terminals (job control), Windows.

mod caught;
mod destination;
mod ledger;
mod options;
mod outbox;
mod parent;
mod refusal;
mod setup;
mod source;
mod start;
mod truth;

pub use options::{StandaloneOptions, UNDONE, UNSAFE, USAGE};
pub use setup::{EngineKind, Setup, SetupError};
pub use start::{exec, run};
