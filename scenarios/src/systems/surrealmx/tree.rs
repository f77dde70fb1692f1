//! The tree in memory, and the latches of its leaves.

use plimsoll_reference::mutation::Mutation;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::specimens::surrealmx::table::Table;

/// The first key of the second leaf.
const SECOND: &[u8] = b"b1";

/// What commits have left, and what is known of them.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) table: Table,
    /// The last commit that has a number.
    pub(super) version: u64,
    /// The last commit in the log, where a worker writes that, and the last that is known to be durable.
    pub(super) logged: u64,
    pub(super) synced: u64,
    /// Commits that wait for the log.
    pub(super) queued: usize,
    /// Why nothing is taken any more.
    pub(super) poison: Option<String>,
}

impl Tree {
    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut live = self.table.live();
        live.find(|(of, _)| *of == key)
            .map(|(_, value)| value.to_vec())
    }

    /// A number for the next commit.
    pub(super) const fn claim(&mut self) -> u64 {
        self.version += 1;
        self.version
    }
}

/// The latches of the leaves.
#[derive(Debug, Default)]
pub(super) struct Latches([RwLock<()>; 2]);

impl Latches {
    /// Takes those of the leaves that are changed, in their order.
    pub(super) async fn change(&self, mutations: &[Mutation]) -> Vec<RwLockWriteGuard<'_, ()>> {
        let mut taken = Vec::new();
        for (index, latch) in self.0.iter().enumerate() {
            let is_in = |mutation: &Mutation| usize::from(mutation.key() >= SECOND) == index;
            if mutations.iter().any(is_in) {
                taken.push(latch.write().await);
            }
        }
        taken
    }

    /// Goes from leaf to leaf, and rests on the last one.
    pub(super) async fn pass(&self) -> RwLockReadGuard<'_, ()> {
        let [first, last] = &self.0;
        drop(first.read().await);
        last.read().await
    }
}
