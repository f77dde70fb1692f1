//! The reference store, in each of its modes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_reference::error_text::with_causes;
use plimsoll_reference::fs::FsOps;
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_reference::native::{
    Compression, LogMode, Options, Outcome, PlacedSnapshot, SnapshotJob, SnapshotPolicy, Store,
    StoreError, SyncPolicy, WrittenSnapshot, read_snapshot,
};
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use super::cuts::Cuts;

/// The directory of the store.
const BASE: &str = "data";

/// Where a copy is kept, by its number.
pub(super) fn copy_path(place: u8) -> PathBuf {
    PathBuf::from(format!("copies/{place}.plim"))
}

/// The reference store with given options.
#[derive(Clone, Debug)]
pub struct Reference {
    name: String,
    options: Options,
    snapshot: PathBuf,
    temporaries: Vec<String>,
}

impl Reference {
    /// The store with these options, whose directory must be `data`.
    pub fn new(name: impl Into<String>, options: Options) -> Self {
        Self {
            name: name.into(),
            options,
            snapshot: Path::new(BASE).join("snapshot.plim"),
            temporaries: vec![format!("{BASE}/*.tmp")],
        }
    }

    /// How it is opened.
    pub(super) const fn options(&self) -> &Options {
        &self.options
    }

    /// The same, with log and snapshot elsewhere below the directory.
    #[must_use]
    fn paths(mut self, log_dir: &str, snapshot: &str) -> Self {
        self.options = self.options.log_dir(log_dir).snapshot_path(snapshot);
        self.snapshot = Path::new(BASE).join(snapshot);
        self.temporaries = vec![format!("{BASE}/**/*.tmp")];
        self
    }
}

/// The safest way to open the store.
pub(super) fn power() -> Options {
    Options::new(BASE)
}

/// Each mode in which the reference is held to its contract.
pub fn modes() -> Vec<Arc<dyn Sut>> {
    let second = Duration::from_secs(1);
    let modes = [
        Reference::new("reference-power", power()),
        Reference::new("reference-process", power().sync_policy(SyncPolicy::Never)),
        Reference::new(
            "reference-window",
            power().sync_policy(SyncPolicy::Interval(second)),
        ),
        Reference::new(
            "reference-async",
            power().log_mode(LogMode::AsyncAfterCommit {
                queue_commits_max: 4,
                queue_bytes_max: 1 << 10,
            }),
        ),
        Reference::new(
            "reference-snapshot-only",
            power()
                .log_mode(LogMode::Never)
                .snapshot_policy(SnapshotPolicy::Interval(second)),
        ),
        Reference::new("reference-memory", power().log_mode(LogMode::Never)),
        Reference::new("reference-power-lz4", power().compression(Compression::Lz4)),
        Reference::new("reference-power-segments", power().segment_bytes_max(256)),
        Reference::new("reference-custom-paths", power()).paths("wal", "images/current.plim"),
        Reference::new(
            "reference-process-custom-paths",
            power().sync_policy(SyncPolicy::Never),
        )
        .paths("wal", "current.plim"),
    ];
    modes
        .into_iter()
        .map(|mode| -> Arc<dyn Sut> { Arc::new(mode) })
        .collect()
}

impl Sut for Reference {
    fn name(&self) -> &str {
        &self.name
    }

    fn contract(&self) -> Contract {
        Contract {
            temporaries: self.temporaries.clone(),
            canonical: Some(self.snapshot.clone()),
            whole_copies: true,
            ..Contract::default()
        }
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let store = Store::open(host, &self.options).map_err(|error| OpenError {
            message: with_causes(&error),
        })?;
        Ok(Box::new(Open {
            store,
            cuts: Cuts::default(),
        }))
    }

    fn read_canonical(&self, fs: &dyn FsOps, visit: &mut Visit<'_>) -> Result<bool, String> {
        read_snapshot(fs, &self.snapshot, visit).map_err(|error| with_causes(&error))
    }

    fn has_maintenance(&self) -> bool {
        true
    }

    fn has_placing(&self) -> bool {
        true
    }

    fn read_copy(&self, fs: &dyn FsOps, place: u8, visit: &mut Visit<'_>) -> Result<bool, String> {
        read_snapshot(fs, &copy_path(place), visit).map_err(|error| with_causes(&error))
    }
}

struct Open {
    store: Store,
    /// Snapshots begun and not finished.
    cuts: Cuts<SnapshotJob, WrittenSnapshot, PlacedSnapshot>,
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let store = &mut self.store;
        let result = match command {
            Command::Write(Mutation::Put { key, value }) => store.put(key, value),
            Command::Write(Mutation::Delete { key }) => store.delete(key),
            Command::Batch(mutations) => store.batch(mutations),
            Command::Together(mutations) => {
                let commits: Vec<&[Mutation]> = mutations.chunks(1).collect();
                store
                    .group(&commits)
                    .into_iter()
                    .collect::<Result<Vec<Ack>, _>>()
                    .map(|acks| acks.last().copied().unwrap_or(Ack::at(Level::Memory)))
            }
            Command::Snapshot => store.snapshot(),
            Command::SnapshotBegin(slot) => store
                .begin_snapshot()
                .and_then(|job| self.cuts.begin(*slot, job, SnapshotJob::write)),
            Command::SnapshotPlace(slot) => self
                .cuts
                .written(*slot, SnapshotJob::write)?
                .and_then(|written| store.begin_placing(written))
                .map(|job| self.cuts.place(*slot, || job.place())),
            Command::SnapshotFinish(slot) => match self.cuts.placed(*slot) {
                Some(placed) => store.end_placing(placed),
                None => self
                    .cuts
                    .written(*slot, SnapshotJob::write)?
                    .and_then(|written| store.finish_snapshot(written)),
            },
            Command::Sync => store.sync(),
            Command::Checkpoint => store.checkpoint(),
            Command::Compact => store.compact_in_place(),
            Command::CompactTo(place) => store.compact_to(&copy_path(*place)),
            Command::Export(place) => store.export_snapshot(&copy_path(*place)),
            Command::Restore(place) => store.restore(&copy_path(*place)),
            Command::Tick | Command::Advance(_) => store.tick(),
            _ => return Err(CommandError::unsupported()),
        };
        if !matches!(command, Command::SnapshotPlace(_)) {
            self.cuts.step();
        }
        result.map_err(|error| command_error(&error))
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.store.scan(visit).map_err(|error| with_causes(&error))
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        let Self { store, cuts } = *self;
        // They keep the lock of the store.
        drop(cuts);
        store.close().map_err(|error| command_error(&error))
    }
}

pub(super) fn command_error(error: &StoreError) -> CommandError {
    match error.outcome() {
        Outcome::Absent => CommandError::absent(with_causes(error)),
        Outcome::Unknown => CommandError::unknown(with_causes(error)),
    }
}
