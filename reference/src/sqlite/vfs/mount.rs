//! A host that SQLite can use.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use super::disk::Disk;
use super::options::MountOptions;
use super::random;
use super::slot::Slot;
use crate::host::Host;

/// A host under a name that SQLite knows. Dropping it forgets the name and fences the connections that are left.
#[derive(Debug)]
pub struct Mount {
    disk: Arc<Disk>,
}

impl Mount {
    /// Makes a host known to SQLite, and seeds the random generator of this thread when the options have a seed.
    ///
    /// # Errors
    /// SQLite has no memory left, or could not be initialised.
    pub fn new(host: Host, options: MountOptions) -> rusqlite::Result<Self> {
        let slot = Slot::take()?;
        if let Some(seed) = options.seed {
            random::seed_thread(seed);
        }
        let disk = Arc::new(Disk::new(slot, host, options));
        slot.fill(&disk);
        Ok(Self { disk })
    }

    /// Opens a database for reading and writing, and creates it when there is none. The path is one of the host's file system.
    ///
    /// The connection must not be used by two threads at once, which Rust sees to.
    ///
    /// # Errors
    /// As `sqlite3_open_v2`.
    pub fn open(&self, path: impl AsRef<Path>) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        self.open_with_flags(path, flags)
    }

    /// Opens a database.
    ///
    /// # Errors
    /// As `sqlite3_open_v2`.
    pub fn open_with_flags(
        &self,
        path: impl AsRef<Path>,
        flags: OpenFlags,
    ) -> rusqlite::Result<Connection> {
        Connection::open_with_flags_and_vfs(path, flags, self.vfs_name())
    }

    /// The name under which SQLite knows the host while it is mounted, for `sqlite3_open_v2` and the URI parameter `vfs`. Another
    /// mount may get it afterwards.
    pub fn vfs_name(&self) -> &str {
        self.disk.slot().name()
    }

    /// The last error that the host's file system gave, if there was one.
    pub fn last_os_error(&self) -> Option<io::Error> {
        match self.disk.last_errno() {
            0 => None,
            errno => Some(io::Error::from_raw_os_error(errno)),
        }
    }
}

impl Mount {
    /// Fences the connections that there are: from now on each of their calls fails and has no effect. Nothing can be opened any more.
    pub fn fence(&self) {
        self.disk.unmount();
    }

    /// Whether it is [fenced](Self::fence).
    pub fn is_fenced(&self) -> bool {
        self.disk.mounted().is_err()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.fence();
    }
}
