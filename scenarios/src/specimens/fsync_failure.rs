//! A store of one append-only log, which meets a failed `fsync` as real stores did before and after 2018.
//!
//! Until then PostgreSQL tried a failed `fsync` again at the next checkpoint and took its success for the truth; LMDB, Redis and others
//! trusted what the page cache showed after a restart (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020;
//! PostgreSQL commit 9ccdd7f66e, "PANIC on fsync() failure"). What a store may do is to stop, or to write what it has in memory to
//! a new place.
//!
//! Every variant writes what it finds at open to a new file, whatever it is: a life before may have failed. The one that trusts the
//! page cache does not.
//!
//! **Not modelled**: log rotation, group commit, readers beside the writer.

mod conduct;
mod frame;
mod store;
mod sut;

pub use conduct::Conduct;
pub use sut::FailingLog;
