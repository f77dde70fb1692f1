//! A process that takes the steps of a litmus program.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, WriteSync, write_all_at};

use super::error::LitmusError;
use super::step::{Action, How, Step};
use crate::disk::SimFs;
use crate::errno::Errno;

/// A process, with the handles it keeps.
pub(super) struct Runner<'a> {
    disk: &'a SimFs,
    kept: BTreeMap<String, Box<dyn FsFile>>,
}

impl<'a> Runner<'a> {
    pub(super) const fn new(disk: &'a SimFs) -> Self {
        Self {
            disk,
            kept: BTreeMap::new(),
        }
    }

    fn open(&self, path: &str, options: OpenOptions) -> io::Result<Box<dyn FsFile>> {
        self.disk.open(Path::new(path), options)
    }

    /// Does something with the handle kept open on a file, or with one of its own.
    fn with(&self, path: &str, act: impl FnOnce(&dyn FsFile) -> io::Result<()>) -> io::Result<()> {
        match self.kept.get(path) {
            Some(file) => act(&**file),
            None => act(&*self.open(path, OpenOptions::read_write())?),
        }
    }

    /// Takes a step, which must end as it says.
    pub(super) fn run(&mut self, step: &Step) -> Result<(), LitmusError> {
        let end = self.take(&step.action);
        let wanted = step.error.map(|errno| format!("fail with {errno}"));
        let wanted = wanted.as_deref().unwrap_or("succeed");
        match (end, step.error) {
            (Ok(()), None) => Ok(()),
            (Err(error), Some(errno)) if error.raw_os_error() == Some(errno.code()) => Ok(()),
            (Ok(()), Some(_)) => Err(step.place.error(format!(
                "this step must {wanted}, and it succeeded: remove what follows `->`, or state the fault in `faults:`"
            ))),
            (Err(error), _) => Err(step.place.error(format!(
                "this step must {wanted}, and it failed{}: mend the step, or write `-> ERRNO` behind it",
                reason(&error)
            ))),
        }
    }

    fn take(&mut self, action: &Action) -> io::Result<()> {
        let disk = self.disk;
        match action {
            Action::Create { file } => {
                let options = OpenOptions::read_write().create_new();
                self.open(file, options).map(drop)
            }
            Action::Open { file } => {
                let handle = self.open(file, OpenOptions::read_write().create())?;
                self.kept.insert(file.clone(), handle);
                Ok(())
            }
            Action::Close { file } => match self.kept.remove(file) {
                Some(handle) => handle.close(),
                None => Err(Errno::EBADF.into()),
            },
            Action::Wait { .. } => Ok(()),
            Action::Rename { from, to } => disk.rename(Path::new(from), Path::new(to)),
            Action::Link { from, to } => disk.hard_link(Path::new(from), Path::new(to)),
            Action::Symlink { target, name } => disk.symlink(Path::new(target), Path::new(name)),
            Action::Unlink { file } => disk.remove_file(Path::new(file)),
            Action::Mkdir { dir } => disk.create_dir(Path::new(dir)),
            Action::Rmdir { dir } => disk.remove_dir(Path::new(dir)),
            Action::FsyncDir { dir } => disk.sync_dir(Path::new(dir)),
            Action::Fsync { file } => self.with(file, |file| file.sync_all()),
            Action::Fdatasync { file } => self.with(file, |file| file.sync_data()),
            Action::Truncate { file, len } => self.with(file, |file| file.set_len(*len)),
            Action::Fallocate { file, offset, len } => {
                self.with(file, |file| file.allocate(*offset, *len))
            }
            Action::Append { file, len, fill } => self.with(file, |file| {
                let end = file.metadata()?.len;
                write_all_at(file, &bytes(*len, *fill), end)
            }),
            Action::Write {
                how: How::Cached,
                file,
                offset,
                len,
                fill,
            } => self.with(file, |file| {
                write_all_at(file, &bytes(*len, *fill), *offset)
            }),
            Action::Write {
                how: how @ (How::Synced | How::Direct),
                file,
                offset,
                len,
                fill,
            } => {
                let options = OpenOptions::read_write().create();
                let options = match how {
                    How::Direct => options.direct(),
                    _ => options.write_sync(WriteSync::Data),
                };
                let file = self.open(file, options)?;
                write_all_at(&*file, &bytes(*len, *fill), *offset)
            }
        }
    }
}

/// The name of an error, as far as it has one.
fn reason(error: &io::Error) -> String {
    let code = error.raw_os_error();
    let errno = Errno::ALL.iter().find(|errno| Some(errno.code()) == code);
    errno.map_or_else(|| format!(" ({error})"), |errno| format!(" with {errno}"))
}

fn bytes(len: u64, fill: char) -> Vec<u8> {
    let byte = u8::try_from(fill).expect("the parser takes ASCII letters only");
    vec![byte; usize::try_from(len).expect("the parser bounds lengths")]
}
