//! An open file of the simulated disk, in time.

use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_faults::op_kind::OpKind;
use plimsoll_reference::fs::{FsFile, Metadata};

use super::paced_fs::{About, PacedFs};
use super::trace::digest;

/// A handle. Dropping it closes it, at once.
pub(super) struct PacedFile {
    fs: PacedFs,
    file: Box<dyn FsFile>,
    path: Arc<Path>,
}

impl PacedFile {
    pub(super) const fn new(fs: PacedFs, file: Box<dyn FsFile>, path: Arc<Path>) -> Self {
        Self { fs, file, path }
    }

    fn about(&self, kind: OpKind) -> About<'_> {
        About::new(kind, &self.path)
    }
}

impl FsFile for PacedFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let about = self.about(OpKind::Read).with(offset);
        let measure = |count: &usize| *count as u64;
        self.fs
            .operate(about, || self.file.read_at(buf, offset), measure)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        let about = self.about(OpKind::Write).with(digest(buf) ^ offset);
        let measure = |count: &usize| *count as u64;
        self.fs
            .operate(about, || self.file.write_at(buf, offset), measure)
    }

    fn append(&self, buf: &[u8]) -> io::Result<usize> {
        let about = self.about(OpKind::Write).with(digest(buf));
        let measure = |count: &usize| *count as u64;
        self.fs.operate(about, || self.file.append(buf), measure)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let about = self.about(OpKind::SetLen).with(len);
        self.fs.operate(about, || self.file.set_len(len), |()| 0)
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        let about = self.about(OpKind::Allocate).with(offset ^ len << 32);
        let operation = || self.file.allocate(offset, len);
        self.fs.operate(about, operation, |()| 0)
    }

    fn sync_all(&self) -> io::Result<()> {
        let about = self.about(OpKind::SyncAll);
        self.fs.operate(about, || self.file.sync_all(), |()| 0)
    }

    fn sync_data(&self) -> io::Result<()> {
        let about = self.about(OpKind::SyncData);
        self.fs.operate(about, || self.file.sync_data(), |()| 0)
    }

    fn metadata(&self) -> io::Result<Metadata> {
        let about = self.about(OpKind::Stat);
        let measure = |found: &Metadata| found.len;
        self.fs.operate(about, || self.file.metadata(), measure)
    }

    fn try_lock(&self) -> io::Result<bool> {
        let about = self.about(OpKind::Lock);
        let measure = |taken: &bool| u64::from(*taken);
        self.fs.operate(about, || self.file.try_lock(), measure)
    }

    fn close(self: Box<Self>) -> io::Result<()> {
        let Self { fs, file, path } = *self;
        let about = About::new(OpKind::Close, &path);
        fs.operate_once(about, || file.close(), |()| 0)
    }
}
