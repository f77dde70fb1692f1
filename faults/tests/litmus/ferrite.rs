//! The numbers of crash states that Ferrite's own litmus tests check (Bornholt et al., ASPLOS 2016), held to the same programs here.
//!
//! Ferrite counts distinct final disks over all crashes of a program, wherever they strike. So does [`over_all_points`].

use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::litmus::{CrashPoint, Leaf, Program, Run, States, Tree};
use plimsoll_faults::profile::Profile;

/// Every state over all crash points of a program.
fn over_all_points(text: &str, kind: CrashKind, profile: &Arc<Profile>) -> States {
    let program = Program::parse(text).expect("it is a program");
    let run = Run::new(&program).expect("it runs");
    let mut all = States::new();
    for after in 0..=program.steps.len() {
        all.extend(
            run.allowed(CrashPoint { after }, kind, profile)
                .expect("few choices"),
        );
    }
    all
}

/// What a file system leaves that makes every operation durable before it returns: the kill of a process loses nothing either.
fn sequential(text: &str) -> usize {
    let any = Profile::named("posix-minimal").expect("it ships");
    over_all_points(text, CrashKind::ProcessKill, &any).len()
}

const TWO_APPENDS: &str = "name: two-appends\nwhy: Two new files are written, and the second synced.\nsetup:\nsteps:\n  create a\n  \
                           create b\n  append a 512 n\n  append b 512 n\n  fsync b\n";

const REPLACE: &str = "name: replace\nwhy: A file is replaced.\nsetup:\n  create o\n  append o 512 o\nsteps:\n  create t\n  append t \
                       512 n\n  rename t o\n";

const CHROME: &str = "name: chrome\nwhy: Chrome appends twice to its history, the second time across the end of a block.\nsetup:\n  \
                      create a\n  append a 2509 o\nsteps:\n  append a 13 m\n  append a 2500 n\n";

/// Nothing, a empty, both empty, a written, both written; the sync adds none. Equal to Ferrite's.
#[test]
fn two_appends_leave_five_states_on_a_sequential_disk() {
    assert_eq!(sequential(TWO_APPENDS), 5);
}

/// The old file alone, beside an empty new one, beside a written new one, and replaced. Equal to Ferrite's.
#[test]
fn a_replaced_file_leaves_four_states_on_a_sequential_disk() {
    assert_eq!(sequential(REPLACE), 4);
}

/// Ferrite finds three on a sequential disk, as here.
#[test]
fn chrome_leaves_three_states_on_a_sequential_disk() {
    assert_eq!(sequential(CHROME), 3);
}

/// Ferrite's model of ext4 has seven: the old length; 13 bytes more, there or not; up to the end of the block, with neither, the first
/// or both appends there; and everything. Its longest length waits for all data before it, and it writes blocks whole.
const FERRITES_EXT4: &str = "ext4-ordered + size_after_new_block_data=true + tear=any-blocks";

/// Equal to Ferrite's.
#[test]
fn chrome_leaves_seven_states_on_ferrites_ext4() {
    let ext4 = Arc::new(Profile::varied(FERRITES_EXT4).expect("the parameters exist"));
    let states = over_all_points(CHROME, CrashKind::PowerLoss, &ext4);
    assert_eq!(states.len(), 7, "{states:#?}");
}

/// Today's ext4 has those seven and, with blocks as the smallest unit, five more: the longest length with a block missing, which then
/// reads as zeros. Linux 6.18 was seen to commit a length before the data (`append-append` in `tests/realfs`), because new blocks are
/// allocated unwritten; Ferrite's measurements are of kernels before 2016.
#[test]
fn chrome_leaves_five_states_more_on_ext4_with_late_data() {
    let old = Arc::new(Profile::varied(FERRITES_EXT4).expect("the parameters exist"));
    let old = over_all_points(CHROME, CrashKind::PowerLoss, &old);
    let blocks = Profile::varied("ext4-ordered + tear=any-blocks").expect("the parameter exists");
    let states = over_all_points(CHROME, CrashKind::PowerLoss, &Arc::new(blocks));
    assert!(old.is_subset(&states));
    let more: Vec<&String> = states.difference(&old).collect();
    assert_eq!(more.len(), 5, "{more:#?}");
    assert!(
        more.iter().all(|state| ends_with_second_block(state)),
        "{more:#?}"
    );
}

/// Whether the file has the length that both appends give it.
fn ends_with_second_block(state: &str) -> bool {
    let tree = Tree::parse(state).expect("a state");
    let Some(Leaf::File(runs)) = tree.entries.get("a") else {
        panic!("{state}");
    };
    runs.iter().map(|(_, count)| count).sum::<u64>() == 2509 + 13 + 2500
}
