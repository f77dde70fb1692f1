//! Copies of an open store: snapshot files in places of the caller's choice.

use std::path::Path;
use std::sync::Arc;

use crate::fs::{FsFile, FsOps, OpenOptions};
use crate::level::{Ack, Level};

use super::destination::Destination;
use super::directory::{Settled, sync_dir};
use super::error::{StoreError, io_error};
use super::image::{ImageHeader, write_image};
use super::layout::{Layout, is_second_name};
use super::naming::{Misplaced, replace};
use super::options::Compression;
use super::store::Store;
use super::table::Table;

/// Names that are tried for a temporary before giving up: each that is taken belongs to another copy at work.
const ATTEMPTS_MAX: u64 = 16;

/// A consistent cut of a store that is yet to be written to a place of its own. It can be written on another thread, while the store
/// goes on.
#[must_use = "a job that is dropped writes nothing"]
pub struct ExportJob {
    fs: Arc<dyn FsOps>,
    layout: Arc<Layout>,
    table: Arc<Table>,
    covered: u64,
    compression: Compression,
}

impl std::fmt::Debug for ExportJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExportJob")
            .field("covered", &self.covered)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Writes a copy of what is published now to `dest`, in place of the file that is there, if any: a checksummed snapshot file with the
    /// live pairs and nothing else, which [`read_snapshot`](super::read_snapshot), [`restore`](Self::restore) and
    /// [`restore_snapshot`](super::restore_snapshot) read. `Power`, for the copy; the commits in it are held by the store as before.
    ///
    /// The copy is written beside `dest`, under a name of its own, and gets the name when it is durable: at every instant `dest` is what
    /// it was or the new copy, complete. Missing directories are created. What an earlier copy to the same place has left is removed.
    ///
    /// The store is borrowed meanwhile, so that nothing is committed: this takes no memory but a chunk and an entry. For a copy
    /// beside commits see [`begin_export`](Self::begin_export). It works on a poisoned store too.
    ///
    /// # Errors
    /// As [`begin_export`](Self::begin_export); `BadDestination` for the store's own files and its log directory; `DestinationBusy` while another copy is written there; `Io`.
    /// The store is as before, and so is `dest`, or it is the new copy. Where a sync fails once that has the name, it is written
    /// again, once.
    pub fn compact_to(&self, dest: &Path) -> Result<Ack, StoreError> {
        let cut = Cut {
            table: self.table()?,
            covered: self.sequence,
            compression: self.options.compression,
        };
        cut.write(&*self.host.fs, &self.layout, dest)
    }

    /// Writes a backup of the store to `dest`: [`begin_export`](Self::begin_export) and [`ExportJob::finish`] in one.
    ///
    /// ```
    /// use plimsoll_reference::{host::Host, native::{Options, Store, restore_snapshot}};
    /// # let dir = tempfile::tempdir()?;
    /// # let options = Options::new(dir.path().join("data"));
    /// let backup = dir.path().join("backup.plim");
    /// let mut store = Store::open(&Host::real(), &options)?;
    /// store.put(b"key", b"good")?;
    /// store.export_snapshot(&backup)?;
    /// store.put(b"key", b"bad")?;
    /// store.restore(&backup)?;
    /// assert_eq!(store.get(b"key")?, Some(&b"good"[..]));
    /// store.close()?;
    ///
    /// // A store elsewhere, or one that cannot be opened any more:
    /// let other = Options::new(dir.path().join("other"));
    /// restore_snapshot(&Host::real(), &backup, &other)?;
    /// assert_eq!(Store::open(&Host::real(), &other)?.get(b"key")?, Some(&b"good"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`compact_to`](Self::compact_to).
    pub fn export_snapshot(&self, dest: &Path) -> Result<Ack, StoreError> {
        self.begin_export()?.finish(dest)
    }

    /// Takes the cut of a copy, at the last commit published. It costs nothing now; while the job is held, the first commit copies
    /// the map without the bytes of its keys and values. The store takes no notice of the job.
    ///
    /// # Errors
    /// `Poisoned`, where a restore has left nothing that could be copied.
    pub fn begin_export(&self) -> Result<ExportJob, StoreError> {
        Ok(ExportJob {
            fs: Arc::clone(&self.host.fs),
            layout: Arc::clone(&self.layout),
            table: Arc::clone(self.table()?),
            covered: self.sequence,
            compression: self.options.compression,
        })
    }
}

impl ExportJob {
    /// Number of the last commit in the cut.
    pub const fn covered(&self) -> u64 {
        self.covered
    }

    /// Writes the cut to `dest`. The acknowledgement, `Power`, is for the copy.
    ///
    /// # Errors
    /// As [`Store::compact_to`].
    pub fn finish(self, dest: &Path) -> Result<Ack, StoreError> {
        let cut = Cut {
            table: &self.table,
            covered: self.covered,
            compression: self.compression,
        };
        cut.write(&*self.fs, &self.layout, dest)
    }
}

/// What is in a copy.
struct Cut<'a> {
    table: &'a Table,
    covered: u64,
    compression: Compression,
}

impl Cut<'_> {
    fn write(&self, fs: &dyn FsOps, layout: &Layout, dest: &Path) -> Result<Ack, StoreError> {
        let destination = Destination::of(fs, layout, dest)?;
        Settled::default().settle(fs, &destination.dir)?;
        remove_stale(fs, &destination)?;
        let mut attempt = 1;
        let file = loop {
            match self.place(fs, &destination, attempt) {
                Ok(file) => break file,
                Err(Misplaced::Absent(error)) if is_taken(&error) && attempt < ATTEMPTS_MAX => {}
                Err(misplaced) => return Err(misplaced.into_error()),
            }
            attempt += 1;
        };
        file.close().map_err(io_error("close", dest))?;
        Ok(Ack::at(Level::Power))
    }

    fn place(
        &self,
        fs: &dyn FsOps,
        destination: &Destination,
        attempt: u64,
    ) -> Result<Box<dyn FsFile>, Misplaced> {
        let temp = destination.temp(self.covered, attempt);
        // A copy stands alone: it speaks of no log, and says nothing of what is durable without it.
        let header = ImageHeader {
            covered: self.covered,
            floor: 0,
            segment: 0,
            voids: false,
        };
        replace(fs, &temp, &destination.path, |file| {
            // Held while the copy is written, so that nobody takes its temporary for a leftover.
            if !file.try_lock().map_err(io_error("lock", &temp))? {
                return Err(StoreError::DestinationBusy { path: temp.clone() });
            }
            write_image(file, &temp, self.table, header, self.compression)
        })
    }
}

fn is_taken(error: &StoreError) -> bool {
    matches!(error, StoreError::Io { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists)
}

/// Removes what copies that were killed have left for this place. One that is locked is being written.
fn remove_stale(fs: &dyn FsOps, destination: &Destination) -> Result<(), StoreError> {
    let temps = destination.temps(fs)?;
    let (seconds, temps): (Vec<_>, Vec<_>) =
        temps.into_iter().partition(|temp| is_second_name(temp));
    for temp in temps {
        let _lock = lock(fs, &temp)?;
        remove(fs, &temp)?;
    }
    if seconds.is_empty() {
        return Ok(());
    }
    // The copy that replaces what these lead to is locked as well, by whichever name, and has to be durable before they go.
    let _lock = lock(fs, &destination.path)?;
    sync_dir(fs, &destination.dir)?;
    seconds.iter().try_for_each(|second| remove(fs, second))
}

/// Locks a file, if it is there, so that nobody who is alive writes it.
fn lock(fs: &dyn FsOps, path: &Path) -> Result<Option<Box<dyn FsFile>>, StoreError> {
    let file = match fs.open(path, OpenOptions::read_write()) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(io_error("open", path))?,
    };
    if file.try_lock().map_err(io_error("lock", path))? {
        return Ok(Some(file));
    }
    Err(StoreError::DestinationBusy {
        path: path.to_path_buf(),
    })
}

/// Removes a file that may be gone by now.
fn remove(fs: &dyn FsOps, path: &Path) -> Result<(), StoreError> {
    match fs.remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io_error("remove", path)(e)),
        _ => Ok(()),
    }
}
