//! Either engine, as the service asks for it. Everything here may block.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::host::Host;
use crate::level::Level;
use crate::mutation::Mutation;
use crate::{native, sqlite};

use super::engine_options::EngineOptions;
use super::failure::Failure;
use super::jobs::{PlacedSnapshot, PlacingJob, SnapshotJob, WrittenSnapshot};
use super::overlay::Pairs;

/// An open store of either kind.
#[derive(Debug)]
pub(super) enum Engine {
    Native(native::Store),
    Sqlite {
        store: sqlite::Store,
        /// How many writes this process has made: the engine on SQLite does not count commits.
        sequence: u64,
    },
}

/// What came of one write: at which level it is held, and the number it has.
pub(super) type Committed = Result<(Level, u64), Failure>;

impl Engine {
    /// Opens the store. `sequence` is the number that an engine goes on from which does not count by itself.
    pub(super) fn open(
        host: &Host,
        options: &EngineOptions,
        sequence: u64,
    ) -> Result<Self, Failure> {
        match options {
            EngineOptions::Native(options) => Ok(Self::Native(native::Store::open(host, options)?)),
            EngineOptions::Sqlite(options) => Ok(Self::Sqlite {
                store: sqlite::Store::open(host, options)?,
                sequence,
            }),
        }
    }

    /// Number of the last write.
    pub(super) fn sequence(&self) -> u64 {
        match self {
            Self::Native(store) => store.sequence(),
            Self::Sqlite { sequence, .. } => *sequence,
        }
    }

    /// The level at which a commit is acknowledged.
    pub(super) fn commit_level(&self) -> Level {
        match self {
            Self::Native(store) => store.options().commit_level(),
            Self::Sqlite { store, .. } if store.is_in_memory() => Level::Memory,
            Self::Sqlite { .. } => Level::Power,
        }
    }

    /// Whether what is written is in memory only, until a snapshot or the end.
    pub(super) fn is_in_memory(&self) -> bool {
        match self {
            Self::Native(store) => store.options().is_memory_only(),
            Self::Sqlite { store, .. } => store.is_in_memory(),
        }
    }

    /// Whether it is in memory, and all of it is in the snapshot in place.
    pub(super) fn is_saved(&self) -> bool {
        self.is_in_memory()
            && match self {
                Self::Native(store) => store.is_saved(),
                Self::Sqlite { store, .. } => store.is_saved(),
            }
    }

    /// Whether it is on disk and takes writes, so that all of them can be made durable there.
    pub(super) fn is_durable(&self) -> bool {
        !self.is_in_memory() && !self.is_poisoned()
    }

    /// Whether an earlier failure keeps it from taking writes.
    pub(super) fn is_poisoned(&self) -> bool {
        match self {
            Self::Native(store) => store.is_poisoned(),
            Self::Sqlite { store, .. } => store.is_poisoned(),
        }
    }

    /// Where snapshots go.
    pub(super) fn snapshot_path(&self) -> Option<PathBuf> {
        match self {
            Self::Native(store) => Some(store.snapshot_path()),
            Self::Sqlite { store, .. } => store.snapshot_path(),
        }
        .map(Path::to_path_buf)
    }

    /// Makes the writes in order, as one commit of the disk. What came of each is in the same order.
    pub(super) fn commit(&mut self, writes: &[Vec<Mutation>]) -> Vec<Committed> {
        match self {
            Self::Native(store) => {
                let mut sequence = store.sequence();
                let commits: Vec<&[Mutation]> = writes.iter().map(Vec::as_slice).collect();
                let number = |result: Result<_, _>| {
                    let level = result.map(|ack: crate::level::Ack| ack.level)?;
                    sequence += 1;
                    Ok((level, sequence))
                };
                store.group(&commits).into_iter().map(number).collect()
            }
            Self::Sqlite { store, sequence } => {
                let result = store.joined(writes).map_err(Failure::from);
                let number = |_| {
                    let level = result.as_ref().map_err(Clone::clone)?.level;
                    *sequence += 1;
                    Ok((level, *sequence))
                };
                writes.iter().map(number).collect()
            }
        }
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Native(store) => Ok(store.get(key)?.map(<[u8]>::to_vec)),
            Self::Sqlite { store, .. } => Ok(store.get(key)?),
        }
    }

    pub(super) fn scan(&self) -> Result<Pairs, Failure> {
        let mut pairs = Pairs::new();
        let mut visit = |key: &[u8], value: &[u8]| pairs.push((key.to_vec(), value.to_vec()));
        match self {
            Self::Native(store) => store.scan(&mut visit)?,
            Self::Sqlite { store, .. } => store.scan(&mut visit)?,
        }
        Ok(pairs)
    }

    pub(super) fn sync(&mut self) -> Result<Level, Failure> {
        Ok(match self {
            Self::Native(store) => store.sync()?.level,
            Self::Sqlite { store, .. } => store.sync()?.level,
        })
    }

    pub(super) fn checkpoint(&mut self) -> Result<Level, Failure> {
        Ok(match self {
            Self::Native(store) => store.checkpoint()?.level,
            Self::Sqlite { store, .. } => store.checkpoint()?.level,
        })
    }

    pub(super) fn compact(&mut self) -> Result<Level, Failure> {
        Ok(match self {
            Self::Native(store) => store.compact_in_place()?.level,
            Self::Sqlite { store, .. } => store.compact()?.level,
        })
    }

    /// Does the background work that is due.
    pub(super) fn tick(&mut self) -> Result<(), Failure> {
        match self {
            Self::Native(store) => drop(store.tick()?),
            Self::Sqlite { store, .. } => drop(store.tick()?),
        }
        Ok(())
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        match self {
            Self::Native(store) => store.next_deadline(),
            Self::Sqlite { store, .. } => store.next_deadline(),
        }
    }

    /// Cuts a snapshot of everything that is committed.
    pub(super) fn begin_snapshot(&mut self) -> Result<SnapshotJob, Failure> {
        match self {
            Self::Native(store) => Ok(SnapshotJob::Native(store.begin_snapshot()?)),
            Self::Sqlite { store, .. } => match store.snapshot_path() {
                Some(_) => Ok(SnapshotJob::Sqlite(store.begin_snapshot()?)),
                None => Err(Failure::unsupported(
                    "there is no place for snapshots; start the service with one",
                )),
            },
        }
    }

    /// Gives a snapshot that was written its turn to be put in place.
    pub(super) fn begin_placing(
        &mut self,
        written: WrittenSnapshot,
    ) -> Result<PlacingJob, Failure> {
        match (self, written) {
            (Self::Native(store), WrittenSnapshot::Native(written)) => {
                Ok(PlacingJob::Native(store.begin_placing(written)?))
            }
            (Self::Sqlite { store, .. }, WrittenSnapshot::Sqlite(written)) => {
                Ok(PlacingJob::Sqlite(store.begin_placing(written)?))
            }
            _ => Err(foreign()),
        }
    }

    /// Takes note of a snapshot that was put in place.
    pub(super) fn end_placing(&mut self, placed: PlacedSnapshot) -> Result<Level, Failure> {
        match (self, placed) {
            (Self::Native(store), PlacedSnapshot::Native(placed)) => {
                Ok(store.end_placing(placed)?.level)
            }
            (Self::Sqlite { store, .. }, PlacedSnapshot::Sqlite(placed)) => {
                Ok(store.end_placing(placed)?.level)
            }
            _ => Err(foreign()),
        }
    }

    /// Whether it checkpoints and compacts by putting a snapshot in place.
    pub(super) const fn maintains_by_snapshot(&self) -> bool {
        matches!(self, Self::Native(_))
    }

    /// Whether it has files of its own besides snapshots, so that [`sync`](Self::sync) brings there what is in memory.
    pub(super) fn has_file(&self) -> bool {
        match self {
            Self::Native(store) => !store.options().is_memory_only(),
            Self::Sqlite { store, .. } => store.has_file(),
        }
    }

    /// Whether there are no keys.
    pub(super) fn is_empty(&self) -> Result<bool, Failure> {
        Ok(match self {
            Self::Native(store) => store.is_empty()?,
            Self::Sqlite { store, .. } => store.is_empty()?,
        })
    }

    /// What it went on in spite of.
    pub(super) fn take_warnings(&mut self) -> Vec<String> {
        match self {
            Self::Native(_) => Vec::new(),
            Self::Sqlite { store, .. } => {
                let warnings = store.take_warnings();
                warnings.iter().map(ToString::to_string).collect()
            }
        }
    }

    /// Ends it cleanly.
    pub(super) fn close(self) -> Result<Level, Failure> {
        Ok(match self {
            Self::Native(store) => store.close()?.level,
            Self::Sqlite { store, .. } => store.close()?.level,
        })
    }
}

fn foreign() -> Failure {
    Failure::absent("the snapshot belongs to another store")
}
