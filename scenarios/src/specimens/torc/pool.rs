//! The connections of the server.

use std::time::Duration;

use plimsoll_reference::clock::Clock;
use plimsoll_reference::host::Host;
use plimsoll_reference::sqlite::set_journal_mode;
use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use rusqlite::{Connection, Error, OpenFlags};

use super::bug::Bug;
use super::location::Location;
use crate::specimens::mends::Mends;

/// How long a connection stays in the pool when nobody uses it.
const IDLE: Duration = Duration::from_secs(600);

/// Who uses a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    Requests,
    Snapshots,
}

struct Pooled {
    connection: Connection,
    used: Duration,
}

/// The pool.
pub(super) struct Pool {
    /// Before the mount, so that they are closed while it is still there.
    requests: Option<Pooled>,
    snapshots: Option<Pooled>,
    mount: Mount,
    host: Host,
    location: Location,
    asks_for_wal: bool,
}

impl Pool {
    pub(super) fn new(
        host: &Host,
        location: Location,
        mends: Mends<Bug>,
        seed: u64,
    ) -> Result<Self, Error> {
        Ok(Self {
            requests: None,
            snapshots: None,
            mount: Mount::new(host.clone(), MountOptions::default().seed(seed))?,
            host: host.clone(),
            asks_for_wal: !(location.in_memory && mends.has(Bug::H4)),
            location,
        })
    }

    /// The mount, for databases besides that of the server.
    pub(super) const fn mount(&self) -> &Mount {
        &self.mount
    }

    /// A connection, opened when there is none.
    pub(super) fn acquire(&mut self, user: User) -> Result<&mut Connection, Error> {
        let slot = match user {
            User::Requests => &mut self.requests,
            User::Snapshots => &mut self.snapshots,
        };
        let used = self.host.clock.now();
        let pooled = match slot.take() {
            Some(pooled) => Pooled { used, ..pooled },
            None => Pooled {
                connection: connect(&self.mount, &self.location.name, self.asks_for_wal)?,
                used,
            },
        };
        Ok(&mut slot.insert(pooled).connection)
    }

    /// Closes what nobody has used for long. The server keeps the connections to what it takes for a database in memory.
    pub(super) fn expire(&mut self) {
        if self.location.in_memory {
            return;
        }
        let now = self.host.clock.now();
        for slot in [&mut self.requests, &mut self.snapshots] {
            if slot
                .as_ref()
                .is_some_and(|pooled| now - pooled.used >= IDLE)
            {
                *slot = None;
            }
        }
    }
}

fn connect(mount: &Mount, name: &str, asks_for_wal: bool) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = mount.open_with_flags(name, flags)?;
    let mode = if asks_for_wal { "WAL" } else { "MEMORY" };
    // Where SQLite cannot do what is asked for, it says so in its answer, which nobody reads.
    set_journal_mode(&connection, mode)?;
    connection.execute_batch("PRAGMA synchronous = NORMAL")?;
    Ok(connection)
}
