//! The store under test, opened on images.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use globset::{Glob, GlobSet, GlobSetBuilder};
use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_faults::image::{Image, Ino};
use plimsoll_faults::log::Entry;
use plimsoll_reference::host::Host;
use plimsoll_reference::level::Level;
use rustc_hash::FxHashMap;

use super::dump::{Dump, dump, dump_pairs, panic_text};
use super::recovered::{Canonical, NoState, Recovered};
use super::state::{PairHash, State, StateHash};
use crate::command::{Command, Mutation};
use crate::sut::{self, Contract, Instance, Sut, Visit};

/// Operations after which a recovery counts as hanging.
const OPERATIONS_MAX: u64 = 1_000_000;

/// Paths that are remembered.
const KNOWN_PATHS_MAX: usize = 1_000;

/// What is wanted of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// What the store holds.
    Contents,
    /// The files it leaves, too.
    Files,
    /// How it does in use, too.
    Use,
}

/// A recovery that was run.
pub(super) struct Recovery {
    pub(super) result: Recovered,
    /// A temporary that it left behind.
    pub(super) leftover: Option<Arc<str>>,
    /// What the recovered store should hold after it was used, and at which level the last write was acknowledged.
    pub(super) usage: Option<Result<(StateHash, Level), String>>,
    /// The files that it opened or described.
    pub(super) inspected: Vec<Ino>,
    /// The operations of the recovery, and of the use after it.
    log: Vec<Entry>,
    /// How many are those of the recovery.
    end: usize,
}

impl Recovery {
    /// The operations of the recovery.
    pub(super) fn log(&self) -> &[Entry] {
        &self.log[..self.end]
    }

    /// The operations of the recovery and of the use.
    pub(super) fn log_with_use(&self) -> &[Entry] {
        &self.log
    }
}

/// Opens a store on copies of images.
pub(super) struct Opener<'a> {
    sut: &'a dyn Sut,
    contract: Contract,
    temporaries: GlobSet,
    /// Which paths are temporaries: there are few, and matching is slow.
    known_paths: FxHashMap<Box<str>, bool>,
}

impl<'a> Opener<'a> {
    pub(super) fn new(sut: &'a dyn Sut) -> Self {
        let contract = sut.contract();
        let mut temporaries = GlobSetBuilder::new();
        for pattern in &contract.temporaries {
            temporaries.add(Glob::new(pattern).expect("contracts hold valid patterns"));
        }
        Self {
            sut,
            temporaries: temporaries
                .build()
                .expect("valid patterns make a valid set"),
            contract,
            known_paths: FxHashMap::default(),
        }
    }

    /// Recovers the store on a copy of an image.
    pub(super) fn recover(&mut self, image: &Image, now: Duration, look: Look) -> Recovery {
        let fs = SimFs::new(image.clone());
        fs.limit_operations(OPERATIONS_MAX);
        let mut end = None;
        let mut files = None;
        let mut usage = None;
        let result = self.open_and(&fs, now, |instance| {
            let mut pairs =
                dump_pairs(instance).map_err(|message| format!("could not be read: {message}"))?;
            let shown = pairs.finish();
            end = Some(fs.log_len());
            if look != Look::Contents {
                files = Some(fs.image());
            }
            if look == Look::Use {
                usage = put_two(instance, &mut pairs);
            }
            Ok(shown)
        });
        let result = match result {
            Ok(hash) => Recovered::State(hash),
            Err(none) => Recovered::from(none),
        };
        let leftover = match look {
            Look::Contents => None,
            Look::Files | Look::Use => self.leftover(&files.unwrap_or_else(|| fs.image())),
        };
        let log = fs.take_log();
        Recovery {
            result,
            leftover,
            usage,
            inspected: fs.inspected(),
            end: end.unwrap_or(log.len()),
            log,
        }
    }

    /// Recovers the store on a copy of an image and returns everything it holds.
    pub(super) fn recover_state(&self, image: &Image, now: Duration) -> Result<State, NoState> {
        let fs = SimFs::new(image.clone());
        fs.limit_operations(OPERATIONS_MAX);
        self.open_and(&fs, now, |instance| match dump(instance) {
            Dump::State(state) => Ok(state),
            Dump::Failed(message) => Err(format!("could not be read: {message}")),
        })
    }

    /// Opens the store, does something with it, and ends its process.
    fn open_and<T>(
        &self,
        fs: &SimFs,
        now: Duration,
        then: impl FnOnce(&mut dyn Instance) -> Result<T, String>,
    ) -> Result<T, NoState> {
        let host = Host::new(Arc::new(fs.clone()), Arc::new(SimClock::at(now)));
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut instance = self
                .sut
                .open(&host)
                .map_err(|error| format!("did not open: {}", error.message))?;
            let result = then(&mut *instance);
            // The process ends here; nothing its destructors do may reach the disk.
            fs.fence();
            result
        }));
        fs.fence();
        if fs.is_exhausted() {
            return Err(NoState::Crashed(
                "did not end: more operations than any recovery needs".to_owned(),
            ));
        }
        match result {
            Ok(result) => result.map_err(NoState::Failed),
            Err(panic) => Err(NoState::Crashed(panic_text(&*panic))),
        }
    }

    fn leftover(&mut self, image: &Image) -> Option<Arc<str>> {
        if self.temporaries.is_empty() {
            return None;
        }
        let mut found = None;
        image.walk(&mut |path, _| {
            let is_temporary = match self.known_paths.get(path) {
                Some(&known) => known,
                None => {
                    let is_match = self.temporaries.is_match(path);
                    if self.known_paths.len() == KNOWN_PATHS_MAX {
                        self.known_paths.clear();
                    }
                    self.known_paths.insert(Box::from(path), is_match);
                    is_match
                }
            };
            if is_temporary && found.is_none() {
                found = Some(Arc::from(path));
            }
        });
        found
    }

    /// Reads the canonical snapshot of an image as an independent reader would.
    pub(super) fn read_canonical(&self, image: &Image) -> Canonical {
        if self.contract.canonical.is_none() {
            return Canonical::None;
        }
        read(image, |fs, visit| self.sut.read_canonical(fs, visit))
    }

    /// Counts the snapshots of an image as an independent reader would, where the store keeps several.
    pub(super) fn count_snapshots(&self, image: &Image) -> Option<Result<u32, Arc<str>>> {
        if self.contract.snapshots_kept < 2 {
            return None;
        }
        let mut count = 0;
        let found = read(image, |fs, _| {
            count = self.sut.count_snapshots(fs)?;
            Ok(true)
        });
        Some(match found {
            Canonical::Broken(message) => Err(message),
            _ => Ok(count),
        })
    }

    /// Reads the copies in these places as an independent reader would.
    pub(super) fn read_copies(&self, image: &Image, places: &[u8]) -> Vec<(u8, Canonical)> {
        let copy = |&place| {
            let found = read(image, |fs, visit| self.sut.read_copy(fs, place, visit));
            (place, found)
        };
        places.iter().map(copy).collect()
    }
}

/// What a reader finds on an image, with a process of its own.
fn read(
    image: &Image,
    reader: impl FnOnce(&SimFs, &mut Visit<'_>) -> Result<bool, String>,
) -> Canonical {
    let fs = SimFs::new(image.clone());
    fs.limit_operations(OPERATIONS_MAX);
    let mut pairs = PairHash::default();
    let read = catch_unwind(AssertUnwindSafe(|| {
        reader(&fs, &mut |key, value| pairs.add(key, value))
    }));
    match read {
        Ok(Ok(true)) => Canonical::State(pairs.finish()),
        Ok(Ok(false)) => Canonical::Absent,
        Ok(Err(message)) => Canonical::Broken(Arc::from(message)),
        Err(panic) => Canonical::Broken(Arc::from(panic_text(&*panic))),
    }
}

/// Writes twice to a recovered store. Nothing comes of it where the store has no single writes.
fn put_two(
    instance: &mut dyn Instance,
    pairs: &mut PairHash,
) -> Option<Result<(StateHash, Level), String>> {
    let mut level = Level::Memory;
    for key in [&b"used-1"[..], b"used-2"] {
        let value = b"after recovery";
        let command = Command::Write(Mutation::Put {
            key: key.to_vec(),
            value: value.to_vec(),
        });
        match instance.apply(&command) {
            Ok(ack) => level = ack.level,
            Err(error) if error.outcome == sut::Outcome::Unsupported => return None,
            Err(error) => return Some(Err(format!("refused a write: {}", error.message))),
        }
        pairs.add(key, value);
    }
    Some(Ok((pairs.finish(), level)))
}
