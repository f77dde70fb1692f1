//! The open store.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_reference::fs::FsOps;
use plimsoll_reference::host::Host;
use plimsoll_sim::command::Mutation;
use plimsoll_sim::sut::CommandError;

use super::bug::{Bug, Mends};
use super::files::Files;
use super::image::{self, Pairs};
use super::options::Options;
use super::vault::Vault;

/// The store.
pub(crate) struct Store {
    pub(super) files: Files,
    /// The open database; none where it could not be opened again.
    pub(super) vault: Option<Vault>,
    pub(crate) pairs: Pairs,
    txn: u64,
    /// The compaction that has yet to open the database again: its number, and its backup.
    pub(super) window: Option<(u8, PathBuf)>,
    pub(super) poison: Option<String>,
}

impl Store {
    pub(crate) fn open(host: &Host, options: Options, mends: Mends) -> io::Result<Self> {
        let files = Files {
            fs: Arc::clone(&host.fs),
            options,
            mends,
        };
        let (vault, pairs) = Vault::open(&files)?;
        Ok(Self {
            files,
            vault: Some(vault),
            pairs,
            txn: 0,
            window: None,
            poison: None,
        })
    }

    /// What a database holds, for a reader that leaves it as it is; nothing when there is none.
    pub(crate) fn look(
        fs: Arc<dyn FsOps>,
        options: Options,
        mends: Mends,
    ) -> io::Result<Option<Pairs>> {
        let files = Files { fs, options, mends };
        match files.read(files.live())? {
            Some(bytes) => image::recover(&bytes, options, mends).map(|image| Some(image.pairs)),
            None => Ok(None),
        }
    }

    pub(super) fn has(&self, bug: Bug) -> bool {
        self.files.mends.has(bug)
    }

    /// The open database, where nothing keeps the store from working on it.
    pub(super) fn ready(&mut self) -> Result<&mut Vault, CommandError> {
        if let Some(poison) = &self.poison {
            return Err(CommandError::absent(format!("poisoned: {poison}")));
        }
        if self.window.is_some() {
            return Err(CommandError::absent("busy with a compaction"));
        }
        let closed = || CommandError::absent("the database is not open");
        self.vault.as_mut().ok_or_else(closed)
    }

    /// Refuses everything from now on.
    pub(super) fn stop(&mut self, error: &io::Error) -> CommandError {
        self.poison = Some(error.to_string());
        CommandError::unknown(error.to_string())
    }

    pub(crate) fn commit(&mut self, mutations: &[Mutation]) -> Result<(), CommandError> {
        let txn = self.txn + 1;
        let vault = self.ready()?;
        if mutations.is_empty() {
            return Ok(());
        }
        let done = vault.commit(txn, mutations);
        self.end_append(done)?;
        self.txn = txn;
        for mutation in mutations {
            mutation.apply_to(&mut self.pairs);
        }
        Ok(())
    }

    pub(crate) fn checkpoint(&mut self) -> Result<(), CommandError> {
        let pairs = self.pairs.clone();
        let done = self.ready()?.checkpoint(&pairs);
        self.end_append(done)
    }

    fn end_append(&mut self, done: io::Result<()>) -> Result<(), CommandError> {
        match done {
            Ok(()) => Ok(()),
            Err(e) if self.has(Bug::R9) => Err(self.stop(&e)),
            Err(e) => Err(CommandError::absent(e.to_string())),
        }
    }

    /// Closes the store. Everything acknowledged is durable already.
    pub(crate) fn close(self) -> Result<(), CommandError> {
        match self.poison {
            Some(poison) => Err(CommandError::absent(format!("poisoned: {poison}"))),
            None => Ok(()),
        }
    }
}
