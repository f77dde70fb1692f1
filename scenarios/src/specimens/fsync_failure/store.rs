//! The store: a table in memory and its log.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, read_to_end, write_all_at};
use plimsoll_sim::command::Mutation;

use super::conduct::Conduct;
use super::frame::{decode, encode};

const LOG: &str = "log";
const TEMP: &str = "log.tmp";

/// How often a failed sync is tried again.
const RETRIES: u32 = 3;

/// An open store.
pub(super) struct Store {
    fs: Arc<dyn FsOps>,
    conduct: Conduct,
    log: Box<dyn FsFile>,
    /// Where the next record goes: the offset of the descriptor, whatever became of the file.
    end: u64,
    pub(super) table: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) has_stopped: bool,
}

impl Store {
    pub(super) fn open(fs: Arc<dyn FsOps>, conduct: Conduct) -> io::Result<Self> {
        let options = OpenOptions::read_write().create();
        let log = fs.open(Path::new(LOG), options)?;
        let bytes = read_to_end(&*log)?;
        let mut table = BTreeMap::new();
        let mut rest = &bytes[..];
        while let Some((mutations, tail)) = decode(rest) {
            publish(&mutations, &mut table);
            rest = tail;
        }
        let mut store = Self {
            fs,
            conduct,
            log,
            end: (bytes.len() - rest.len()) as u64,
            table,
            has_stopped: false,
        };
        if conduct == Conduct::TrustCache {
            store.log.set_len(store.end)?;
            store.log.sync_all()?;
            store.fs.sync_dir(Path::new(""))?;
        } else {
            let table = store.table.clone();
            store.rewrite(&table)?;
        }
        Ok(store)
    }

    /// Appends a record and makes it durable.
    pub(super) fn commit(&mut self, mutations: &[Mutation]) -> io::Result<()> {
        let frame = encode(mutations);
        if let Err(error) = write_all_at(&*self.log, &frame, self.end) {
            self.has_stopped = true;
            return Err(error);
        }
        self.end += frame.len() as u64;
        let synced = match (self.log.sync_data(), self.conduct) {
            (Ok(()), _) => Ok(()),
            (Err(_), Conduct::Ignore) => Ok(()),
            (Err(error), Conduct::Retry) => {
                let mut result = Err(error);
                for _ in 0..RETRIES {
                    if result.is_err() {
                        result = self.log.sync_data();
                    }
                }
                result
            }
            // Nobody reads of it before it is durable.
            (Err(_), Conduct::Rewrite) => {
                let mut table = self.table.clone();
                publish(mutations, &mut table);
                self.rewrite(&table)
            }
            (Err(error), Conduct::Serve) => {
                publish(mutations, &mut self.table);
                Err(error)
            }
            (Err(error), Conduct::Stop | Conduct::TrustCache) => Err(error),
        };
        match synced {
            Ok(()) => {
                publish(mutations, &mut self.table);
                Ok(())
            }
            Err(error) => {
                self.has_stopped = true;
                Err(error)
            }
        }
    }

    /// Writes a table to a new file and goes on there.
    fn rewrite(&mut self, table: &BTreeMap<Vec<u8>, Vec<u8>>) -> io::Result<()> {
        let put = |(key, value): (&Vec<u8>, &Vec<u8>)| Mutation::Put {
            key: key.clone(),
            value: value.clone(),
        };
        let mutations: Vec<Mutation> = table.iter().map(put).collect();
        let frame = if mutations.is_empty() {
            Vec::new()
        } else {
            encode(&mutations)
        };
        let (temp, path) = (Path::new(TEMP), Path::new(LOG));
        if self.fs.metadata(temp)?.is_some() {
            self.fs.remove_file(temp)?;
        }
        let options = OpenOptions::read_write().create_new();
        let log = self.fs.open(temp, options)?;
        write_all_at(&*log, &frame, 0)?;
        log.sync_all()?;
        self.fs.rename(temp, path)?;
        self.fs.sync_dir(Path::new(""))?;
        self.log = log;
        self.end = frame.len() as u64;
        Ok(())
    }

    pub(super) fn close(self) -> io::Result<()> {
        self.log.close()
    }
}

fn publish(mutations: &[Mutation], table: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
    for mutation in mutations {
        mutation.apply_to(table);
    }
}
