//! The datastore of ActivityWatch: SQLite on disk, and one transaction that stays open across requests.
//!
//! [`Mends::none`](super::mends::Mends::none) is the protocol with all of its [bugs](Bug),
//! [`Mends::all`](super::mends::Mends::all) that without them.
//!
//! * A worker takes one request after the other and answers each at once. Their changes go into a transaction, which it commits when
//!   fifteen seconds have passed since the last commit, when there are more than a hundred, when it is asked to, and at its end.
//! * Where SQLite refuses a write-ahead log the worker continues without it.
//!
//! A single change is one event. A batch is a client that inserts several events, asks for a commit, and waits for both answers. `sync`
//! asks for a commit alone. A snapshot that is begun is a reader that opens the database, and finished it is gone.
//!
//! What was answered is promised to be lost for fifteen seconds at most, and what a commit was asked for and answered to be durable.
//! Without a write-ahead log SQLite promises that only for the end of a process.
//!
//! **Not modelled**: buckets and what is remembered of them, migrations, encryption, the wall clock, a worker that dies and its clients.
//! That the worker answers `close` before it commits shows only where the process ends at once; here it lets that commit fail.

mod bug;
mod datastore;
mod error;
mod options;
mod sut;
mod variants;
mod worker;

pub use bug::Bug;
pub use options::Options;
pub use sut::ActivityWatch;
pub use variants::{mode, variants};
