//! Compaction, copies, and restoring one.

use std::io;
use std::path::Path;

use plimsoll_reference::fs::OpenOptions;
use plimsoll_sim::sut::CommandError;

use super::bug::Bug;
use super::files::{Failure, Files, RESTORE};
use super::image;
use super::store::Store;
use super::vault::Vault;

impl Store {
    /// Compacts in place.
    pub(super) fn compact(&mut self) -> Result<(), CommandError> {
        self.begin_compaction(0)?;
        self.finish_compaction(0)
    }

    /// Puts a compacted database in the place of this one.
    pub(crate) fn begin_compaction(&mut self, slot: u8) -> Result<(), CommandError> {
        let (bytes, _) = image::encode(&self.pairs);
        self.ready()?;
        let files = self.files.clone();
        let temp = files
            .temporary(files.live(), "compact", &bytes)
            .map_err(|e| CommandError::absent(e.to_string()))?;
        let backup = match files.replace(&temp, true) {
            Ok(backup) => backup,
            Err(Failure::Undone(e)) => return Err(CommandError::absent(e.to_string())),
            Err(Failure::Unknown(e)) => return Err(self.stop(&e)),
        };
        let keeps_lock = self.has(Bug::H1);
        if let Some(vault) = &mut self.vault
            && !keeps_lock
        {
            vault.lock = None;
        }
        self.window = Some((slot, backup));
        Ok(())
    }

    /// Opens the compacted database.
    pub(crate) fn finish_compaction(&mut self, slot: u8) -> Result<(), CommandError> {
        let Some((_, backup)) = self.window.take_if(|(open, _)| *open == slot) else {
            let message = format!("no compaction {slot} was begun");
            return Err(CommandError::absent(message));
        };
        let lock = self.vault.as_mut().and_then(|vault| vault.lock.take());
        match Vault::reopen(&self.files, lock) {
            Ok((vault, pairs)) => {
                self.vault = Some(vault);
                self.pairs = pairs;
                Ok(())
            }
            Err(e) if self.has(Bug::R2) => Err(self.stop(&e)),
            Err(e) => {
                // The backup is gone by now, or else it is older than what it replaces.
                let _ = self.files.fs.rename(&backup, self.files.live());
                if let Ok((vault, _)) = Vault::reopen(&self.files, None) {
                    self.vault = Some(vault);
                }
                Err(CommandError::absent(e.to_string()))
            }
        }
    }

    /// Writes a compacted copy.
    pub(super) fn compact_to(&mut self, place: u8) -> Result<(), CommandError> {
        let (bytes, _) = image::encode(&self.pairs);
        self.ready()?;
        self.copy(place, &bytes)
    }

    /// Writes a copy of every byte, behind a checkpoint.
    pub(super) fn export(&mut self, place: u8) -> Result<(), CommandError> {
        self.checkpoint()?;
        let bytes = self.ready()?.bytes();
        let bytes = bytes.map_err(|e| CommandError::absent(e.to_string()))?;
        self.copy(place, &bytes)
    }

    fn copy(&mut self, place: u8, bytes: &[u8]) -> Result<(), CommandError> {
        match write_copy(&self.files, &self.files.copy(place), bytes) {
            Ok(()) => Ok(()),
            // What is written next might take the blocks of the copy that a crash brings back.
            Err(Failure::Unknown(e)) if self.has(Bug::R16) => Err(self.stop(&e)),
            Err(Failure::Unknown(e)) => Err(CommandError::unknown(e.to_string())),
            Err(Failure::Undone(e)) => Err(CommandError::absent(e.to_string())),
        }
    }

    /// Closes the database, puts a copy in its place, and opens that.
    pub(super) fn restore(&mut self, place: u8) -> Result<(), CommandError> {
        self.ready()?;
        let bytes = self
            .source(place)
            .map_err(|e| CommandError::absent(e.to_string()))?;
        let keeps_lock = self.has(Bug::H1);
        let lock = self
            .vault
            .take()
            .and_then(|vault| vault.lock)
            .filter(|_| keeps_lock);
        let restored = put_in_place(&self.files, &bytes);
        if let Err(Failure::Unknown(e)) = &restored {
            return Err(self.stop(e));
        }
        let reopened = Vault::reopen(&self.files, lock);
        match (restored, reopened) {
            (Ok(()), Err(e)) => Err(self.stop(&e)),
            (Err(Failure::Undone(e) | Failure::Unknown(e)), Err(_)) => {
                self.stop(&e);
                Err(CommandError::absent(e.to_string()))
            }
            (restored, Ok((vault, pairs))) => {
                self.vault = Some(vault);
                self.pairs = pairs;
                match restored {
                    Ok(()) => Ok(()),
                    Err(Failure::Undone(e) | Failure::Unknown(e)) => {
                        Err(CommandError::absent(e.to_string()))
                    }
                }
            }
        }
    }

    /// The bytes of a copy.
    fn source(&self, place: u8) -> io::Result<Vec<u8>> {
        let bytes = self.files.read(&self.files.copy(place))?;
        let bytes = bytes.ok_or(io::ErrorKind::NotFound)?;
        if self.has(Bug::R14) {
            image::read_copy(&bytes, self.files.mends)?;
        }
        Ok(bytes)
    }
}

/// Gives a copy the name of the database.
fn put_in_place(files: &Files, bytes: &[u8]) -> Result<(), Failure> {
    let temp = files
        .temporary(files.live(), RESTORE, bytes)
        .map_err(Failure::Undone)?;
    let is_there = files.exists(files.live()).map_err(|e| {
        files.discard_failed(&temp.path);
        Failure::Undone(e)
    })?;
    files.replace(&temp, is_there).map(drop)
}

/// Writes a copy in the place of what was there.
fn write_copy(files: &Files, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if !files.mends.has(Bug::R17) {
        return overwrite(files, path, bytes).map_err(Failure::Unknown);
    }
    let temp = files
        .temporary(path, "copy", bytes)
        .map_err(Failure::Undone)?;
    if let Err(e) = files.fs.rename(&temp.path, path) {
        files.discard_failed(&temp.path);
        return Err(Failure::Unknown(e));
    }
    let settled = files.settle_name(&*temp.file, path);
    settled.map_err(Failure::Unknown)
}

fn overwrite(files: &Files, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let options = OpenOptions::read_write().create().truncate();
    let file = files.fs.open(path, options)?;
    image::write(&*file, bytes)?;
    file.sync_all()?;
    files.settle_name(&*file, path)
}
