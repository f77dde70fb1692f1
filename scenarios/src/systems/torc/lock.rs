//! Locks that keep others out while a process lives.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use plimsoll_reference::fs::{FsFile, OpenOptions};
use plimsoll_reference::host::Host;

use super::options::SNAPSHOT;

/// How often a server looks whether the one before it is gone, and how many times.
const RETRY: Duration = Duration::from_millis(25);
const RETRIES: u32 = 2400;

/// Held until it is dropped, or the process dies.
pub(super) struct Lock(#[expect(dead_code, reason = "it is kept, never used")] Box<dyn FsFile>);

impl Lock {
    /// Takes the lock of clients. Who finds it taken gives up.
    pub(super) async fn of_clients(host: &Host) -> io::Result<Self> {
        take(host, "client").await?.ok_or_else(is_taken)
    }

    /// Takes the lock of servers. The server of a client that was killed may still be about to end, so this waits a minute.
    pub(super) async fn of_servers(host: &Host) -> io::Result<Self> {
        for _ in 0..RETRIES {
            if let Some(lock) = take(host, "lock").await? {
                return Ok(lock);
            }
            host.sleep(RETRY).await;
        }
        Err(is_taken())
    }
}

fn is_taken() -> io::Error {
    io::Error::other("another process has the database")
}

async fn take(host: &Host, name: &str) -> io::Result<Option<Lock>> {
    let path = PathBuf::from(format!("{SNAPSHOT}.{name}"));
    let fs = host.fs.clone();
    let job = move || {
        let file = fs.open(&path, OpenOptions::read_write().create())?;
        Ok(file.try_lock()?.then_some(Lock(file)))
    };
    host.blocking(job).await.map_err(io::Error::other)?
}
