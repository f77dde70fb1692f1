//! The SQLite engine of the reference, in each of its modes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_faults::image::Image;
use plimsoll_reference::error_text::with_causes;
use plimsoll_reference::fs::{FsOps, OpenOptions, read_to_end, write_all_at};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::Ack;
use plimsoll_reference::sqlite::vfs::MountOptions;
use plimsoll_reference::sqlite::{
    Journal, Options, Outcome, PlacedSnapshot, SnapshotJob, Store, StoreError, WrittenSnapshot,
    read_image,
};
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use super::cuts::Cuts;
use super::sqlite::seed;

/// The database.
const DATABASE: &str = "data/store.db";

/// The canonical snapshot, of the modes that have one.
const SNAPSHOT: &str = "snapshots/store.db";

/// Pages of the write-ahead log after which it is copied into the database: few, so that a short workload holds checkpoints.
const CHECKPOINT_PAGES: u32 = 6;

/// Bytes after which the database moves to its file, in the mode that starts in memory: the header and the table, and one page more.
const MEMORY_THRESHOLD: u64 = 3 * 4096;

/// Snapshots that are kept.
const KEPT: u32 = 2;

/// The engine with given options.
#[derive(Clone, Debug)]
pub struct SqliteEngine {
    name: &'static str,
    options: Options,
    has_snapshots: bool,
}

/// Each mode in which the engine is held to its contract.
pub fn modes() -> Vec<Arc<dyn Sut>> {
    let file = || Options::file(DATABASE).checkpoint_pages(CHECKPOINT_PAGES);
    let modes = [
        ("sqlite-engine-disk", file(), false),
        (
            "sqlite-engine-rollback",
            file().journal(Journal::Rollback),
            false,
        ),
        (
            "sqlite-engine-memory",
            file().memory_threshold(MEMORY_THRESHOLD),
            false,
        ),
        (
            "sqlite-engine-snapshots",
            file().snapshot_path(SNAPSHOT).keep(KEPT),
            true,
        ),
        (
            "sqlite-engine-memory-snapshots",
            Options::memory().snapshot_path(SNAPSHOT).keep(KEPT),
            true,
        ),
    ];
    modes
        .into_iter()
        .map(|(name, options, has_snapshots)| -> Arc<dyn Sut> {
            Arc::new(SqliteEngine {
                name,
                options,
                has_snapshots,
            })
        })
        .collect()
}

/// The engine that is restored while it is closed.
pub(super) fn closed_restore() -> SqliteEngine {
    SqliteEngine {
        name: "sqlite-engine-closed-restore",
        options: Options::file(DATABASE).checkpoint_pages(CHECKPOINT_PAGES),
        has_snapshots: false,
    }
}

/// The place with this number.
fn copy_path(place: u8) -> PathBuf {
    PathBuf::from(format!("copies/{place}.db"))
}

impl Sut for SqliteEngine {
    fn name(&self) -> &str {
        self.name
    }

    fn contract(&self) -> Contract {
        Contract {
            temporaries: ["data", "snapshots"]
                .map(|dir| format!("{dir}/*.tmp*"))
                .to_vec(),
            canonical: self.has_snapshots.then(|| PathBuf::from(SNAPSHOT)),
            snapshots_kept: if self.has_snapshots { KEPT } else { 0 },
            whole_copies: true,
            ..Contract::default()
        }
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let open = || {
            let seed = seed(&*host.fs, DATABASE).map_err(|error| error.to_string())?;
            let options = self.options.clone().vfs(MountOptions::default().seed(seed));
            Store::open(host, &options).map_err(|error| with_causes(&error))
        };
        match open() {
            Ok(store) => Ok(Box::new(Open {
                store,
                cuts: Cuts::default(),
            })),
            Err(message) => Err(OpenError { message }),
        }
    }

    fn read_canonical(&self, fs: &dyn FsOps, visit: &mut Visit<'_>) -> Result<bool, String> {
        read(fs, Path::new(SNAPSHOT), visit)
    }

    fn has_placing(&self) -> bool {
        self.has_snapshots
    }

    fn count_snapshots(&self, fs: &dyn FsOps) -> Result<u32, String> {
        let newest = Path::new(SNAPSHOT);
        let dir = newest.parent().unwrap_or(Path::new(""));
        let entries = match fs.read_dir(dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            entries => entries.map_err(|error| error.to_string())?,
        };
        let mut count = 0;
        for entry in entries {
            let path = dir.join(&entry.name);
            let is_older = path.with_extension("") == newest
                && path
                    .extension()
                    .is_some_and(|number| number.to_string_lossy().parse::<u64>().is_ok());
            if path == newest || is_older {
                count += u32::from(read(fs, &path, &mut |_, _| {})?);
            }
        }
        Ok(count)
    }

    fn read_copy(&self, fs: &dyn FsOps, place: u8, visit: &mut Visit<'_>) -> Result<bool, String> {
        read(fs, &copy_path(place), visit)
    }
}

/// Reads a database from its path alone, on a disk of the reader's own that has nothing but it and what SQLite would read beside it.
fn read(fs: &dyn FsOps, path: &Path, visit: &mut Visit<'_>) -> Result<bool, String> {
    let disk = SimFs::new(Image::new());
    let name = Path::new("image.db");
    for suffix in ["", "-wal", "-journal"] {
        let with_suffix = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        copy(fs, &with_suffix(path), &disk, &with_suffix(name))
            .map_err(|error| error.to_string())?;
    }
    let host = Host::new(Arc::new(disk), Arc::new(SimClock::default()));
    read_image(&host, name, visit).map_err(|error| with_causes(&error))
}

/// Copies a file, if it is there.
fn copy(from: &dyn FsOps, path: &Path, to: &dyn FsOps, name: &Path) -> std::io::Result<()> {
    let file = match from.open(path, OpenOptions::read_only()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        result => result?,
    };
    let bytes = read_to_end(&*file)?;
    let copy = to.open(name, OpenOptions::read_write().create_new())?;
    write_all_at(&*copy, &bytes, 0)
}

struct Open {
    store: Store,
    cuts: Cuts<SnapshotJob, WrittenSnapshot, PlacedSnapshot>,
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let store = &mut self.store;
        let result = match command {
            Command::Write(Mutation::Put { key, value }) => store.put(key, value),
            Command::Write(Mutation::Delete { key }) => store.delete(key),
            Command::Batch(mutations) => store.batch(mutations),
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
            Command::Tick | Command::Advance(_) => store.tick(),
            Command::Checkpoint => store.checkpoint(),
            Command::Compact => store.compact(),
            Command::CompactTo(place) => store.compact_to(&copy_path(*place)),
            Command::Export(place) => store.export(&copy_path(*place)),
            Command::Restore(place) => store.restore(&copy_path(*place)),
            _ => return Err(CommandError::unsupported()),
        };
        if !matches!(command, Command::SnapshotPlace(_)) {
            self.cuts.step();
        }
        match result {
            Ok(ack) => Ok(ack),
            Err(StoreError::InvalidOption { .. }) => Err(CommandError::unsupported()),
            Err(error) => Err(command_error(&error)),
        }
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.store.scan(visit).map_err(|error| with_causes(&error))
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        let Self { store, cuts } = *self;
        // They keep the lock of the snapshot path.
        drop(cuts);
        store.close().map_err(|error| command_error(&error))
    }
}

fn command_error(error: &StoreError) -> CommandError {
    match error.outcome() {
        Outcome::Absent => CommandError::absent(with_causes(error)),
        Outcome::Unknown => CommandError::unknown(with_causes(error)),
    }
}
