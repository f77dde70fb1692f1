//! The file system as a store sees it: a small, object-safe, synchronous trait.
//!
//! Everything a store does to a disk goes through [`FsOps`] and the [`FsFile`] handles it returns, never through
//! `std::fs::File`. That is what lets the same store run on a real directory ([`StdFs`]) and on a simulated disk that
//! forgets, reorders and refuses.
//!
//! Errors are `io::Error` values that carry the errno of the operating system ([`std::io::Error::raw_os_error`]), because
//! what a store must do differs by errno: `ENOENT` is an answer, `EIO` is not.
//!
//! **Not covered**: memory maps, permissions, extended attributes, advisory locks on byte ranges.

mod directory;
mod locking;
mod loops;
mod open_options;
mod ops;
mod std_fs;

pub(crate) use directory::sync_dir_if_possible;
pub(crate) use locking::open_to_lock;
pub use loops::{append_all, read_exact_at, read_to_end, read_up_to, write_all_at};
pub use open_options::{Creation, OpenOptions, WriteSync};
pub use ops::{DirEntry, FileKind, FsFile, FsOps, Metadata};
pub use std_fs::StdFs;
