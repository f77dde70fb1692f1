//! What is put to trial: programs that are one store together.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::SimFs;
use plimsoll_reference::host::{Host, Later, Program};

use super::history::{Claim, Found};
use super::promise::Promise;

/// The main function of a program: what it gets from its operating system, its arguments, and the code it exits with.
pub type Main = Arc<dyn Fn(Host, Vec<String>) -> Later<'static, i32> + Send + Sync>;

/// A store as its users meet it: programs that are asked and answer by lines (`plimsoll_reference::service::protocol`).
///
/// An implementation is a recipe: it holds options, never state that outlives a process.
pub trait System: Send + Sync {
    /// A short name for reports, unique among the systems of a run.
    fn name(&self) -> &str;

    /// What it promises beyond the levels of its acknowledgements.
    fn promise(&self) -> Promise;

    /// Its programs by name.
    fn programs(&self) -> Vec<(&'static str, Main)>;

    /// What is started first in each life: one of the programs, with arguments. The harness asks this one; others are its children.
    fn first(&self) -> Program;

    /// Which requests it understands.
    fn asks(&self) -> Asks;

    /// Reads everything from the disk as a reader would that knows only where the store is. What it does to the disk is thrown away.
    fn inspect(&self, disk: &SimFs) -> Found;

    /// What a last line `end failed MESSAGE` says of the reason, where that can be held to what happened.
    fn claims(&self, _message: &str) -> Option<Claim> {
        None
    }

    /// Programs that only read what others of it say, as a log does: what becomes of them is to keep nobody waiting.
    fn listeners(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Whether [`inspect`](Self::inspect) may be done while the system runs, and then finds a complete store at every instant.
    fn is_read_beside(&self) -> bool {
        false
    }
}

/// Which requests a system understands, as weights relative to each other; zero leaves one out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asks {
    /// Single puts.
    pub puts: u32,
    /// Deletes.
    pub deletes: u32,
    /// Two to four changes that take effect together.
    pub batches: u32,
    /// Reads of one key.
    pub gets: u32,
    /// Reads of everything.
    pub scans: u32,
    /// Requests to make everything durable.
    pub syncs: u32,
    /// Snapshots.
    pub snapshots: u32,
    /// Checkpoints and compactions.
    pub maintenance: u32,
    /// Number of keys in each bucket.
    pub keys: u32,
    /// Number of buckets: what stands before the first `/` of a key. Changes that take effect together are in one.
    pub buckets: u32,
    /// Whether `close` is understood.
    pub closes: bool,
    /// A time after which it does something by itself, such as ending what nobody uses: most long pauses end about then.
    pub rests: Option<Duration>,
}

impl Default for Asks {
    fn default() -> Self {
        Self {
            puts: 40,
            deletes: 8,
            batches: 8,
            gets: 12,
            scans: 2,
            syncs: 3,
            snapshots: 2,
            maintenance: 0,
            keys: 4,
            buckets: 2,
            closes: true,
            rests: None,
        }
    }
}
