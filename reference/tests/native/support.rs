//! A real directory, a clock that a test moves, and a file system that fails when told to.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use plimsoll_reference::fs::{DirEntry, FsFile, FsOps, Metadata, OpenOptions, StdFs};
use plimsoll_reference::host::Host;
use plimsoll_reference::native::{Options, Store, StoreError};

use crate::common::{self, empty_dir};

pub(crate) use crate::common::{Map, TestClock};

/// A directory with a host whose relative paths start there.
pub(crate) struct Bench {
    /// The directory.
    pub(crate) dir: tempfile::TempDir,
    /// The clock of the host.
    pub(crate) clock: Arc<TestClock>,
    /// Its file system fails when [`TestFs::fail_at`] says so.
    pub(crate) fs: Arc<TestFs>,
    /// The host.
    pub(crate) host: Host,
}

impl Bench {
    /// An empty directory.
    pub(crate) fn new() -> Self {
        let dir = empty_dir();
        let clock = Arc::new(TestClock::default());
        let fs = Arc::new(TestFs::new(StdFs::rooted(dir.path())));
        let host = Host::new(fs.clone(), clock.clone());
        Self {
            dir,
            clock,
            fs,
            host,
        }
    }

    /// Opens a store that is expected to open.
    pub(crate) fn open(&self, options: &Options) -> Store {
        self.try_open(options).expect("the store opens")
    }

    /// Opens a store.
    pub(crate) fn try_open(&self, options: &Options) -> Result<Store, StoreError> {
        Store::open(&self.host, options)
    }

    /// The real path of a relative one.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(path)
    }

    /// The names in a directory, sorted.
    pub(crate) fn names(&self, dir: &str) -> Vec<String> {
        common::names(&self.path(dir))
    }
}

/// Everything in a store.
pub(crate) fn dump(store: &Store) -> Map {
    let mut map = Map::new();
    let scanned = store.scan(&mut |key, value| {
        map.insert(key.to_vec(), value.to_vec());
    });
    scanned.expect("it has pairs to show");
    assert_eq!(map.len(), store.len().expect("it has pairs to show"));
    map
}

/// When an operation that changes something fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Before it had an effect.
    Before,
    /// After half of its effect, where it is a write; else before.
    Partly,
    /// After all of its effect.
    After,
}

/// The real file system, which counts the operations that change something and fails one of them.
///
/// Syncs are noted and not passed on: no test here loses power, and waiting for the disk is most of what they would do.
pub(crate) struct TestFs {
    inner: StdFs,
    faults: Arc<Faults>,
}

/// What to fail, shared with the open files.
pub(crate) struct Faults {
    count: AtomicU64,
    fail_at: AtomicU64,
    when: AtomicU64,
    largest: AtomicU64,
    syncs: std::sync::Mutex<Vec<String>>,
    reads: AtomicU64,
    at_read: std::sync::Mutex<Option<(u64, Interruption)>>,
    refuses_links: AtomicBool,
    /// The directory that cannot be synced.
    unsynced: std::sync::Mutex<Option<PathBuf>>,
}

/// What happens before a read, and what it then comes to.
pub(crate) type Interruption = Box<dyn FnOnce() -> io::Result<()> + Send>;

impl TestFs {
    fn new(inner: StdFs) -> Self {
        let faults = Faults {
            count: AtomicU64::new(0),
            fail_at: AtomicU64::new(u64::MAX),
            when: AtomicU64::new(0),
            largest: AtomicU64::new(0),
            syncs: std::sync::Mutex::default(),
            reads: AtomicU64::new(0),
            at_read: std::sync::Mutex::default(),
            refuses_links: AtomicBool::default(),
            unsynced: std::sync::Mutex::default(),
        };
        Self {
            inner,
            faults: Arc::new(faults),
        }
    }

    /// Fails the operation with this number, counted from 0 and from now.
    pub(crate) fn fail_at(&self, number: u64, when: When) {
        self.faults.count.store(0, Ordering::Relaxed);
        self.faults.when.store(when as u64, Ordering::Relaxed);
        self.faults.fail_at.store(number, Ordering::Relaxed);
    }

    /// Fails nothing more; says whether the fault had fired.
    pub(crate) fn heal(&self) -> bool {
        let fired =
            self.faults.count.load(Ordering::Relaxed) > self.faults.fail_at.load(Ordering::Relaxed);
        self.faults.fail_at.store(u64::MAX, Ordering::Relaxed);
        fired
    }

    /// Has `interruption` come before the read with this number, counted from 0 and from now. Opening a file to read it is a read.
    pub(crate) fn at_read(&self, number: u64, interruption: Interruption) {
        self.faults.reads.store(0, Ordering::Relaxed);
        *self.faults.at_read.lock().expect("no panic while locked") = Some((number, interruption));
    }

    /// Interrupts nothing more; says whether the interruption had come.
    pub(crate) fn let_read(&self) -> bool {
        let left = self
            .faults
            .at_read
            .lock()
            .expect("no panic while locked")
            .take();
        left.is_none()
    }

    /// Gives no file a second name any more.
    pub(crate) fn refuse_links(&self) {
        self.faults.refuses_links.store(true, Ordering::Relaxed);
    }

    /// Fails every sync of this directory from now on, or of none.
    pub(crate) fn fail_syncs_of(&self, dir: Option<&str>) {
        *self.faults.unsynced.lock().expect("no panic while locked") = dir.map(PathBuf::from);
    }

    /// The largest buffer that was read into or written since the last call, in bytes.
    pub(crate) fn take_largest(&self) -> u64 {
        self.faults.largest.swap(0, Ordering::Relaxed)
    }

    /// The syncs since the last call, as `operation path`.
    pub(crate) fn take_syncs(&self) -> Vec<String> {
        std::mem::take(&mut *self.faults.syncs.lock().expect("no panic while locked"))
    }
}

impl Faults {
    fn note_sync(&self, operation: &str, path: &Path) {
        let line = format!("{operation} {}", path.display());
        self.syncs.lock().expect("no panic while locked").push(line);
    }

    fn read(&self) -> io::Result<()> {
        let number = self.reads.fetch_add(1, Ordering::Relaxed);
        let due = self
            .at_read
            .lock()
            .expect("no panic while locked")
            .take_if(|(at, _)| *at == number);
        match due {
            Some((_, interruption)) => interruption(),
            None => Ok(()),
        }
    }

    fn run<T>(&self, operation: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let eio = || io::Error::from_raw_os_error(5);
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        if number != self.fail_at.load(Ordering::Relaxed) {
            return operation();
        }
        if self.when.load(Ordering::Relaxed) == When::After as u64 {
            operation()?;
        }
        Err(eio())
    }

    fn append(&self, file: &dyn FsFile, buf: &[u8]) -> io::Result<usize> {
        self.largest.fetch_max(buf.len() as u64, Ordering::Relaxed);
        let partly = self.when.load(Ordering::Relaxed) == When::Partly as u64;
        if partly && self.count.load(Ordering::Relaxed) == self.fail_at.load(Ordering::Relaxed) {
            file.append(&buf[..buf.len() / 2])?;
        }
        self.run(|| file.append(buf))
    }
}

impl FsOps for TestFs {
    fn open(&self, path: &Path, options: OpenOptions) -> io::Result<Box<dyn FsFile>> {
        let open = || self.inner.open(path, options);
        let inner = if options.is_read_only() {
            self.faults.read()?;
            open()?
        } else {
            self.faults.run(open)?
        };
        Ok(Box::new(TestFile {
            inner,
            path: path.to_path_buf(),
            faults: self.faults.clone(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.faults.run(|| self.inner.rename(from, to))
    }

    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        if self.faults.refuses_links.load(Ordering::Relaxed) {
            return Err(io::Error::from_raw_os_error(95)); // EOPNOTSUPP
        }
        self.faults.run(|| self.inner.hard_link(original, link))
    }

    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        self.faults.run(|| self.inner.symlink(target, link))
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.read_link(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.faults.run(|| self.inner.remove_file(path))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.faults.run(|| self.inner.create_dir(path))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.faults.run(|| self.inner.remove_dir(path))
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.inner.read_dir(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<Metadata>> {
        self.inner.metadata(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.faults.note_sync("sync_dir", path);
        let unsynced = self.faults.unsynced.lock().expect("no panic while locked");
        if unsynced.as_deref() == Some(path) {
            return Err(io::Error::from_raw_os_error(5)); // EIO
        }
        self.faults.run(|| Ok(()))
    }
}

struct TestFile {
    inner: Box<dyn FsFile>,
    path: PathBuf,
    faults: Arc<Faults>,
}

impl FsFile for TestFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.faults
            .largest
            .fetch_max(buf.len() as u64, Ordering::Relaxed);
        self.faults.read()?;
        self.inner.read_at(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.faults.run(|| self.inner.write_at(buf, offset))
    }

    fn append(&self, buf: &[u8]) -> io::Result<usize> {
        self.faults.append(&*self.inner, buf)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.faults.run(|| self.inner.set_len(len))
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.faults.run(|| self.inner.allocate(offset, len))
    }

    fn sync_all(&self) -> io::Result<()> {
        self.faults.note_sync("sync_all", &self.path);
        self.faults.run(|| Ok(()))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.faults.note_sync("sync_data", &self.path);
        self.faults.run(|| Ok(()))
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.inner.metadata()
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.inner.try_lock()
    }

    fn close(self: Box<Self>) -> io::Result<()> {
        let Self { inner, faults, .. } = *self;
        faults.run(|| inner.close())
    }
}
