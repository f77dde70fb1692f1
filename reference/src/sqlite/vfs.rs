//! A SQLite VFS over [`FsOps`](crate::fs::FsOps): the real SQLite on any file system, real or simulated.
//!
//! A [`Mount`] makes a [`Host`](crate::host::Host) known to SQLite under a name of its own. Every connection that is opened through
//! it, with everything it attaches, does all its I/O on that host. Several mounts may be in use at once, on several threads.
//!
//! ```
//! use plimsoll_reference::host::Host;
//! use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("store.db");
//! let mount = Mount::new(Host::real(), MountOptions::default())?;
//! let database = mount.open(&path)?;
//! database.pragma_update(None, "journal_mode", "wal")?;
//! database.execute_batch("CREATE TABLE pair (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")?;
//! database.execute("INSERT INTO pair VALUES ('a', '1')", ())?;
//! let value: String = database.query_row("SELECT value FROM pair", (), |row| row.get(0))?;
//! assert_eq!(value, "1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a store relies on:
//!
//! * A sync of a file that SQLite has created as a rollback journal, a super-journal or a write-ahead log syncs its directory too,
//!   the first time, and `xDelete` syncs the directory when SQLite asks for it. Unlike SQLite's own VFS for Unix, this one reports
//!   a directory that cannot be synced, unless the file system has no such operation (`EINVAL`).
//! * `SQLITE_IOCAP_POWERSAFE_OVERWRITE` is the only property of the device that is ever claimed, and only as
//!   [`MountOptions::powersafe_overwrite`] says. To claim more than the disk keeps is to corrupt databases.
//! * A failure to tell whether a file exists is an error, and not an absent file.
//! * Temporary files, which nothing survives, are held in memory.
//! * Shared memory of write-ahead logs is ordinary memory, shared by the connections of one mount.
//! * Time is the host's clock, sleep is as [`MountOptions::sleeper`] says, and chance is a function of [`MountOptions::seed`].
//!
//! Dropping the mount fences the connections that are left: each of their later calls fails and has no effect.
//!
//! **Not modelled**: locks between processes, or between two mounts of one file system: nothing keeps them apart. Memory maps of
//! database files; `PRAGMA mmap_size` stays 0. Loadable extensions. Symbolic links in place of a database: journals are looked for beside
//! the link.

mod caught;
mod code;
mod control;
mod disk;
mod disk_file;
mod file_methods;
mod locks;
mod memory_file;
mod mount;
mod open_file;
mod options;
mod random;
mod shared_memory;
mod slot;
mod vfs_methods;

pub use mount::Mount;
pub use options::{MountOptions, Sleeper};
pub use random::seed_thread;
pub use rusqlite;
