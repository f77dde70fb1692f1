//! Explorations that stop at the first violation.

use plimsoll_sim::case::ErrorSweep;
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;

use crate::mini_log::Omit;
use crate::support::case;

#[test]
fn a_hunt_finds_what_an_exploration_finds_and_looks_at_less() {
    let omit = Omit {
        sync: true,
        ..Omit::default()
    };
    for omit in [omit, Omit::default()] {
        let case = case(omit, "ext4-ordered", 1, ErrorSweep::None);
        let everything = explore::run(&case);
        let hunt = explore::first_violation(&case);
        match hunt.oracle {
            Some(oracle) => {
                let violated: Vec<Oracle> = explore::violated(&case);
                assert!(violated.contains(&oracle), "{oracle:?} of {violated:?}");
                assert!(
                    hunt.counters.states_generated < everything.counters.states_generated,
                    "{hunt:?}"
                );
            }
            None => assert_eq!(everything.violations, []),
        }
        assert_eq!(hunt.oracle.is_some(), omit.sync);
    }
}

#[test]
fn a_bug_that_takes_a_second_crash_is_hunted_down_too() {
    let omit = Omit {
        cutting_the_torn_tail: true,
        ..Omit::default()
    };
    let hunts: Vec<Option<Oracle>> = (0..6)
        .map(|seed| case(omit, "posix-minimal", seed, ErrorSweep::None))
        .map(|case| explore::first_violation(&case).oracle)
        .collect();
    assert!(hunts.contains(&Some(Oracle::D1)), "{hunts:?}");
}
