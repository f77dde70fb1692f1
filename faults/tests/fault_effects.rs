//! What each effect of a fault does to the simulated disk, and what the process is told of it.

use std::io;
use std::path::Path;

use plimsoll_faults::disk::SimFs;
use plimsoll_faults::errno::Errno;
use plimsoll_faults::image::Image;
use plimsoll_faults::log::SyncEnd;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, WriteSync, read_to_end, write_all_at};

/// A disk with a file `log` that holds `content`, on which things go wrong from now on.
fn disk(content: &[u8], plan: &str) -> (SimFs, Box<dyn FsFile>) {
    let disk = SimFs::new(Image::new());
    let log = open(&disk, "log").expect("nothing goes wrong yet");
    write_all_at(&*log, content, 0).expect("nothing goes wrong yet");
    disk.take_log();
    disk.set_plan(&plan.parse().expect("a plan"));
    (disk, log)
}

fn open(disk: &SimFs, path: &str) -> io::Result<Box<dyn FsFile>> {
    disk.open(Path::new(path), OpenOptions::read_write().create())
}

fn exists(disk: &SimFs, path: &str) -> bool {
    disk.metadata(Path::new(path))
        .expect("stat does not fail")
        .is_some()
}

#[track_caller]
fn fails<T>(result: io::Result<T>, errno: Errno) {
    let error = result.err().expect("the operation fails");
    assert_eq!(error.raw_os_error(), Some(errno.code()));
}

#[test]
fn a_rename_that_fails_after_its_effect_has_renamed() {
    let (disk, _log) = disk(b"", "rename EIO after");
    fails(disk.rename(Path::new("log"), Path::new("old")), Errno::EIO);
    assert!(exists(&disk, "old") && !exists(&disk, "log"));
    let entries = disk.take_log();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        entries[0].to_string(),
        "rename log old  -> EIO, but it took effect"
    );
}

#[test]
fn an_operation_that_fails_by_itself_keeps_its_own_error() {
    let (disk, _log) = disk(b"", "rename EIO after");
    fails(
        disk.rename(Path::new("nothing"), Path::new("old")),
        Errno::ENOENT,
    );
}

#[test]
fn names_are_made_and_removed_although_an_error_is_returned() {
    let (disk, _log) = disk(b"", "any EIO after");
    fails(
        disk.hard_link(Path::new("log"), Path::new("second")),
        Errno::EIO,
    );
    assert!(exists(&disk, "second"));
    fails(disk.remove_file(Path::new("log")), Errno::EIO);
    assert!(!exists(&disk, "log"));
    fails(disk.create_dir(Path::new("dir")), Errno::EIO);
    assert!(exists(&disk, "dir"));
    fails(disk.remove_dir(Path::new("dir")), Errno::EIO);
    assert!(!exists(&disk, "dir"));
}

#[test]
fn a_file_whose_creation_is_denied_afterwards_is_there_and_not_open() {
    let (disk, log) = disk(b"", "open new EMFILE after");
    fails(open(&disk, "new"), Errno::EMFILE);
    assert!(exists(&disk, "new"));
    assert_eq!(disk.open_handles(), 1, "the log alone");
    drop(log);
}

#[test]
fn a_write_and_a_truncation_that_fail_after_their_effect_are_done() {
    let (_disk, log) = disk(b"abcdef", "write EIO after; truncate EIO after");
    fails(log.write_at(b"XYZ", 0), Errno::EIO);
    assert_eq!(read_to_end(&*log).expect("a read"), b"XYZdef");
    fails(log.set_len(2), Errno::EIO);
    assert_eq!(read_to_end(&*log).expect("a read"), b"XY");
    // Nothing changes, and the error comes all the same.
    fails(log.set_len(2), Errno::EIO);
}

#[test]
fn a_sync_that_fails_after_its_effect_is_done() {
    let (disk, log) = disk(b"abc", "sync #1..2 EIO after; fdatasync EIO");
    fails(log.sync_all(), Errno::EIO);
    fails(disk.sync_dir(Path::new("")), Errno::EIO);
    fails(log.sync_data(), Errno::EIO);
    let entries = disk.take_log();
    let ends: Vec<SyncEnd> = entries
        .iter()
        .filter_map(|entry| entry.sync.map(|(_, end)| end))
        .collect();
    assert_eq!(ends, [SyncEnd::Done, SyncEnd::Done, SyncEnd::Failed]);
    assert!(entries.iter().all(|entry| entry.error == Some(Errno::EIO)));
}

#[test]
fn a_partial_write_leaves_its_first_half() {
    let (disk, log) = disk(b"", "write ENOSPC partial");
    fails(log.write_at(b"abcdef", 0), Errno::ENOSPC);
    assert_eq!(read_to_end(&*log).expect("a read"), b"abc");
    let entries = disk.take_log();
    assert_eq!(
        entries[0].to_string(),
        "write log 0..3  -> ENOSPC, but it took effect"
    );
    // A single byte has no half that is neither nothing nor everything.
    assert_eq!(log.write_at(b"x", 0).expect("it is left alone"), 1);
    assert_eq!(disk.fired(), [1]);
}

#[test]
fn a_partial_write_never_reaches_its_own_sync() {
    let (disk, _log) = disk(b"", "write #1 EIO partial; write #2 short");
    let log = disk
        .open(
            Path::new("log"),
            OpenOptions::read_write().write_sync(WriteSync::Data),
        )
        .expect("it opens");
    fails(log.write_at(b"abcdef", 0), Errno::EIO);
    assert_eq!(log.write_at(b"abcdef", 0).expect("a short write"), 3);
    let synced: Vec<bool> = disk
        .take_log()
        .iter()
        .map(|entry| entry.sync.is_some())
        .collect();
    assert_eq!(synced, [false, true]);
}

#[test]
fn short_writes_and_reads_move_half() {
    let (disk, log) = disk(b"abcde", "write #1 short; read #1..2 short");
    let mut buf = [0; 64];
    assert_eq!(log.read_at(&mut buf, 0).expect("a read"), 2);
    assert_eq!(&buf[..3], b"ab\0");
    // What is left of the file counts, not the size of the buffer.
    assert_eq!(log.read_at(&mut buf, 4).expect("one byte is left"), 1);
    assert_eq!(log.read_at(&mut buf, 5).expect("the end"), 0);
    assert_eq!(log.write_at(b"XYZ", 0).expect("a write"), 1);
    assert_eq!(log.write_at(b"YZ", 1).expect("a write"), 2);
    assert_eq!(log.read_at(&mut buf, 0).expect("a read"), 2);
    assert_eq!(read_to_end(&*log).expect("a read"), b"XYZde");
    assert_eq!(disk.fired(), [1, 2]);
}

#[test]
fn a_range_hits_from_its_first_to_its_last() {
    let (disk, log) = disk(b"", "fsync #2..3 EIO");
    let failed: Vec<bool> = (0..5).map(|_| log.sync_all().is_err()).collect();
    assert_eq!(failed, [false, true, true, false, false]);
    assert_eq!(disk.fired(), [2]);
}

#[test]
fn operations_without_an_effect_are_not_counted_by_a_fault_after_it() {
    let (disk, log) = disk(b"abc", "any #2 EIO after");
    read_to_end(&*log).expect("a read is left alone");
    log.sync_all().expect("this is the first");
    assert!(exists(&disk, "log"));
    fails(log.sync_all(), Errno::EIO);
}
