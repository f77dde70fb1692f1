//! Snapshots.

use std::sync::Arc;

use super::bug::Bug;
use super::store::Store;
use crate::specimens::surrealmx::cut;
use crate::specimens::surrealmx::error::Error;
use crate::specimens::surrealmx::table::Table;
use crate::specimens::surrealmx::trim::{Failure, Keep, trim};

impl Store {
    /// Writes a snapshot, cuts the log, and says which commit is the last in it.
    pub(super) async fn snapshot(&self) -> Result<u64, String> {
        self.check().map_err(|failure| format!("{failure:?}"))?;
        if self.mends.has(Bug::R14) {
            let _turn = self.turn.lock().await;
            let (rests, table) = self.iterate().await;
            let covered = table.version();
            self.write(table).await?;
            self.cut(Keep::NewerThan(covered)).await?;
            drop(rests);
            return Ok(covered);
        }
        let log = self.log().await;
        let (log, position) = self.work(log, |log| log.len()).await?;
        drop(log);
        let turn = self.turn.lock().await;
        let (rests, table) = self.iterate().await;
        let covered = table.version();
        self.write(table).await?;
        drop(turn);
        self.cut(Keep::Behind(position)).await?;
        drop(rests);
        Ok(covered)
    }

    /// Goes through the tree. The first part is what the iterator rests on afterwards.
    async fn iterate(&self) -> (Option<tokio::sync::RwLockReadGuard<'_, ()>>, Table) {
        let last = self.latches.pass().await;
        let table = self.tree().table.clone();
        (Some(last).filter(|_| !self.mends.has(Bug::R16)), table)
    }

    async fn write(&self, table: Table) -> Result<(), String> {
        let (fs, files) = (Arc::clone(&self.host.fs), self.files());
        let written = self
            .host
            .blocking(move || cut::write(&*fs, &table, files))
            .await;
        match written {
            Ok(written) => written.map_err(|error| error.to_string()),
            Err(failed) => Err(failed.to_string()),
        }
    }

    /// Cuts the log. Where nobody knows what that has left, nothing is taken any more.
    async fn cut(&self, keep: Keep) -> Result<(), String> {
        let (fs, files) = (Arc::clone(&self.host.fs), self.files());
        let log = self.log().await;
        let cut = self.work(log, move |log| Ok(trim(&*fs, log, keep, files)));
        let explain = |error: Error| error.to_string();
        match cut.await {
            Ok((_, Ok(()))) => Ok(()),
            Ok((_, Err(Failure::Unchanged(error)))) => Err(explain(error)),
            Ok((_, Err(Failure::Unknown(error)))) => Err(self.poison(explain(error))),
            Err(message) => Err(self.poison(message)),
        }
    }
}
