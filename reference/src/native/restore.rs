//! Putting a copy in place of everything that a store holds.

use std::path::Path;
use std::sync::Arc;

use crate::fs::FsOps;
use crate::host::Host;
use crate::level::{Ack, Level};

use super::directory::Settled;
use super::error::StoreError;
use super::image::ImageHeader;
use super::image_reader::read_image;
use super::layout::Layout;
use super::limits::SEQUENCE_MAX;
use super::lock::Lock;
use super::naming::Misplaced;
use super::options::Options;
use super::recovery::{recover, recover_numbers};
use super::store::Store;
use super::table::Table;

/// A copy that was read whole and found intact.
struct Copy {
    table: Table,
    covered: u64,
}

impl Copy {
    fn read(fs: &dyn FsOps, src: &Path) -> Result<Self, StoreError> {
        let mut table = Table::default();
        match read_image(fs, src, &mut |key, value| table.insert(key, value)) {
            Ok(Some(header)) => Ok(Self {
                table,
                covered: header.covered,
            }),
            Ok(None) => Err(StoreError::NoCopy {
                path: src.to_path_buf(),
            }),
            Err(error) => Err(not_restored(src, error)),
        }
    }
}

fn not_restored(src: &Path, error: StoreError) -> StoreError {
    StoreError::NotRestored {
        path: src.to_path_buf(),
        source: Box::new(error),
    }
}

impl Store {
    /// Puts the copy at `src` in place of everything that the store holds: `Power`. It is a commit like another, with a number of its
    /// own, that happens to replace all pairs at once; the lock is held throughout.
    ///
    /// The copy is read whole and validated before anything is touched. Then it is written as a snapshot of this store that says of
    /// itself that no older segment counts, and the rename that puts that in place is the one step that makes the difference. A
    /// crash leaves what was there, complete with its log, or the copy.
    ///
    /// It takes memory for both, what is there and what is to come. A job of [`begin_snapshot`](Self::begin_snapshot) that is open
    /// changes nothing when it is finished later.
    ///
    /// **Not covered**: a copy that somebody changes while it is read.
    ///
    /// # Errors
    /// `Poisoned`, `TooLarge`, `NoCopy`, and `NotRestored` for a file that is no intact copy or could not be read, and when the snapshot
    /// could not be written: the store is as before and goes on. `Io` when the copy may have got the name of the snapshot, and
    /// writing it once more has failed too: the outcome is unknown, no read shows it, and the store is poisoned.
    pub fn restore(&mut self, src: &Path) -> Result<Ack, StoreError> {
        self.check_poison()?;
        let copy = Copy::read(&*self.host.fs, src)?;
        self.replace(copy.table, src)
    }

    fn replace(&mut self, table: Table, src: &Path) -> Result<Ack, StoreError> {
        let sequence = self.sequence + 1;
        if sequence > SEQUENCE_MAX {
            return Err(StoreError::TooLarge {
                what: "the sequence number",
                size: sequence,
                max: SEQUENCE_MAX,
            });
        }
        let segment = self.log.newest().max(self.snapshots.segment());
        let image = ImageHeader {
            covered: sequence,
            // Nothing of it is durable without this file.
            floor: 0,
            segment,
            voids: segment != 0,
        };
        match self.promote(&table, image) {
            Ok(()) => {}
            Err(Misplaced::Absent(error)) => return Err(not_restored(src, error)),
            // It is in place, or may be. The way back would be as long as the way forward.
            Err(Misplaced::Unsure(_) | Misplaced::Doubtful(_)) => {
                if let Err(misplaced) = self.promote_over(&table, image) {
                    return Err(self.poison_by(misplaced.into_error()));
                }
            }
        }
        self.table = Arc::new(table);
        self.sequence = sequence;
        self.queue.clear();
        self.log.skip_to(sequence);
        self.snapshots.restored(image);
        self.log.trim(sequence);
        Ok(Ack::at(Level::Power))
    }
}

/// Puts the copy at `src` in place of everything that the store of these options holds: `Power`. A store that is not there is created,
/// where the options allow it; one that is damaged is replaced.
///
/// The copy is validated before anything is touched, and the lock of the store is held throughout. As with [`Store::restore`] a crash
/// leaves what was there, damaged or not, or the copy, and what is left of temporaries is removed when the store is next opened.
///
/// # Errors
/// As [`Store::restore`], without `Poisoned`; and as [`Store::open`]. Of damage only `ForeignFile` and `NewerVersion` stand in the way: a file that is
/// not the store's is not replaced.
pub fn restore_snapshot(host: &Host, src: &Path, options: &Options) -> Result<Ack, StoreError> {
    options.validate()?;
    let layout = Arc::new(Layout::new(options)?);
    let fs = &*host.fs;
    let copy = Copy::read(fs, src)?;
    let mut settled = Settled::default();
    let lock = Lock::take(fs, &layout, options.create_policy, &mut settled)?;
    let recovered = match recover(fs, &layout) {
        Err(
            StoreError::Corrupted { .. }
            | StoreError::Missing { .. }
            | StoreError::LogMissing { .. },
        ) => recover_numbers(fs, &layout, copy.covered)?,
        recovered => recovered?,
    };
    let mut store = Store::start(host, options, layout, lock, settled, recovered)?;
    // Everything is durable when this returns, so that closing has nothing to add.
    store.replace(copy.table, src)
}
