//! SQLite on the file system of a [`Host`](crate::host::Host): the engine, and the VFS below it.
//!
//! The engine has the commands, levels and errors of the [native](crate::native) one, on one table of keys and values. What it promises
//! is in `CONTRACT.md`, beside this crate's manifest.
//!
//! * A commit is one transaction, in a write-ahead log with `synchronous=FULL`, and is acknowledged when it is durable.
//! * A database in memory moves to its file in one step: written beside it, synced, renamed, its name made durable.
//! * A snapshot goes to a canonical path in the same way, and the one before it stays beside it under a name of its own.
//! * When [`Store::open`] returns, everything that was recovered is durable.
//!
//! ```
//! use plimsoll_reference::{host::Host, level::Level};
//! use plimsoll_reference::sqlite::{Options, Store};
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("store.db");
//! # let backup = dir.path().join("backup/store.db");
//! let options = Options::file(&path).snapshot_path(&backup).keep(2);
//! let mut store = Store::open(&Host::real(), &options)?;
//! assert_eq!(store.put(b"key", b"value")?.level, Level::Power);
//! store.snapshot()?;
//! drop(store); // as a kill would
//! let store = Store::open(&Host::real(), &options)?;
//! assert_eq!(store.get(b"key")?.as_deref(), Some(&b"value"[..]));
//! store.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Not covered**: several connections, transactions that read, databases of other programs, locks against programs that come to the
//! files without this library.

mod beside;
mod coverage;
mod cut;
mod database;
mod destination;
mod directory;
mod error;
mod frames;
mod image;
mod journal_mode;
mod limits;
mod location;
mod lock;
mod log;
mod maintenance;
mod opening;
mod options;
mod placing;
mod promotion;
mod recovery;
mod replace;
mod schema;
mod site;
mod snapshot;
mod snapshot_job;
mod store;
pub mod vfs;
mod warning;

pub use crate::mutation::Mutation;
pub use crate::native::CreatePolicy;
pub(crate) use directory::follow;
pub use error::{Outcome, StoreError};
pub use image::read_image;
pub use journal_mode::set_journal_mode;
pub use location::{Location, ParseLocationError};
pub use options::{IntegrityCheck, Journal, KEEP_DEFAULT, MEMORY_THRESHOLD_DEFAULT, Options};
pub use placing::{PlacedSnapshot, PlacingJob};
pub use snapshot_job::{SnapshotJob, WrittenSnapshot};
pub use store::Store;
pub use warning::Warning;
