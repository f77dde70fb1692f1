//! The persistence of TinyCloud's SQL databases: SQLite in memory until a database is large or idle, then in a file.
//!
//! [`Mends::none`](super::mends::Mends::none) is the protocol with all of its [bugs](Bug),
//! [`Mends::all`](super::mends::Mends::all) that without them.
//!
//! * A database is served by an actor, which is started by the first request, and reads the file where there is one.
//! * An actor in memory looks at the size of the database after each request, before it answers. Above a threshold it copies the
//!   database into the file with SQLite's backup API, five pages at a time with pauses between, and goes on there (mended: in one step,
//!   when no request waits, and not again at once when that failed).
//! * An actor that nobody has asked for five minutes copies what is in memory into the file and ends, and so it does when the service
//!   ends (mended: it ends only when that has succeeded).
//! * The copy is made in place (mended: in a temporary that is renamed, in directories that are synced).
//!
//! What is in memory is acknowledged at the level of memory, a commit in the file as SQLite documents it, and the end of an actor as
//! what the copy is for: data survives idle cycles. That a write is answered within a second is not documented; it stands for clients,
//! which do not wait for ever.
//!
//! A later version has each commit in an object store before it answers, and works on a cache ([`Options::Cached`]).
//!
//! **Not modelled**: several databases, the mailbox and who waits in it, handles that outlive their actor, exports, batches that are
//! not transactions.

mod actor;
mod bug;
mod cache;
mod error;
mod options;
mod promotion;
mod service;
mod sut;
mod variants;

pub use bug::Bug;
pub use options::Options;
pub use sut::TinyCloud;
pub use variants::{mode, variants};
