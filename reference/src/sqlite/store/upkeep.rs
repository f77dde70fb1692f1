//! What commits make due: copying the log into the database, and moving the database to its file.

use super::{Home, Store};
use crate::level::Ack;
use crate::sqlite::error::StoreError;
use crate::sqlite::promotion::{Filed, Promotion};
use crate::sqlite::warning::Warning;

impl Store {
    /// What a commit makes due. The commit itself is done.
    pub(in crate::sqlite) fn after_commit(&mut self) -> Result<Ack, StoreError> {
        self.commits += 1;
        match self.home {
            Home::Memory => self.promote_if_large()?,
            Home::File => self.checkpoint_if_long(),
        }
        Ok(Ack::at(self.standing()))
    }

    fn checkpoint_if_long(&mut self) {
        if !self.database.is_wal() {
            return;
        }
        let database = &self.database;
        let done = database.logged_pages().and_then(|pages| {
            if pages >= u64::from(self.options.checkpoint_pages) {
                database.checkpoint()
            } else {
                Ok(())
            }
        });
        if let Err(error) = self.guard(done) {
            let reason = error.text();
            self.warn(Warning::CheckpointFailed { reason });
        }
    }

    pub(super) fn promote_if_large(&mut self) -> Result<(), StoreError> {
        let Some(threshold) = self.options.memory_threshold else {
            return Ok(());
        };
        if self.home != Home::Memory || !self.promotion.is_free(self.host.clock.now()) {
            return Ok(());
        }
        let bytes = self.database.bytes()?;
        if bytes > threshold
            && let Err(error) = self.promote()
        {
            let reason = error.text();
            self.warn(Warning::NotPromoted { reason });
        }
        Ok(())
    }

    /// Moves the database to its file.
    pub(super) fn promote(&mut self) -> Result<(), StoreError> {
        let Some(path) = self.options.path() else {
            return Ok(());
        };
        let fs = &*self.host.fs;
        let filed = self
            .promotion
            .file(fs, &self.mount.0, &self.database, path, &self.options);
        match filed {
            Ok(Filed { database, lock }) => {
                self.database = database;
                self.home = Home::File;
                self.locks.push(lock);
                self.promotion = Promotion::default();
                Ok(())
            }
            Err(error) => {
                self.promotion.put_off(self.host.clock.now());
                Err(self.explain(error))
            }
        }
    }
}
