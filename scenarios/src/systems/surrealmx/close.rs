//! The end of a store.

use super::store::Store;
use super::workers::Workers;

impl Store {
    /// Ends the workers, writes what is queued, and makes it durable. Says the number of the last commit.
    pub(super) async fn close(&self, workers: Workers) -> Result<u64, String> {
        self.stop.send_replace(true);
        for worker in workers.stopped {
            worker.await.map_err(|failed| failed.to_string())?;
        }
        self.order_no_more();
        workers.log.await.map_err(|failed| failed.to_string())?;
        if let Some(poison) = &self.tree().poison {
            return Err(poison.clone());
        }
        self.sync_log().await?;
        Ok(self.tree().version)
    }
}
