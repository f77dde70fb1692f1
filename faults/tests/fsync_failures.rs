//! What processes see of a failed sync: results, contents, and who is told.

use std::path::Path;
use std::sync::Arc;

use plimsoll_faults::crash::Frontier;
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::errno::Errno;
use plimsoll_faults::fsync_failure::{ErrorReport, FsyncFailure};
use plimsoll_faults::image::Image;
use plimsoll_faults::profile::Profile;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, read_to_end, write_all_at};

const FILE: &str = "file";

/// A disk with a synced file of one page of `o`.
fn disk(plan: &str) -> SimFs {
    let disk = SimFs::new(Image::new());
    let file = open(&disk, OpenOptions::read_write().create_new());
    write_all_at(&*file, &[b'o'; 4096], 0).expect("nothing fails yet");
    file.sync_all().expect("nothing fails yet");
    drop(file);
    disk.take_log();
    disk.set_plan(&plan.parse().expect("a plan"));
    disk
}

fn open(disk: &SimFs, options: OpenOptions) -> Box<dyn FsFile> {
    disk.open(Path::new(FILE), options).expect("it opens")
}

fn again(disk: &SimFs) -> Box<dyn FsFile> {
    open(disk, OpenOptions::read_write())
}

/// The result of a sync: the error number, or zero.
fn sync(file: &dyn FsFile) -> i32 {
    match file.sync_all() {
        Ok(()) => 0,
        Err(error) => error.raw_os_error().expect("a real error"),
    }
}

/// Overwrites the page, adds one behind it, and syncs twice: the results, then the first byte of each page.
fn story(model: FsyncFailure) -> (i32, i32, Vec<u8>) {
    let disk = disk(&format!("fsync #1 {} {model}", model.errno()));
    let file = again(&disk);
    write_all_at(&*file, &[b'n'; 8192], 0).expect("writes succeed");
    let (first, second) = (sync(&*file), sync(&*file));
    let bytes = read_to_end(&*file).expect("reads succeed");
    (first, second, bytes.into_iter().step_by(4096).collect())
}

/// Overwrites the page and adds one behind it, which a file system of this model cannot write; what the next write and the sync
/// behind it return, then the first byte of each page.
fn late_story(model: FsyncFailure) -> (i32, i32, Vec<u8>) {
    let disk = disk("write #1 EIO late");
    disk.set_fsync_failure(model, ErrorReport::PerFdOnce);
    let file = again(&disk);
    write_all_at(&*file, &[b'n'; 8192], 0).expect("writes succeed");
    let error = file.write_at(b"X", 0).expect_err("it reports the error");
    let second = sync(&*file);
    let bytes = read_to_end(&*file).expect("reads succeed");
    let first = error.raw_os_error().expect("a real error");
    (first, second, bytes.into_iter().step_by(4096).collect())
}

#[test]
fn a_late_error_that_a_write_reports_does_to_the_pages_what_a_failed_sync_does() {
    let eio = Errno::EIO.code();
    for (model, second, pages) in [
        (FsyncFailure::F1, 0, "nn"),
        // It is told here and now, whatever a sync would return.
        (FsyncFailure::F2, 0, "nn"),
        (FsyncFailure::F3, 0, "o"),
        (FsyncFailure::F4, 0, "nn"),
        (FsyncFailure::F6, 0, "nn"),
        (FsyncFailure::F9, eio, "nn"),
        (FsyncFailure::F11, 0, "n\0"),
    ] {
        let expected = (eio, second, pages.as_bytes().to_vec());
        assert_eq!(late_story(model), expected, "{model}");
    }
}

#[test]
fn each_model_returns_and_shows_what_it_says() {
    let eio = Errno::EIO.code();
    for (model, first, second, pages) in [
        (FsyncFailure::F1, eio, 0, "nn"),
        (FsyncFailure::F2, 0, eio, "nn"),
        (FsyncFailure::F3, eio, 0, "o"),
        (FsyncFailure::F4, eio, 0, "nn"),
        (FsyncFailure::F5, eio, 0, "nn"),
        (FsyncFailure::F6, 0, 0, "nn"),
        (FsyncFailure::F7, eio, 0, "nn"),
        (FsyncFailure::F8, eio, 0, "o"),
        (FsyncFailure::F9, eio, eio, "nn"),
        (FsyncFailure::F10, Errno::EINTR.code(), 0, "nn"),
        (FsyncFailure::F11, Errno::ENOSPC.code(), 0, "n\0"),
    ] {
        let expected = (first, second, pages.as_bytes().to_vec());
        assert_eq!(story(model), expected, "{model}");
    }
}

/// The results of two more syncs through each of two other handles, one open at the failure and one opened after it.
fn told(model: &str, report: ErrorReport) -> [i32; 4] {
    let disk = disk(&format!("fsync #1 EIO {model}"));
    disk.set_fsync_failure(FsyncFailure::F1, report);
    let (caller, other) = (again(&disk), again(&disk));
    write_all_at(&*caller, b"n", 0).expect("writes succeed");
    sync(&*caller);
    let later = again(&disk);
    [sync(&*other), sync(&*other), sync(&*later), sync(&*later)]
}

#[test]
fn handles_are_told_as_the_file_system_does() {
    let eio = Errno::EIO.code();
    assert_eq!(told("F1", ErrorReport::PerFdOnce), [eio, 0, 0, 0]);
    assert_eq!(told("F1", ErrorReport::OnceGlobal), [0, 0, 0, 0]);
    assert_eq!(told("F1", ErrorReport::Sticky), [eio, eio, eio, eio]);
    assert_eq!(told("F5", ErrorReport::PerFdOnce), [0, 0, 0, 0]);
    // Nobody was told by the sync that failed, so the first to ask is, whoever that is.
    assert_eq!(told("F2", ErrorReport::PerFdOnce), [eio, 0, eio, 0]);
    assert_eq!(told("F2", ErrorReport::OnceGlobal), [eio, 0, 0, 0]);
    // What stays dirty is written by whoever syncs next.
    assert_eq!(told("F4", ErrorReport::PerFdOnce), [0, 0, 0, 0]);
}

#[test]
fn a_sticky_error_ends_when_the_pages_are_written_again() {
    let disk = disk("fsync #1 EIO F1");
    disk.set_fsync_failure(FsyncFailure::F1, ErrorReport::Sticky);
    let file = again(&disk);
    write_all_at(&*file, b"n", 0).expect("writes succeed");
    assert_ne!(sync(&*file), 0);
    assert_ne!(sync(&*file), 0);
    write_all_at(&*file, b"n", 100).expect("writes succeed");
    assert_eq!(sync(&*file), 0, "the page was dirty again");
}

#[test]
fn a_file_system_that_was_shut_down_can_be_read_and_not_changed() {
    let disk = disk("fsync #1 EIO F9");
    let file = again(&disk);
    write_all_at(&*file, b"n", 0).expect("writes succeed");
    sync(&*file);
    let errno = |result: std::io::Result<()>| result.expect_err("no change").raw_os_error();
    let erofs = Some(Errno::EROFS.code());
    assert_eq!(errno(write_all_at(&*file, b"m", 0)), erofs);
    assert_eq!(errno(disk.remove_file(Path::new(FILE))), erofs);
    assert_eq!(errno(disk.sync_dir(Path::new(""))), Some(Errno::EIO.code()));
    let process = disk.process();
    let readable = open(&process, OpenOptions::read_only());
    let bytes = read_to_end(&*readable).expect("reads succeed");
    assert_eq!(&bytes[..2], b"no");
    assert!(
        process
            .open(Path::new(FILE), OpenOptions::read_write())
            .is_err()
    );
}

#[test]
fn blocks_fail_in_the_sequence_that_is_written() {
    let disk = disk("writeback file block 1 xwxW F4");
    let file = again(&disk);
    let mut results = Vec::new();
    for round in 0..4 {
        write_all_at(&*file, &[b'a' + round; 8192], 0).expect("writes succeed");
        results.push(sync(&*file) != 0);
    }
    assert_eq!(results, [true, false, true, false]);
    assert_eq!(disk.fired(), [2]);
}

#[test]
fn a_block_that_failed_under_f3_goes_back_alone() {
    let disk = disk("writeback file block 0 x F3");
    let file = again(&disk);
    write_all_at(&*file, &[b'n'; 8192], 0).expect("writes succeed");
    assert_ne!(sync(&*file), 0);
    let bytes = read_to_end(&*file).expect("reads succeed");
    assert_eq!((bytes.len(), bytes[0], bytes[4096]), (8192, b'o', b'n'));
}

#[test]
fn a_cut_stays_when_what_was_written_goes_back() {
    let disk = disk("fsync #1 EIO F3");
    let file = again(&disk);
    file.set_len(100).expect("it is cut");
    write_all_at(&*file, &[b'n'; 4096], 50).expect("writes succeed");
    assert_ne!(sync(&*file), 0);
    let bytes = read_to_end(&*file).expect("reads succeed");
    assert_eq!(bytes, [b'o'; 100]);
}

#[test]
fn a_disk_fails_as_its_profile_says_where_the_plan_does_not() {
    let shows = |name: &str| {
        let profile = Profile::named(name).expect("it ships");
        let disk = disk("fsync #1 EIO");
        profile.behave(&disk);
        let file = again(&disk);
        write_all_at(&*file, b"n", 0).expect("writes succeed");
        assert_ne!(sync(&*file), 0);
        read_to_end(&*file).expect("reads succeed")[0]
    };
    assert_eq!(shows("ext4-ordered"), b'n');
    assert_eq!(shows("xfs"), b'n');
    assert_eq!(shows("btrfs"), b'o');
    assert_eq!(shows("posix-minimal"), b'o');
}

/// Creates a file and syncs its directory twice, the first of which fails: the results, and whether after each the name survives
/// whatever a power loss takes.
fn directory_story(model: FsyncFailure) -> ([i32; 2], [bool; 2]) {
    let disk = SimFs::new(Image::new());
    let plan = format!("fsyncdir #1 {} {model}", model.errno());
    disk.set_plan(&plan.parse().expect("a plan"));
    open(&disk, OpenOptions::read_write().create_new());
    let root = Path::new("");
    let mut frontier = Frontier::new(
        Image::new(),
        Arc::clone(&Profile::named("posix-minimal").expect("it ships")),
    );
    let (mut results, mut survives) = ([0; 2], [false; 2]);
    for step in 0..2 {
        if let Err(error) = disk.sync_dir(root) {
            results[step] = error.raw_os_error().expect("a real error");
        }
        for entry in disk.take_log() {
            frontier.advance(&entry);
        }
        let left = SimFs::new(frontier.image(frontier.nothing()));
        let found = left.metadata(Path::new(FILE)).expect("it can be asked for");
        survives[step] = found.is_some();
    }
    (results, survives)
}

#[test]
fn names_stay_to_be_committed_when_the_sync_of_their_directory_fails() {
    for &model in FsyncFailure::ALL {
        let errno = model.errno().code();
        let expected = match model {
            // It succeeds falsely, and what it was to commit is left to the next.
            FsyncFailure::F6 => ([0, 0], [false, true]),
            // Nothing gets through from then on.
            FsyncFailure::F9 => ([errno, Errno::EIO.code()], [false, false]),
            _ => ([errno, 0], [false, true]),
        };
        assert_eq!(directory_story(model), expected, "{model}");
    }
}

/// The first byte of each page of what the least state has of the file.
fn least(frontier: &mut Frontier) -> Vec<u8> {
    let left = SimFs::new(frontier.image(frontier.nothing()));
    let file = open(&left, OpenOptions::read_only());
    let bytes = read_to_end(&*file).expect("reads succeed");
    bytes.into_iter().step_by(4096).collect()
}

/// Moves to the end of what a disk has done meanwhile.
fn follow(frontier: &mut Frontier, disk: &SimFs) {
    for entry in disk.take_log() {
        frontier.advance(&entry);
    }
}

/// A page is appended, its sync fails, and another finds nothing to do. Then either a page is appended behind it, or the same is written
/// again, and synced.
#[test]
fn what_a_failed_sync_did_not_write_is_durable_only_once_it_is_written_again() {
    for (name, model, [failed, appended]) in [
        ("posix-minimal", "F1", ["o\0", "o\0s"]),
        ("ext4-ordered", "F1", ["o\0", "o\0s"]),
        ("ext4-writeback", "F1", ["o\0", "o\0s"]),
        // The length waits for the data, and so it stays what it was.
        ("xfs", "F1", ["o", "o\0s"]),
        ("xfs", "F5", ["o", "o\0s"]),
        ("xfs", "F7", ["o", "o\0s"]),
        ("btrfs", "F1", ["o", "o\0s"]),
        ("lustre-2.15", "F1", ["o", "o\0s"]),
    ] {
        let profile = Profile::named(name).expect("it ships");
        let disk = disk(&format!("fsync #1 EIO {model}"));
        let mut frontier = Frontier::new(disk.image(), profile);
        let file = again(&disk);
        write_all_at(&*file, &[b'f'; 4096], 4096).expect("writes succeed");
        assert_ne!(sync(&*file), 0);
        assert_eq!(sync(&*file), 0, "it finds nothing to do");
        follow(&mut frontier, &disk);
        assert_eq!(least(&mut frontier), failed.as_bytes(), "{name} {model}");
        let mut branch = frontier.branch();
        write_all_at(&*file, &[b's'; 4096], 8192).expect("writes succeed");
        assert_eq!(sync(&*file), 0);
        follow(&mut frontier, &disk);
        assert_eq!(least(&mut frontier), appended.as_bytes(), "{name} {model}");
        // In the other future nothing was appended.
        file.set_len(8192).expect("it is cut");
        disk.take_log();
        write_all_at(&*file, &[b'g'; 4096], 4096).expect("writes succeed");
        assert_eq!(sync(&*file), 0);
        follow(&mut branch, &disk);
        assert_eq!(least(&mut branch), b"og", "{name} {model}");
    }
}

/// Three pages are appended, of which some are not written. What processes see after a sync that succeeds is durable, wherever pages do
/// not count as clean.
#[test]
fn a_sync_that_succeeds_after_a_failed_one_makes_durable_what_can_be_seen() {
    let names = [
        "posix-minimal",
        "ext4-ordered",
        "xfs",
        "btrfs",
        "lustre-2.15",
        "nfs-sync",
    ];
    for name in names {
        for model in ["F3", "F4", "F8", "F10", "F11"] {
            for block in 1..4 {
                let disk = disk(&format!("writeback file block {block} x {model}"));
                let profile = Profile::named(name).expect("it ships");
                let mut frontier = Frontier::new(disk.image(), profile);
                let file = again(&disk);
                write_all_at(&*file, &[b'n'; 4096 * 3], 4096).expect("writes succeed");
                assert_ne!(sync(&*file), 0);
                let seen = read_to_end(&*file).expect("reads succeed");
                let seen: Vec<u8> = seen.into_iter().step_by(4096).collect();
                assert_eq!(sync(&*file), 0);
                follow(&mut frontier, &disk);
                assert_eq!(least(&mut frontier), seen, "{name} {model} block {block}");
            }
        }
    }
}

#[test]
fn a_close_writes_nothing_on_a_file_system_that_was_shut_down() {
    let disk = disk("fsync #1 EIO F9");
    let profile = Profile::named("nfs-sync").expect("it ships");
    let mut frontier = Frontier::new(disk.image(), profile);
    let file = again(&disk);
    write_all_at(&*file, b"n", 0).expect("writes succeed");
    assert_ne!(sync(&*file), 0);
    file.close().expect("there is nothing to do");
    follow(&mut frontier, &disk);
    assert_eq!(least(&mut frontier), b"o");
}
