//! One step of a litmus program.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

use plimsoll_faults::disk::SimFs;
use plimsoll_faults::errno::Errno;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, WriteSync, write_all_at};

/// An operation and its operands, as written, and the error that it is to fail with, written `-> EIO` behind it.
pub(crate) struct Step {
    words: Vec<String>,
    error: Option<Errno>,
}

impl Step {
    pub(crate) fn parse(text: &str) -> Self {
        let (operation, error) = match text.split_once(" -> ") {
            Some((operation, error)) => (operation, Some(error)),
            None => (text, None),
        };
        Self {
            words: operation.split_whitespace().map(str::to_owned).collect(),
            error: error.map(|error| error.parse().unwrap_or_else(|error| panic!("{error}"))),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

/// A process that takes steps.
pub(crate) struct Runner<'a> {
    disk: &'a SimFs,
    kept: BTreeMap<String, Box<dyn FsFile>>,
}

impl<'a> Runner<'a> {
    pub(crate) const fn new(disk: &'a SimFs) -> Self {
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
    pub(crate) fn run(&mut self, step: &Step) {
        let error = self.take(step).err();
        let errno = error.as_ref().and_then(io::Error::raw_os_error);
        assert_eq!(errno, step.error.map(Errno::code), "{step}: {error:?}");
    }

    fn take(&mut self, step: &Step) -> io::Result<()> {
        let words: Vec<&str> = step.words.iter().map(String::as_str).collect();
        let disk = self.disk;
        match *words.as_slice() {
            ["create", file] => {
                let options = OpenOptions::read_write().create_new();
                self.open(file, options).map(drop)
            }
            ["open", file] => {
                let handle = self.open(file, OpenOptions::read_write().create())?;
                self.kept.insert(file.to_owned(), handle);
                Ok(())
            }
            ["close", file] => self.kept.remove(file).expect("it is open").close(),
            ["wait", _seconds] => Ok(()),
            ["rename", from, to] => disk.rename(Path::new(from), Path::new(to)),
            ["link", from, to] => disk.hard_link(Path::new(from), Path::new(to)),
            ["unlink", file] => disk.remove_file(Path::new(file)),
            ["mkdir", dir] => disk.create_dir(Path::new(dir)),
            ["rmdir", dir] => disk.remove_dir(Path::new(dir)),
            ["fsyncdir", dir] => disk.sync_dir(Path::new(dir)),
            ["fsync", file] => self.with(file, |file| file.sync_all()),
            ["fdatasync", file] => self.with(file, |file| file.sync_data()),
            ["truncate", file, len] => self.with(file, |file| file.set_len(number(len))),
            ["fallocate", file, offset, len] => {
                self.with(file, |file| file.allocate(number(offset), number(len)))
            }
            ["append", file, len, fill] => self.with(file, |file| {
                let end = file.metadata()?.len;
                write_all_at(file, &bytes(len, fill), end)
            }),
            ["pwrite", file, offset, len, fill] => self.with(file, |file| {
                write_all_at(file, &bytes(len, fill), number(offset))
            }),
            ["dsyncwrite", file, offset, len, fill] => {
                let options = OpenOptions::read_write().create();
                let file = self.open(file, options.write_sync(WriteSync::Data))?;
                write_all_at(&*file, &bytes(len, fill), number(offset))
            }
            _ => panic!("`{step}` is no step"),
        }
    }
}

fn number(text: &str) -> u64 {
    text.parse()
        .unwrap_or_else(|_| panic!("`{text}` is no number"))
}

fn bytes(len: &str, fill: &str) -> Vec<u8> {
    assert_eq!(fill.len(), 1, "a write is filled with one character");
    vec![fill.as_bytes()[0]; number(len) as usize]
}
