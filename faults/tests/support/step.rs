//! One step of a litmus program.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use plimsoll_faults::disk::SimFs;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, WriteSync, write_all_at};

/// An operation and its operands, as written.
pub struct Step {
    words: Vec<String>,
}

/// Operations that the recordings use and the simulated disk lacks.
const UNSUPPORTED: &[&str] = &["directwrite", "symlink"];

impl Step {
    pub fn parse(text: &str) -> Self {
        Self {
            words: text.split_whitespace().map(str::to_owned).collect(),
        }
    }

    pub fn is_supported(&self) -> bool {
        !UNSUPPORTED.contains(&self.words[0].as_str())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

/// A process that takes steps.
pub struct Runner<'a> {
    disk: &'a SimFs,
    kept: BTreeMap<String, Box<dyn FsFile>>,
}

impl<'a> Runner<'a> {
    pub const fn new(disk: &'a SimFs) -> Self {
        Self {
            disk,
            kept: BTreeMap::new(),
        }
    }

    fn open(&self, path: &str, options: OpenOptions) -> Box<dyn FsFile> {
        self.disk
            .open(Path::new(path), options)
            .unwrap_or_else(|error| panic!("cannot open {path}: {error}"))
    }

    /// Does something with the handle kept open on a file, or with one of its own.
    fn with(&self, path: &str, act: impl FnOnce(&dyn FsFile) -> std::io::Result<()>) {
        let result = match self.kept.get(path) {
            Some(file) => act(&**file),
            None => act(&*self.open(path, OpenOptions::read_write())),
        };
        result.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Takes a step, which must succeed.
    pub fn run(&mut self, step: &Step) {
        let words: Vec<&str> = step.words.iter().map(String::as_str).collect();
        let (disk, path) = (self.disk, Path::new(words.get(1).copied().unwrap_or("")));
        let done = match *words.as_slice() {
            ["create", file] => {
                self.open(file, OpenOptions::read_write().create_new());
                return;
            }
            ["open", file] => {
                let handle = self.open(file, OpenOptions::read_write().create());
                self.kept.insert(file.to_owned(), handle);
                return;
            }
            ["close", file] => {
                let handle = self.kept.remove(file);
                assert!(handle.is_some(), "{file} is not open");
                return;
            }
            ["wait", _seconds] => return,
            ["rename", _, to] => disk.rename(path, Path::new(to)),
            ["link", _, to] => disk.hard_link(path, Path::new(to)),
            ["unlink", _] => disk.remove_file(path),
            ["mkdir", _] => disk.create_dir(path),
            ["rmdir", _] => disk.remove_dir(path),
            ["fsyncdir", _] => disk.sync_dir(path),
            [operation, file, ref operands @ ..] => {
                self.run_on_file(operation, file, operands);
                return;
            }
            _ => panic!("`{step}` is no step"),
        };
        done.unwrap_or_else(|error| panic!("{step}: {error}"));
    }

    fn run_on_file(&self, operation: &str, path: &str, operands: &[&str]) {
        match *operands {
            [] if operation == "fsync" => self.with(path, |file| file.sync_all()),
            [] if operation == "fdatasync" => self.with(path, |file| file.sync_data()),
            [len] if operation == "truncate" => self.with(path, |file| file.set_len(number(len))),
            [offset, len] if operation == "fallocate" => {
                self.with(path, |file| file.allocate(number(offset), number(len)));
            }
            [len, fill] if operation == "append" => self.with(path, |file| {
                let end = file.metadata()?.len;
                write_all_at(file, &bytes(len, fill), end)
            }),
            [offset, len, fill] if operation == "pwrite" => self.with(path, |file| {
                write_all_at(file, &bytes(len, fill), number(offset))
            }),
            [offset, len, fill] if operation == "dsyncwrite" => {
                let options = OpenOptions::read_write().create();
                let file = self.open(path, options.write_sync(WriteSync::Data));
                write_all_at(&*file, &bytes(len, fill), number(offset))
                    .unwrap_or_else(|error| panic!("{path}: {error}"));
            }
            _ => panic!("`{operation} {path}` with {operands:?} is no step"),
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
