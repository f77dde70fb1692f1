//! Putting a copy in place of everything that a store holds.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crate::fs::FsOps;
use crate::host::Host;
use crate::level::{Ack, Level};

use super::digest::Digest;
use super::directory::Settled;
use super::error::StoreError;
use super::image::{Content, ImageHeader, ImageWriter};
use super::image_reader::{read_image, read_image_while};
use super::layout::Layout;
use super::limits::SEQUENCE_MAX;
use super::lock::Lock;
use super::naming::Misplaced;
use super::options::Options;
use super::recovery::{recover_numbers, survey};
use super::store::Store;
use super::table::Table;

/// A copy that was read whole and found intact. What is in it stays where it is: it is read again when it is written.
struct Copy<'a> {
    fs: &'a dyn FsOps,
    path: &'a Path,
    covered: u64,
    digest: Digest,
}

impl<'a> Copy<'a> {
    fn check(fs: &'a dyn FsOps, path: &'a Path) -> Result<Self, StoreError> {
        let mut digest = Digest::default();
        match read_image(fs, path, &mut |key, value| digest.add(key, value)) {
            Ok(Some(header)) => Ok(Self {
                fs,
                path,
                covered: header.covered,
                digest,
            }),
            Ok(None) => Err(StoreError::NoCopy {
                path: path.to_path_buf(),
            }),
            Err(error) => Err(not_restored(path, error)),
        }
    }
}

impl Content for Copy<'_> {
    fn write_to(&self, image: &mut ImageWriter<'_>) -> Result<(), StoreError> {
        let mut digest = Digest::default();
        let mut written = Ok(());
        let read = read_image_while(self.fs, self.path, &mut |key, value| {
            digest.add(key, value);
            written = image.put(key, value);
            match written {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        written?;
        // The image gets a checksum of its own, so that nobody could tell later that it is not what was found intact.
        match read? {
            Some(_) if digest == self.digest => Ok(()),
            _ => Err(StoreError::CopyChanged {
                path: self.path.to_path_buf(),
            }),
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
    /// The copy is read whole and validated before anything is touched. Then it is written, chunk by chunk, as a snapshot of this store
    /// that says of itself that no older segment counts, and the rename that puts that in place is the one step that makes the
    /// difference. A crash leaves what was there, complete with its log, or the copy.
    ///
    /// The old pairs leave memory before the new ones are read from the snapshot that is then in place, so that memory holds one state at
    /// a time; but a job of [`begin_snapshot`](Self::begin_snapshot) or [`begin_export`](Self::begin_export) that is open keeps the one that
    /// it was cut from. Finished later, a snapshot of before changes nothing.
    ///
    /// # Errors
    /// `Poisoned`, `TooLarge`, `NoCopy`, `SnapshotBusy`, and `NotRestored` for a file that is no intact copy, could not be read or was changed meanwhile,
    /// and when the snapshot could not be written: the store is as before and goes on. `Io` when the copy may have got the name of the
    /// snapshot, and writing it once more has failed too: the outcome is unknown, no read shows it, and the store is poisoned.
    /// `RestoredUnread` when the copy is in place, durably, and could not be read from there: the store is poisoned and has nothing
    /// left to show, so that reads, snapshots and copies fail as well. Opening it again finds the copy.
    pub fn restore(&mut self, src: &Path) -> Result<Ack, StoreError> {
        self.check_poison()?;
        self.check_turn()?;
        let fs = Arc::clone(&self.host.fs);
        let copy = Copy::check(&*fs, src)?;
        let image = self.install(&copy)?;
        // The old pairs go first.
        self.table = None;
        match read_back(&*fs, &self.layout.snapshot, image, copy.digest) {
            Ok(table) => self.table = Some(Arc::new(table)),
            Err(error) => {
                let error = StoreError::RestoredUnread {
                    path: self.layout.snapshot.clone(),
                    source: Box::new(error),
                };
                return Err(self.poison_by(error));
            }
        }
        self.log.trim(self.sequence);
        Ok(Ack::at(Level::Power))
    }

    /// Puts a copy in place on disk, durably. When it returns an error the store is as it was.
    fn install(&mut self, copy: &Copy<'_>) -> Result<ImageHeader, StoreError> {
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
        match self.promote(copy, image) {
            Ok(()) => {}
            Err(Misplaced::Absent(error)) => return Err(not_restored(copy.path, error)),
            // It is in place, or may be. The way back would be as long as the way forward.
            Err(Misplaced::Unsure(_)) => {
                if let Err(misplaced) = self.promote_over(copy, image) {
                    return Err(self.poison_by(misplaced.into_error()));
                }
            }
        }
        self.sequence = sequence;
        self.queue.clear();
        self.log.skip_to(sequence);
        self.snapshots.restored(image);
        Ok(image)
    }
}

/// Reads the pairs of an image that was just put in place.
fn read_back(
    fs: &dyn FsOps,
    path: &Path,
    image: ImageHeader,
    expected: Digest,
) -> Result<Table, StoreError> {
    let mut table = Table::default();
    let mut digest = Digest::default();
    let found = read_image(fs, path, &mut |key, value| {
        digest.add(key, value);
        table.insert(key, value);
    })?;
    if found == Some(image) && digest == expected {
        return Ok(table);
    }
    Err(StoreError::Corrupted {
        path: path.to_path_buf(),
        offset: 0,
        reason: "it is not what was written a moment ago",
    })
}

/// Puts the copy at `src` in place of everything that the store of these options holds: `Power`. A store that is not there is created,
/// where the options allow it; one that is damaged is replaced.
///
/// The copy is validated before anything is touched, and the lock of the store is held throughout. As with [`Store::restore`] a crash
/// leaves what was there, damaged or not, or the copy, and what is left of temporaries is removed when the store is next opened.
///
/// No pair is kept in memory, neither old nor new: it takes a chunk and an entry, and a segment of the log that is there.
///
/// # Errors
/// As [`Store::restore`], without `Poisoned` and `RestoredUnread`; and as [`Store::open`]. Of damage only `ForeignFile` and `NewerVersion` stand in
/// the way: a file that is not the store's is not replaced.
pub fn restore_snapshot(host: &Host, src: &Path, options: &Options) -> Result<Ack, StoreError> {
    options.validate()?;
    let layout = Arc::new(Layout::new(options)?);
    let fs = &*host.fs;
    let copy = Copy::check(fs, src)?;
    let mut settled = Settled::default();
    let lock = Lock::take(fs, &layout, options.create_policy, &mut settled)?;
    let recovered = match survey(fs, &layout) {
        Err(
            StoreError::Corrupted { .. }
            | StoreError::Missing { .. }
            | StoreError::LogMissing { .. },
        ) => recover_numbers(fs, &layout, copy.covered)?,
        recovered => recovered?,
    };
    let mut store = Store::start(host, options, layout, lock, settled, recovered)?;
    // Everything is durable when this returns, so that closing has nothing to add.
    store.install(&copy)?;
    store.log.trim(store.sequence);
    Ok(Ack::at(Level::Power))
}
