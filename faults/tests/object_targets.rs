//! Faults of one object target: which operations they hit, which pages a failed sync and an eviction take.

use std::io;
use std::path::Path;

use plimsoll_faults::crash::{Bounds, CrashKind, Frontier};
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::errno::Errno;
use plimsoll_faults::image::Image;
use plimsoll_faults::log::{MicroOp, SyncEnd};
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, read_to_end, write_all_at};

/// Bytes in a stripe of these tests, and in a page.
const STRIPE: usize = 4096;

/// A disk with a synced file `log` of four stripes `o`, on which things go wrong from now on.
fn disk(plan: &str) -> (SimFs, Box<dyn FsFile>) {
    let disk = SimFs::new(Image::new());
    let log = open(&disk, "log").expect("nothing goes wrong yet");
    write_all_at(&*log, &[b'o'; 4 * STRIPE], 0).expect("nothing goes wrong yet");
    log.sync_all().expect("nothing goes wrong yet");
    disk.take_log();
    disk.set_plan(&plan.parse().expect("a plan"));
    (disk, log)
}

fn open(disk: &SimFs, path: &str) -> io::Result<Box<dyn FsFile>> {
    disk.open(Path::new(path), OpenOptions::read_write().create())
}

/// The content as one letter for each stripe or part of one; `*` where its bytes differ.
fn stripes(file: &dyn FsFile) -> String {
    let content = read_to_end(file).expect("a read");
    content
        .chunks(STRIPE)
        .map(|stripe| match stripe {
            [first, rest @ ..] if rest.iter().all(|byte| byte == first) => char::from(*first),
            _ => '*',
        })
        .collect()
}

#[track_caller]
fn fails<T>(result: io::Result<T>, errno: Errno) {
    let error = result.err().expect("the operation fails");
    assert_eq!(error.raw_os_error(), Some(errno.code()));
}

#[test]
fn a_fault_goes_on_for_what_touches_its_target() {
    let (disk, log) = disk("write log #1 EIO for target 1 of 2 stripe 4096");
    let other = open(&disk, "other").expect("it opens");
    other.write_at(b"x", 4096).expect("nothing has struck yet");
    fails(log.write_at(b"x", 0), Errno::EIO);
    // The first stripe, and every other one from there, are elsewhere.
    log.write_at(&[b'n'; STRIPE], 0).expect("another target");
    log.write_at(b"n", 2 * 4096).expect("another target");
    log.sync_all().expect("the dirty pages are elsewhere");
    fails(log.write_at(b"x", 4096), Errno::EIO);
    fails(log.write_at(b"xy", 4095), Errno::EIO);
    fails(log.read_at(&mut [0; 1], 3 * 4096), Errno::EIO);
    log.read_at(&mut [0; 1], 0).expect("another target");
    // Whatever the file.
    fails(other.write_at(b"x", 4096), Errno::EIO);
    fails(other.sync_all(), Errno::EIO);
    // A truncation is about the bytes that it cuts off, a reservation about those that it reserves.
    fails(log.set_len(3 * 4096), Errno::EIO);
    fails(log.allocate(5 * 4096, 1), Errno::EIO);
    log.allocate(4 * 4096, 4096).expect("another target");
    log.set_len(4 * 4096 + 1).expect("another target");
    // Names are on no object target.
    log.metadata().expect("stat");
    disk.rename(Path::new("log"), Path::new("new"))
        .expect("a rename");
    disk.sync_dir(Path::new("")).expect("a directory");
    assert_eq!(disk.fired(), [8]);
}

#[test]
fn a_target_selects_operations_and_counts_only_those() {
    let (disk, log) = disk("write log target 1 of 2 stripe 4096 #2 EIO");
    log.write_at(b"n", 0).expect("not counted");
    log.write_at(b"n", 4096).expect("the first");
    log.write_at(b"n", 2 * 4096).expect("not counted");
    fails(log.write_at(b"x", 3 * 4096), Errno::EIO);
    log.write_at(b"n", 3 * 4096).expect("the third");
    assert_eq!(disk.fired(), [1]);
    assert_eq!(stripes(&*log), "****");
}

#[test]
fn small_files_are_on_the_first_target_where_the_stripe_is_long() {
    let (_disk, log) = disk("write target 0 of 2 EIO; write target 1 of 2 ENOSPC");
    fails(log.write_at(b"x", (1 << 20) - 1), Errno::EIO);
    fails(log.write_at(b"x", 1 << 20), Errno::ENOSPC);
}

#[test]
fn a_sync_that_fails_on_a_target_writes_the_pages_on_the_others() {
    // What Lustre does with pages that cannot be written: they are dropped.
    let (disk, log) = disk("fsync target 1 of 2 stripe 4096 #1 EIO F8");
    log.write_at(&[b'n'; 2 * STRIPE], 0).expect("a write");
    fails(log.sync_all(), Errno::EIO);
    assert_eq!(stripes(&*log), "nooo");
    // Nothing there is dirty any more: the next sync is none of that target's business.
    log.sync_all().expect("nothing to write there");
    assert_eq!(disk.fired(), [1]);
    // A mark on the pages that failed, and on no others, where they count as clean.
    let (disk, log) = self::disk("fsync target 1 of 2 stripe 4096 EIO F1");
    log.write_at(&[b'n'; 4 * STRIPE], 0).expect("a write");
    fails(log.sync_all(), Errno::EIO);
    let failed: Vec<Option<(u64, u64)>> = disk
        .take_log()
        .iter()
        .filter(|entry| matches!(entry.sync, Some((_, SyncEnd::Failed))))
        .map(|entry| entry.range)
        .collect();
    assert_eq!(failed, [Some((4096, 4096)), Some((12288, 4096))]);
}

#[test]
fn a_scope_narrows_only_the_syncs_that_it_reaches() {
    let (_disk, log) = disk("fsync #1 EIO F8 for target 1 of 2 stripe 4096");
    log.write_at(&[b'n'; 2 * STRIPE], 0).expect("a write");
    fails(log.sync_all(), Errno::EIO);
    assert_eq!(stripes(&*log), "oooo", "the first fails for itself");
    log.write_at(&[b'm'; 2 * STRIPE], 0)
        .expect("a write does not fail like a sync");
    fails(log.sync_all(), Errno::EIO);
    assert_eq!(stripes(&*log), "mooo");
}

#[test]
fn an_eviction_by_a_target_discards_what_goes_there_and_is_reported_once() {
    let (disk, log) = disk("fsync log #1 evict target 1 of 2 stripe 4096");
    log.write_at(&[b'n'; 4 * STRIPE], 0).expect("a write");
    fails(log.sync_all(), Errno::EIO);
    assert_eq!(stripes(&*log), "nono");
    log.sync_all().expect("it was told");
    let evicted: Vec<String> = disk
        .take_log()
        .iter()
        .map(ToString::to_string)
        .filter(|line| line.contains("eviction"))
        .collect();
    assert_eq!(
        evicted,
        ["eviction: unsent pages of log on target 1 of 2 stripe 4096 are discarded"]
    );
}

/// What a kill leaves after an eviction was not there before it: a sweep that looks only at what is new must look at it.
#[test]
fn what_an_eviction_leaves_is_new() {
    let (disk, log) = disk("fsync log #1 evict target 1 of 2 stripe 4096");
    let profile = Profile::named("lustre-2.15").expect("it ships");
    let mut frontier = Frontier::new(disk.image(), profile);
    log.write_at(&[b'n'; 4 * STRIPE], 0).expect("a write");
    fails(log.sync_all(), Errno::EIO);
    let is_eviction = |change: &MicroOp| matches!(change, MicroOp::Evicted { .. });
    let entries = disk.take_log();
    let evicted = entries
        .iter()
        .position(|entry| entry.changes.iter().any(is_eviction));
    for entry in &entries[..=evicted.expect("there is one")] {
        frontier.advance(entry);
    }
    let bounds = Bounds {
        exhaustive: 64,
        samples: 0,
    };
    let mut states = Vec::new();
    let mut rng = Rng::stream(0, "test");
    frontier.states_of(CrashKind::ProcessKill, bounds, &mut rng, &mut states);
    frontier.retain_fresh(&mut states);
    assert_eq!(states, [frontier.everything()]);
}

#[test]
fn an_eviction_may_not_be_reported_at_all() {
    let (_disk, log) = disk("fsync log #1 evict-silently target 0 of 2 stripe 4096");
    log.write_at(&[b'n'; STRIPE + 1], 0).expect("a write");
    log.sync_all().expect("nobody says so");
    assert_eq!(stripes(&*log), "o*oo");
    log.close().expect("nobody says so");
}

#[test]
fn a_file_ends_with_what_an_eviction_leaves() {
    let (_disk, log) = disk("fsync log evict-silently target 0 of 2 stripe 4096");
    log.write_at(&[b'n'; STRIPE + 100], 4 * 4096)
        .expect("a write");
    log.sync_all().expect("nobody says so");
    // The fifth stripe is a hole now, and the sixth is there.
    assert_eq!(stripes(&*log), "oooo\0n");
    assert_eq!(log.metadata().expect("stat").len, 5 * 4096 + 100);
    log.write_at(&[b'm'; STRIPE + 100], 5 * 4096)
        .expect("a write");
    log.sync_all().expect("nobody says so");
    assert_eq!(stripes(&*log), "oooo\0m");
    assert_eq!(log.metadata().expect("stat").len, 6 * 4096);
    // The servers cut at once: what was written behind the cut is not there to be discarded.
    log.write_at(b"n", 6 * 4096).expect("a write");
    log.set_len(4096).expect("a cut");
    log.sync_all().expect("nobody says so");
    assert_eq!(stripes(&*log), "o");
}

#[test]
fn a_target_that_has_nothing_of_a_file_evicts_in_vain() {
    let (disk, log) = disk("fsync log evict target 1 of 2 stripe 65536");
    log.write_at(&[b'n'; STRIPE], 0).expect("a write");
    log.sync_all().expect("nothing is lost");
    assert_eq!(stripes(&*log), "nooo");
    assert_eq!(disk.take_log().len(), 2, "a write and a sync");
}
