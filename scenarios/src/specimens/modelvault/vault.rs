//! The open file of the database.

use std::io;

use plimsoll_reference::fs::{FsFile, OpenOptions, read_to_end, write_all_at};
use plimsoll_sim::command::Mutation;

use super::bug::Bug;
use super::files::{Files, Temp, hold};
use super::image::{self, Image, Pairs};
use super::superblock::{LOG_START, Superblock};

/// The database, with the locks of its writer.
pub(super) struct Vault {
    files: Files,
    file: Box<dyn FsFile>,
    /// The lock of the writer.
    pub(super) lock: Option<Box<dyn FsFile>>,
    /// Where the log ends.
    end: u64,
    superblock: Superblock,
}

impl Vault {
    /// Opens the database for the first time in a process, and creates it when there is none.
    pub(super) fn open(files: &Files) -> io::Result<(Self, Pairs)> {
        let mends = files.mends;
        let lock = files.lock()?;
        if mends.has(Bug::R18) {
            files.sweep(".tmp")?;
        }
        if mends.has(Bug::New) && files.fs.metadata(files.live())?.is_none() {
            let (bytes, _) = image::encode(&Pairs::new());
            let temp = files.temporary(files.live(), "new", &bytes)?;
            files.fs.rename(&temp.path, files.live())?;
        }
        let (mut vault, pairs) = Self::reopen(files, Some(lock))?;
        if mends.has(Bug::Seen) {
            vault.rewrite(&pairs)?;
        }
        if mends.has(Bug::R22) {
            files.fs.sync_dir(files.directory())?;
        }
        // Last: until the names are durable, a crash may bring back the file that a backup is, with blocks that were used again.
        if mends.has(Bug::R18) {
            files.sweep(".bak")?;
        }
        Ok((vault, pairs))
    }

    /// Opens the database, with the lock of the writer where that is held already.
    pub(super) fn reopen(
        files: &Files,
        lock: Option<Box<dyn FsFile>>,
    ) -> io::Result<(Self, Pairs)> {
        let options = match files.mends.has(Bug::New) {
            true => OpenOptions::read_write(),
            false => OpenOptions::read_write().create(),
        };
        let file = files.fs.open(files.live(), options)?;
        hold(&*file)?;
        let lock = match lock {
            Some(lock) => lock,
            None => files.lock()?,
        };
        let mut bytes = read_to_end(&*file)?;
        if bytes.is_empty() && !files.mends.has(Bug::New) {
            (bytes, _) = image::encode(&Pairs::new());
            image::write(&*file, &bytes)?;
            file.sync_all()?;
        }
        let Image {
            pairs,
            end,
            superblock,
        } = image::recover(&bytes, files.options, files.mends)?;
        if end < bytes.len() {
            file.set_len(end as u64)?;
            file.sync_all()?;
        }
        let vault = Self {
            files: files.clone(),
            file,
            lock: Some(lock),
            end: end as u64,
            superblock,
        };
        Ok((vault, pairs))
    }

    /// Replaces the database by one that is durable for certain: a sync that failed in an earlier life may have left parts of it
    /// that can be read and will never be written.
    fn rewrite(&mut self, pairs: &Pairs) -> io::Result<()> {
        let files = self.files.clone();
        // What an earlier life may have put in place of a database is durable before a byte is written: there are file systems that
        // write into the blocks of the replaced one sooner (ext4 with data=writeback).
        files.fs.sync_dir(files.directory())?;
        let (bytes, superblock) = image::encode(pairs);
        let temp: Temp = files.temporary(files.live(), "open", &bytes)?;
        hold(&*temp.file)?;
        files.fs.rename(&temp.path, files.live())?;
        files.settle_name(&*temp.file, files.live())?;
        self.file = temp.file;
        self.end = bytes.len() as u64;
        self.superblock = superblock;
        Ok(())
    }

    /// Appends a commit and makes it durable.
    pub(super) fn commit(&mut self, txn: u64, mutations: &[Mutation]) -> io::Result<()> {
        self.append(&image::commit(txn, mutations), false)
    }

    /// Appends the whole state and makes it durable.
    pub(super) fn checkpoint(&mut self, pairs: &Pairs) -> io::Result<()> {
        self.append(&[image::checkpoint(pairs)], true)
    }

    fn append(&mut self, segments: &[Vec<u8>], is_checkpoint: bool) -> io::Result<()> {
        let start = if self.files.mends.has(Bug::R9) {
            self.end
        } else {
            self.file.metadata()?.len.max(LOG_START as u64)
        };
        let mut at = start;
        for segment in segments {
            write_all_at(&*self.file, segment, at)?;
            at += segment.len() as u64;
        }
        let checkpoint = is_checkpoint.then_some(start);
        let (manifest, superblock) = image::publish(at as usize, self.superblock, checkpoint);
        write_all_at(&*self.file, &manifest, at)?;
        if self.files.mends.has(Bug::R20) {
            self.file.sync_all()?;
        }
        let slot = superblock.slot() as u64;
        write_all_at(&*self.file, &superblock.encode(), slot)?;
        self.file.sync_all()?;
        self.end = superblock.manifest_end;
        self.superblock = superblock;
        Ok(())
    }

    /// Every byte of the database.
    pub(super) fn bytes(&self) -> io::Result<Vec<u8>> {
        read_to_end(&*self.file)
    }
}
