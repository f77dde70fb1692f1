//! What each effect of a fault does to the simulated disk, and what the process is told of it.

use std::io;
use std::path::Path;
use std::time::Duration;

use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_faults::errno::Errno;
use plimsoll_faults::image::Image;
use plimsoll_faults::log::SyncEnd;
use plimsoll_faults::plan::Phase;
use plimsoll_reference::clock::Clock;
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

#[test]
fn a_late_error_is_reported_by_the_next_operation_on_the_file_and_to_each_handle_once() {
    for reporter in ["write", "fsync", "close"] {
        let (disk, log) = disk(b"", "write #1 ENOSPC late");
        assert_eq!(log.write_at(b"abc", 0).expect("it is accepted"), 3);
        assert_eq!(read_to_end(&*log).expect("a read reports nothing"), b"abc");
        disk.take_log();
        let second = open(&disk, "log").expect("neither does an open");
        let told = match reporter {
            "write" => {
                fails(second.write_at(b"X", 0), Errno::ENOSPC);
                Some(second)
            }
            "fsync" => {
                fails(second.sync_all(), Errno::ENOSPC);
                Some(second)
            }
            _ => {
                fails(second.close(), Errno::ENOSPC);
                None
            }
        };
        let entries = disk.take_log();
        let last = entries.last().expect("the report is recorded");
        assert_eq!(
            last.sync.map(|(_, end)| end),
            Some(SyncEnd::Failed),
            "{reporter}"
        );
        assert!(last.changes.is_empty());
        // A write-back has failed, of which every handle that was open is told at its next sync, once.
        fails(log.sync_all(), Errno::ENOSPC);
        log.sync_all().expect("it was told once");
        if let Some(second) = told {
            second.sync_all().expect("it was told at once");
        }
        assert_eq!(disk.fired(), [1]);
    }
}

#[test]
fn a_scope_widens_a_fault_once_it_has_struck() {
    let (disk, log) = disk(
        b"abc",
        "write log #2 EIO for file; mkdir d/x EROFS for directory",
    );
    let other = open(&disk, "other").expect("it opens");
    log.write_at(b"x", 0).expect("the first is left alone");
    fails(log.write_at(b"x", 0), Errno::EIO);
    fails(log.sync_all(), Errno::EIO);
    fails(disk.rename(Path::new("log"), Path::new("new")), Errno::EIO);
    other.write_at(b"x", 0).expect("another file is left alone");
    disk.create_dir(Path::new("d")).expect("it is not selected");
    fails(disk.create_dir(Path::new("d/x")), Errno::EROFS);
    fails(disk.read_dir(Path::new("d")), Errno::EROFS);
    assert!(
        open(&disk, "dx").is_ok(),
        "a name that merely begins so is elsewhere"
    );
}

#[test]
fn a_file_system_that_fails_fails_for_everyone() {
    let (disk, log) = disk(b"abc", "fsync #1 EIO for fs");
    fails(log.sync_all(), Errno::EIO);
    fails(disk.metadata(Path::new("log")), Errno::EIO);
    fails(open(&disk, "other"), Errno::EIO);
}

#[test]
fn byte_ranges_and_phases_select() {
    let (disk, log) = disk(
        &[b'.'; 2000],
        "write bytes 512..1024 EIO; read in recovery EIO",
    );
    log.write_at(b"x", 511).expect("before the range");
    fails(log.write_at(b"xy", 511), Errno::EIO);
    fails(log.write_at(b"x", 1023), Errno::EIO);
    log.write_at(b"x", 1024).expect("behind the range");
    read_to_end(&*log).expect("not in this phase");
    disk.set_phase(Phase::Recovery);
    fails(read_to_end(&*log), Errno::EIO);
}

#[test]
fn windows_of_time_and_delays_follow_the_clock() {
    let (disk, log) = disk(
        b"",
        "sync from 5s until 9s EIO; write delay 2s; read stall 7s",
    );
    let clock = SimClock::default();
    disk.set_clock(clock.clone());
    log.sync_all().expect("too early");
    log.write_at(b"x", 0).expect("it takes two seconds");
    assert_eq!(clock.now(), Duration::from_secs(2));
    read_to_end(&*log).expect("it waits for the end of the stall");
    assert_eq!(clock.now(), Duration::from_secs(9));
    log.sync_all().expect("too late");
    read_to_end(&*log).expect("the stall is over");
    assert_eq!(clock.now(), Duration::from_secs(9));
    assert_eq!(disk.fired(), [0, 1, 1]);
}

#[test]
fn chance_is_a_function_of_the_seed_and_bursts_come_in_a_row() {
    let failures = |seed: u64| -> Vec<bool> {
        let (disk, log) = disk(b"", "");
        disk.set_seeded_plan(&"fsync 1/8*3 EIO".parse().expect("a plan"), seed);
        (0..200).map(|_| log.sync_all().is_err()).collect()
    };
    assert_eq!(failures(1), failures(1));
    assert_ne!(failures(1), failures(2));
    let failed = failures(1);
    let runs: Vec<usize> = failed
        .split(|&failed| !failed)
        .map(<[bool]>::len)
        .filter(|&len| len > 0)
        .collect();
    assert!(runs.len() > 5, "{runs:?}");
    // The last burst may be cut off by the end.
    assert!(
        runs[..runs.len() - 1].iter().all(|len| len % 3 == 0),
        "{runs:?}"
    );
}

#[test]
fn a_hang_ends_the_process_and_not_the_disk() {
    let (disk, log) = disk(b"abc", "fsync #1 hang");
    fails(log.sync_all(), Errno::EIO);
    assert_eq!(disk.hung().as_deref(), Some("fsync log"));
    fails(log.write_at(b"x", 0), Errno::EIO);
    disk.fence();
    let next = disk.process();
    assert_eq!(disk.hung(), None);
    let log = next
        .open(Path::new("log"), OpenOptions::read_write())
        .expect("the disk lives on");
    assert_eq!(read_to_end(&*log).expect("a read"), b"abc");
}

#[test]
fn a_full_disk_takes_what_fits_and_space_comes_back() {
    let (disk, log) = disk(b"abcd", "space 6 EDQUOT");
    assert_eq!(log.write_at(b"XYZ", 4).expect("two of three fit"), 2);
    fails(log.write_at(b"Z", 6), Errno::EDQUOT);
    assert_eq!(log.write_at(b"123456", 0).expect("nothing grows"), 6);
    fails(log.set_len(7), Errno::EDQUOT);
    fails(log.allocate(0, 7), Errno::EDQUOT);
    log.set_len(1).expect("giving back needs nothing");
    let other = open(&disk, "other").expect("an empty file takes nothing");
    assert_eq!(other.write_at(b"123456", 0).expect("five fit"), 5);
    disk.remove_file(Path::new("other")).expect("it goes");
    fails(log.write_at(b"2", 1), Errno::EDQUOT);
    drop(other);
    assert_eq!(log.write_at(b"23", 1).expect("the last handle is gone"), 2);
    disk.lift_space();
    assert_eq!(log.write_at(&[0; 100], 0).expect("there is room"), 100);
}

#[test]
fn reserved_space_comes_back_at_the_next_sync() {
    let (disk, log) = disk(b"abcd", "space 4 reserved");
    log.set_len(0).expect("it is cut");
    fails(log.write_at(b"x", 0), Errno::ENOSPC);
    log.sync_all().expect("a sync");
    assert_eq!(log.write_at(b"x", 0).expect("it is back"), 1);
    drop(disk);
}

#[test]
fn inodes_run_out_and_limits_are_lifted_in_time() {
    let (disk, _log) = disk(b"", "space inodes 1 freed #4");
    fails(open(&disk, "second"), Errno::ENOSPC);
    fails(disk.create_dir(Path::new("dir")), Errno::ENOSPC);
    open(&disk, "log").expect("nothing new");
    disk.create_dir(Path::new("dir"))
        .expect("the fourth operation");
    assert_eq!(disk.fired(), [2]);
}

/// What a file holds after one write of `bytes` at `offset` over `content`, damaged.
fn damaged(content: &[u8], bytes: &[u8], offset: u64, damage: &str) -> Vec<u8> {
    let (disk, log) = disk(content, &format!("write {damage}"));
    assert_eq!(
        log.write_at(bytes, offset).expect("it says so"),
        bytes.len()
    );
    assert_eq!(disk.fired(), [1], "{damage}");
    assert_eq!(disk.damaged_at(), Some(0));
    read_to_end(&*log).expect("a read")
}

#[test]
fn damaged_writes_say_that_they_succeeded() {
    let (old, new) = ([b'o'; 1500], [b'n'; 1500]);
    let whole = |damage| damaged(&old, &new, 0, damage);
    let flipped = whole("flip*3");
    let bits: u32 = flipped.iter().map(|byte| (byte ^ b'n').count_ones()).sum();
    assert!((1..=3).contains(&bits), "{bits}");
    assert!(
        whole("zero-sector")
            .iter()
            .filter(|&&byte| byte == 0)
            .count()
            >= 476
    );
    assert_eq!(whole("zero-block"), [0; 1500]);
    assert_eq!(whole("lose"), old);
    assert_eq!(whole("empty"), b"");
    assert_eq!(whole("cut"), b"");
    let tail = whole("zero-tail");
    let kept = tail.iter().take_while(|&&byte| byte == b'n').count();
    assert!(kept < 1500 && tail[kept..].iter().all(|&byte| byte == 0));
    let torn = whole("tear");
    let kept = torn.iter().take_while(|&&byte| byte == b'n').count();
    assert!(kept % 512 == 0 && torn[kept..].iter().all(|&byte| byte == b'o'));
    assert_ne!(whole("garbage-tail"), new);
    // Where the file grows it does so in any case.
    assert_eq!(damaged(b"ab", b"cd", 2, "lose"), b"ab\0\0");
}

#[test]
fn a_misdirected_write_has_a_victim_and_leaves_its_own_place_stale() {
    let (disk, log) = disk(&[b'o'; 512], "write log misdirect");
    let victim = open(&disk, "victim").expect("it opens");
    write_all_at(&*victim, &[b'v'; 512], 0).expect("it is not selected");
    log.write_at(b"new", 7).expect("it says so");
    assert_eq!(read_to_end(&*log).expect("a read"), [b'o'; 512]);
    let bytes = read_to_end(&*victim).expect("a read");
    assert_eq!(
        (&bytes[..7], &bytes[7..10], bytes[10]),
        (&[b'v'; 7][..], &b"new"[..], b'v')
    );
}

#[test]
fn a_write_is_sent_again() {
    let (disk, log) = disk(b"old.", "write #1 replay");
    log.write_at(b"one", 0).expect("a write");
    log.write_at(b"two", 0).expect("a write");
    assert_eq!(
        read_to_end(&*log).expect("a read"),
        b"one.",
        "what is older won"
    );
    disk.set_plan(&"write duplicate".parse().expect("a plan"));
    let appender = disk
        .open(Path::new("log"), OpenOptions::read_write().append())
        .expect("it opens");
    assert_eq!(appender.append(b"ab").expect("it says so"), 2);
    assert_eq!(read_to_end(&*log).expect("a read"), b"one.abab");
}

#[test]
fn damaged_reads_leave_the_disk_alone() {
    for damage in [
        "flip",
        "zero-sector",
        "zero-tail",
        "garbage-tail",
        "eof",
        "misdirect",
    ] {
        let content: Vec<u8> = (0..2000_u32).map(|index| (index / 512 + 1) as u8).collect();
        let (disk, log) = disk(&content, &format!("read #1 {damage}"));
        let mut buf = [9; 512];
        let count = log.read_at(&mut buf, 512).expect("it says so");
        assert!(count == 0 || buf[..count] != content[512..1024], "{damage}");
        assert_eq!(disk.fired(), [1], "{damage}");
        assert_eq!(read_to_end(&*log).expect("a read"), content, "{damage}");
    }
    let (disk, log) = disk(b"abc", "stat empty");
    assert_eq!(log.metadata().expect("it says so").len, 0);
    let metadata = disk.metadata(Path::new("log")).expect("it says so");
    assert_eq!(metadata.expect("it is there").len, 0);
}
