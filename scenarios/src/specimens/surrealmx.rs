//! The persistence of SurrealMX: an in-memory store with an append-only log (AOL) and snapshots.
//!
//! [`Mends::none`] is the protocol of the crate `surrealmx` 0.21.0; [`Mends::all`] is the one that its version 1.0 has, in outline.
//! Each bug that lies between them is a [`Bug`] and can be mended on its own, so that a scenario can show one bug and not its
//! neighbours. What is promised depends on the [`Options`] alone, never on the mends: a bug is a promise that is not kept.
//!
//! * The log holds, for each commit, one record per key (mended: one frame with a checksum per commit).
//! * A commit is applied in memory, then appended, then synced as [`FsyncMode`] says (mended: appended, synced, applied).
//! * A snapshot is written to a temporary, renamed and only then synced; then the log is cut by copying its tail aside, truncating
//!   it, and copying the tail back (mended: synced, renamed, directory synced; the tail goes into a new log that replaces the old).
//! * Opening loads the snapshot and then the log, and takes the end of a file in the middle of a record for the end of the data.
//!
//! Two things stand for what the crate does with threads. [`Command::Tick`](plimsoll_sim::command::Command::Tick) is one round of
//! every worker. A snapshot in two steps is one thread that is slow to sync: the first step ends after the rename, the second syncs
//! and cuts the log (mended: the first step takes the cut, the second does the rest).
//!
//! `sync` has no counterpart in the crate; it stands for an application that waits until the workers have caught up.
//!
//! **Not modelled**: transactions that read, several versions of a key, wall-clock versions, compression, custom paths, the use of
//! a directory by two stores, damage to data that was durable once.

mod appender;
mod bug;
mod codec;
pub(crate) mod cut;
pub(crate) mod error;
pub(crate) mod files;
mod image;
pub(crate) mod log;
pub(crate) mod opening;
mod options;
pub(crate) mod record;
mod store;
mod sut;
pub(crate) mod table;
pub(crate) mod trim;

pub use bug::{Bug, Mends};
pub use options::{AolMode, FsyncMode, Options, SnapshotMode};
pub use sut::SurrealMx;
