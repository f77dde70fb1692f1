//! Random operations on both file systems: every result and what is left at the end are the same.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::path::Path;

use proptest::prelude::*;

use plimsoll_faults::disk::SimFs;
use plimsoll_faults::image::Image;
use plimsoll_reference::fs::{
    FileKind, FsFile, FsOps, Metadata, OpenOptions, StdFs, WriteSync, read_to_end,
};

/// Handles that can be open at a time.
const SLOTS: usize = 4;

/// Two directories with three names each, the directories themselves, and a path through what may be a file.
const PATHS: &[&str] = &[
    "d", "e", "d/a", "d/b", "d/c", "e/a", "e/b", "e/c", "d/a/x", "",
];

/// Where symbolic links lead: to a neighbour in each directory, and from the root into one.
const TARGETS: &[&str] = &["a", "b", "c", "d", "d/a", "e/b/"];

#[derive(Clone, Debug)]
enum Op {
    Open(usize, &'static str, OpenOptions),
    Close(usize),
    Read(usize, u64, usize),
    Write(usize, u64, Vec<u8>),
    Append(usize, Vec<u8>),
    SetLen(usize, u64),
    Allocate(usize, u64, u64),
    Sync(usize, bool),
    Describe(usize),
    Lock(usize),
    Rename(&'static str, &'static str),
    Link(&'static str, &'static str),
    Symlink(&'static str, &'static str),
    Unlink(&'static str),
    CreateDir(&'static str),
    RemoveDir(&'static str),
    List(&'static str),
    Stat(&'static str),
    SyncDir(&'static str),
}

fn options() -> impl Strategy<Value = OpenOptions> {
    let creation = prop_oneof![
        2 => Just(OpenOptions::read_write()),
        4 => Just(OpenOptions::read_write().create()),
        1 => Just(OpenOptions::read_write().create_new()),
        1 => Just(OpenOptions::read_only()),
    ];
    let flags = (
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.3),
        0..8_u8,
    );
    (creation, flags).prop_map(|(mut options, (truncate, append, sync))| {
        if truncate {
            options = options.truncate();
        }
        if append {
            options = options.append();
        }
        match sync {
            0 => options.write_sync(WriteSync::Data),
            1 => options.write_sync(WriteSync::All),
            _ => options,
        }
    })
}

fn op() -> impl Strategy<Value = Op> {
    let path = || prop::sample::select(PATHS);
    // The root of the real arm is a directory like any other, the simulated root is not: neither is renamed or removed.
    let below = || prop::sample::select(&PATHS[..PATHS.len() - 1]);
    let slot = || 0..SLOTS;
    let offset = || prop_oneof![0..40_u64, 480..560_u64, 4000..4200_u64, 0..20_000_u64];
    let bytes = || prop::collection::vec(any::<u8>(), 0..1200);
    prop_oneof![
        8 => (slot(), path(), options()).prop_map(|(slot, path, options)| Op::Open(slot, path, options)),
        2 => slot().prop_map(Op::Close),
        3 => (slot(), offset(), 0..6000_usize).prop_map(|(slot, offset, len)| Op::Read(slot, offset, len)),
        5 => (slot(), offset(), bytes()).prop_map(|(slot, offset, bytes)| Op::Write(slot, offset, bytes)),
        3 => (slot(), bytes()).prop_map(|(slot, bytes)| Op::Append(slot, bytes)),
        3 => (slot(), offset()).prop_map(|(slot, len)| Op::SetLen(slot, len)),
        2 => (slot(), offset(), 0..5000_u64).prop_map(|(slot, offset, len)| Op::Allocate(slot, offset, len)),
        1 => (slot(), any::<bool>()).prop_map(|(slot, data)| Op::Sync(slot, data)),
        2 => slot().prop_map(Op::Describe),
        2 => slot().prop_map(Op::Lock),
        6 => (below(), below()).prop_map(|(from, to)| Op::Rename(from, to)),
        4 => (below(), path()).prop_map(|(original, link)| Op::Link(original, link)),
        2 => (prop::sample::select(TARGETS), below()).prop_map(|(target, link)| Op::Symlink(target, link)),
        4 => path().prop_map(Op::Unlink),
        3 => path().prop_map(Op::CreateDir),
        2 => below().prop_map(Op::RemoveDir),
        2 => path().prop_map(Op::List),
        3 => path().prop_map(Op::Stat),
        1 => path().prop_map(Op::SyncDir),
    ]
}

/// A file system with the handles that are open on it.
struct Arm<'a> {
    fs: &'a dyn FsOps,
    slots: [Option<Box<dyn FsFile>>; SLOTS],
}

impl<'a> Arm<'a> {
    fn new(fs: &'a dyn FsOps) -> Self {
        for dir in ["d", "e"] {
            fs.create_dir(Path::new(dir)).expect("the disk is empty");
        }
        Self {
            fs,
            slots: Default::default(),
        }
    }

    /// Does one operation and says what came of it.
    fn apply(&mut self, op: &Op) -> String {
        let fs = self.fs;
        match op {
            Op::Open(slot, path, options) => {
                // What was open there is closed first: locks must not depend on the order.
                self.slots[*slot] = None;
                let opened = fs.open(Path::new(path), *options);
                text(opened.map(|file| self.slots[*slot] = Some(file)))
            }
            Op::Close(slot) => text(self.slots[*slot].take().map(FsFile::close).transpose()),
            Op::Rename(from, to) => text(fs.rename(Path::new(from), Path::new(to))),
            Op::Link(original, link) => text(fs.hard_link(Path::new(original), Path::new(link))),
            Op::Symlink(target, link) => text(fs.symlink(Path::new(target), Path::new(link))),
            Op::Unlink(path) => text(fs.remove_file(Path::new(path))),
            Op::CreateDir(path) => text(fs.create_dir(Path::new(path))),
            Op::RemoveDir(path) => text(fs.remove_dir(Path::new(path))),
            Op::List(path) => text(fs.read_dir(Path::new(path)).map(|mut entries| {
                entries.sort();
                entries
            })),
            Op::Stat(path) => text(fs.metadata(Path::new(path)).map(|found| found.map(facts))),
            Op::SyncDir(path) => text(fs.sync_dir(Path::new(path))),
            Op::Read(slot, ..)
            | Op::Write(slot, ..)
            | Op::Append(slot, _)
            | Op::SetLen(slot, _)
            | Op::Allocate(slot, ..)
            | Op::Sync(slot, _)
            | Op::Describe(slot)
            | Op::Lock(slot) => match &self.slots[*slot] {
                Some(file) => apply_to_file(&**file, op),
                None => "nothing is open".to_owned(),
            },
        }
    }
}

fn apply_to_file(file: &dyn FsFile, op: &Op) -> String {
    match op {
        Op::Read(_, offset, len) => {
            let mut bytes = vec![0; *len];
            text(file.read_at(&mut bytes, *offset).map(|count| {
                bytes.truncate(count);
                bytes
            }))
        }
        Op::Write(_, offset, bytes) => text(file.write_at(bytes, *offset)),
        Op::Append(_, bytes) => text(file.append(bytes)),
        Op::SetLen(_, len) => text(file.set_len(*len)),
        Op::Allocate(_, offset, len) => text(file.allocate(*offset, *len)),
        Op::Sync(_, true) => text(file.sync_data()),
        Op::Sync(_, false) => text(file.sync_all()),
        Op::Describe(_) => text(file.metadata().map(facts)),
        Op::Lock(_) => text(file.try_lock()),
        _ => unreachable!("it is done without a handle"),
    }
}

fn text<T: Debug>(result: io::Result<T>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("errno {:?}", error.raw_os_error()),
    }
}

/// What two file systems agree on: not inode numbers, and of directories only that they are.
fn facts(metadata: Metadata) -> (FileKind, Option<(u64, u64)>) {
    let of_file = (metadata.len, metadata.links);
    let is_file = metadata.kind == FileKind::File;
    (metadata.kind, is_file.then_some(of_file))
}

/// Every path with the content of its file and the first name of that file.
fn tree(fs: &dyn FsOps) -> Vec<String> {
    let mut first: BTreeMap<u64, String> = BTreeMap::new();
    let mut lines = Vec::new();
    let mut dirs = vec![String::new()];
    while let Some(dir) = dirs.pop() {
        let mut entries = fs.read_dir(Path::new(&dir)).expect("it can be listed");
        entries.sort();
        for entry in entries {
            let path = format!("{dir}{}", entry.name);
            if entry.kind == FileKind::Dir {
                lines.push(format!("{path}/"));
                dirs.push(format!("{path}/"));
                continue;
            }
            let found = fs.metadata(Path::new(&path)).expect("it can be asked for");
            let inode = found.expect("it was listed").inode;
            let name = first.entry(inode).or_insert_with(|| path.clone()).clone();
            if entry.kind == FileKind::Symlink {
                let target = fs.read_link(Path::new(&path)).expect("it was listed");
                lines.push(format!("{path} is {name} -> {}", target.display()));
                continue;
            }
            let file = fs.open(Path::new(&path), OpenOptions::read_only());
            let content = read_to_end(&*file.expect("it was listed")).expect("it can be read");
            lines.push(format!("{path} is {name}: {content:?}"));
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn both_do_the_same(ops in prop::collection::vec(op(), 1..80)) {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let (real, simulated) = (StdFs::rooted(dir.path()), SimFs::new(Image::new()));
        let (mut expected, mut actual) = (Arm::new(&real), Arm::new(&simulated));
        for (index, op) in ops.iter().enumerate() {
            prop_assert_eq!(actual.apply(op), expected.apply(op), "operation {}: {:?}", index, op);
        }
        prop_assert_eq!(tree(&simulated), tree(&real));
    }
}
