//! What crashing a world everywhere finds.

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::family::Family;
use plimsoll_sim::trial::hunt::{Hunt, TrialCase, Trophy, drawn, hunt};
use plimsoll_sim::trial::look::{Manner, look};
use plimsoll_sim::trial::sweep::{Images, Then};

use crate::jot::{Fault, case};

/// Seeds until an oracle does not hold; nothing where none of them shows it.
fn seeds_to_find(
    fault: Fault,
    families: &[Family],
    first_seed: u64,
    sweep_every: u64,
) -> Option<u64> {
    let mut case = case(fault, families, 400, sweep_every);
    case.first_seed = first_seed;
    case.expected = vec![Oracle::D1, Oracle::D3, Oracle::D4];
    case.twice_every = 0;
    let hunt = hunt(&case, &|| true).expect("the build simulates");
    let is_found = case
        .expected
        .iter()
        .any(|oracle| hunt.trophies.contains_key(oracle));
    is_found.then_some(hunt.worlds)
}

fn median(mut counts: Vec<u64>) -> u64 {
    counts.sort_unstable();
    counts[counts.len() / 2]
}

#[test]
fn what_is_right_holds_wherever_it_is_crashed() {
    let families = [
        Family::Kill,
        Family::Power,
        Family::Restart,
        Family::Early,
        Family::MidLine,
    ];
    let case = case(Fault::Nothing, &families, 150, 1);
    let hunt = hunt(&case, &|| true).expect("the build simulates");
    assert!(hunt.trophies.is_empty(), "{:?}", hunt.trophies);
    assert_eq!((hunt.limited, hunt.differing.len()), (0, 0));
    let swept = hunt.swept;
    assert_eq!(swept.worlds, 150);
    assert!(swept.crash_points > 150 * 20, "{swept:?}");
    assert!(swept.states > swept.crash_points, "{swept:?}");
    // What was read once is not read again.
    assert!(swept.images < swept.states / 2, "{swept:?}");
}

#[test]
fn a_world_that_loses_no_power_shows_what_a_loss_would_take() {
    for (fault, oracles) in [
        (Fault::AcksEarly, [Oracle::D1, Oracle::D4]),
        (Fault::Removes, [Oracle::D1, Oracle::D3]),
    ] {
        let without = hunt(&case(fault, &[], 60, 0), &|| true).expect("the build simulates");
        assert!(without.trophies.is_empty(), "{:?}", without.trophies);
        let case = case(fault, &[], 60, 1);
        let swept = hunt(&case, &|| true).expect("the build simulates");
        let mut found = swept.trophies.iter();
        let (oracle, trophy) = found
            .find(|(oracle, _)| oracles.contains(oracle))
            .unwrap_or_else(|| panic!("{fault:?}: {:?}", swept.trophies));
        let crash = trophy.crash.clone().expect("no crash of the world's own");
        assert!(crash.after.is_some() || crash.then.is_some(), "{crash}");
        let manner = Manner {
            schedule: Some(trophy.schedule.clone()),
            is_swept: true,
            ..Manner::default()
        };
        // Without its seed.
        let again = look(&case.ground, &trophy.script, manner, &mut Images::default());
        let again = again.expect("the build simulates");
        assert_eq!(again.outcome.run.fingerprint, trophy.fingerprint);
        let violation = again.violation(*oracle).expect("it is there again");
        assert_eq!(violation.crash, Some(crash));
        assert_eq!(violation.finding, trophy.finding);
    }
}

#[test]
fn single_losses_of_power_need_more_worlds() {
    let hunts = || (0..9).map(|number| 1 + number * 1000);
    let mut last = None;
    for fault in [Fault::AcksEarly, Fault::Removes] {
        let single = hunts().map(|seed| seeds_to_find(fault, &[Family::Power], seed, 0));
        let single = median(single.map(|found| found.unwrap_or(401)).collect());
        let swept = hunts().map(|seed| seeds_to_find(fault, &[], seed, 1));
        let swept = median(swept.map(|found| found.unwrap_or(401)).collect());
        assert!(swept * 2 <= single, "{fault:?}: {single} and {swept}");
        last = Some((single, swept));
    }
    let (single, swept) = last.expect("there are two");
    assert!(single >= 10 && swept <= 5, "{single} and {swept}");
}

/// Only what a kill leaves is held to what survives a kill (B2), and between two operations all of it is there.
#[test]
fn a_kill_within_a_write_is_looked_for() {
    let lost = |families: &[Family], sweep_every| {
        let case = case(Fault::Overwrites, families, 60, sweep_every);
        let hunt = hunt(&case, &|| true).expect("the build simulates");
        let crash = |trophy: &Trophy| trophy.crash.clone();
        hunt.trophies.get(&Oracle::B2).map(crash)
    };
    assert_eq!(lost(&[], 0), None);
    let swept = lost(&[], 1).expect("a sweep finds it");
    let crash = swept.expect("no crash of the world's own");
    let (write, end) = crash.within.clone().expect("it is within a write");
    assert!(write.starts_with("write jot 0..") && end > 0, "{crash}");
    assert_eq!(crash.kind, CrashKind::ProcessKill);
    // And so does a world whose process is killed.
    assert_eq!(lost(&[Family::Kill], 0), Some(None));
}

/// The promise of the last line outlives the process, and nobody but a sweep loses power after it.
#[test]
fn what_the_last_line_says_is_held_is_looked_for_after_the_end() {
    let hunt_it = |sweep_every| {
        let case = case(Fault::EndsUnsynced, &[], 40, sweep_every);
        hunt(&case, &|| true).expect("the build simulates")
    };
    assert!(hunt_it(0).trophies.is_empty());
    let swept = hunt_it(1);
    assert!(!swept.trophies.is_empty());
    for trophy in swept.trophies.values() {
        assert!(trophy.crash.is_some(), "{trophy:?}");
    }
}

/// Nobody but a sweep loses power between a read and the end, and only the read says that something is there.
#[test]
fn what_a_read_has_shown_is_looked_for_at_every_crash() {
    let hunt_it = |sweep_every| {
        let case = case(Fault::ShowsEarly, &[], 60, sweep_every);
        hunt(&case, &|| true).expect("the build simulates")
    };
    assert!(hunt_it(0).trophies.is_empty());
    let swept = hunt_it(1);
    let found: Vec<Oracle> = swept.trophies.keys().copied().collect();
    assert_eq!(found, [Oracle::D8], "{:?}", swept.trophies);
}

/// A hunt of a system that finds its file under either name, and whose lives neither crash nor follow each other.
fn hunt_of_starts(fault: Fault) -> (TrialCase, Hunt) {
    let mut case = case(fault, &[], 60, 1);
    case.ground.profile = Profile::named("ext4-ordered").expect("it ships");
    let hunt = hunt(&case, &|| true).expect("the build simulates");
    (case, hunt)
}

#[test]
fn a_start_that_destroys_what_a_reader_finds_is_found_by_starting_it() {
    for fault in [Fault::Tidies, Fault::Copies] {
        let (case, hunt) = hunt_of_starts(fault);
        assert!(!hunt.trophies.is_empty(), "{fault:?}: {:?}", hunt.swept);
        for (oracle, trophy) in &hunt.trophies {
            // Nothing that is only read shows it, and the copy is wrong only where it is cut short.
            let crash = trophy.crash.clone().expect("no crash of the world's own");
            match &crash.then {
                Some(Then::Crashed(inner)) => assert!(inner.after.is_some(), "{crash}"),
                then => assert_eq!((fault, then), (Fault::Tidies, &Some(Then::Started))),
            }
            let manner = Manner {
                schedule: Some(trophy.schedule.clone()),
                is_swept: true,
                ..Manner::default()
            };
            let again = look(&case.ground, &trophy.script, manner, &mut Images::default());
            let violation = again.expect("the build simulates").violation(*oracle);
            let violation = violation.expect("it is there again");
            assert_eq!(violation.finding, trophy.finding);
            // What is lost is told by numbers of files, which are another image's where that is alike.
            assert_eq!(
                violation.crash.map(|crash| crash.to_string()),
                Some(crash.to_string())
            );
        }
    }
}

#[test]
fn a_start_that_is_right_holds_and_is_started_often() {
    let (_, hunt) = hunt_of_starts(Fault::FindsEither);
    assert!(hunt.trophies.is_empty(), "{:?}", hunt.trophies);
    assert_eq!((hunt.limited, hunt.differing.len()), (0, 0));
    let swept = hunt.swept;
    assert!(swept.starts > swept.worlds / 2, "{swept:?}");
    assert!(swept.start_states > 10 * swept.starts, "{swept:?}");
}

#[test]
fn a_sweep_is_a_function_of_its_world() {
    let case = case(Fault::AcksEarly, &[Family::Restart, Family::Kill], 1, 1);
    for seed in 1..20 {
        let script = drawn(&case, seed);
        let look = |images: &mut Images| {
            let manner = Manner {
                seed,
                is_swept: true,
                ..Manner::default()
            };
            let look = look(&case.ground, &script, manner, images).expect("the build simulates");
            look.sweep.expect("it was asked for")
        };
        let mut images = Images::default();
        let (first, second) = (look(&mut images), look(&mut images));
        assert_eq!(first.fingerprint, second.fingerprint);
        assert_eq!(first.findings, second.findings);
        assert_eq!(first.states, second.states);
        assert!(first.images > 0, "{first:?}");
        assert_eq!(second.images, 0, "each of its images was read before");
    }
}
