//! The native engine: an ordered map in memory, a log in segments, and snapshots.
//!
//! What it promises is in `CONTRACT.md`, beside this crate's manifest.
//!
//! * A commit is one frame in the log, and is published only after the log took it as the options ask.
//! * A snapshot is written beside its target, synced, renamed over it and its directory synced; only then are the segments that
//!   it covers removed, whole.
//! * A segment is written by one life of the store: recovery never appends to it and never cuts it.
//! * Copies and restores are one rename each: [`Store::compact_in_place`], [`Store::export_snapshot`], [`restore_snapshot`].
//! * When [`Store::open`] returns, everything that was recovered is durable.
//!
//! ```
//! use plimsoll_reference::{host::Host, level::Level};
//! use plimsoll_reference::native::{Options, Store};
//! # let dir = tempfile::tempdir()?;
//! # let options = Options::new(dir.path().join("data"));
//! let mut store = Store::open(&Host::real(), &options)?;
//! assert_eq!(store.put(b"key", b"value")?.level, Level::Power);
//! drop(store); // as a kill would
//! let store = Store::open(&Host::real(), &options)?;
//! assert_eq!(store.get(b"key")?, Some(&b"value"[..]));
//! store.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Shared`] is a store for writers on several threads, whose commits share syncs.
//!
//! **Not covered**: several writing processes, transactions that read, keys or values larger than memory, repair of damaged files,
//! directories shared by several stores.

mod batch;
mod change;
mod chunks;
mod codec;
mod copy;
mod destination;
mod digest;
mod directory;
mod error;
mod frame;
mod group;
mod image;
mod image_reader;
mod inspect;
mod layout;
mod limits;
mod lock;
mod log;
mod maintenance;
mod naming;
mod options;
mod placing;
mod queue;
mod recovery;
mod replaced;
mod restore;
mod segment;
mod shared;
mod snapshot;
mod snapshot_job;
mod store;
mod table;

pub use crate::mutation::Mutation;
pub use batch::check_batch;
pub use copy::ExportJob;
pub use error::{Outcome, StoreError};
pub use image_reader::read_snapshot;
pub use inspect::{Findings, read_store};
pub use limits::{
    BATCH_BYTES_MAX, KEY_BYTES_MAX, SEGMENT_NUMBER_MAX, SEQUENCE_MAX, VALUE_BYTES_MAX,
};
pub use options::{
    Compression, CreatePolicy, LogMode, Options, SEGMENT_BYTES_MIN, SnapshotPolicy, SyncPolicy,
};
pub use placing::{PlacedSnapshot, PlacingJob};
pub use restore::restore_snapshot;
pub use shared::Shared;
pub use snapshot_job::{SnapshotJob, WrittenSnapshot};
pub use store::Store;
