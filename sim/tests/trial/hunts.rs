//! What a hunt says of its worlds.

use plimsoll_reference::host::Signal;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::family::Family;
use plimsoll_sim::trial::history::End;
use plimsoll_sim::trial::hunt::{Differing, hunt};
use plimsoll_sim::trial::run::run;

use crate::jot::{Fault, case};

#[test]
fn a_system_that_is_no_function_of_its_seed_is_told_with_the_first_event_that_differs() {
    let case = case(Fault::Counts, &[], 5, 0);
    let hunt = hunt(&case, &|| true).expect("the build simulates");
    let [differing] = &hunt.differing[..] else {
        panic!("the first seed is run twice: {:?}", hunt.differing);
    };
    assert_eq!((differing.seed, hunt.worlds), (case.first_seed, 1));
    let Differing::Event(difference) = &differing.how else {
        panic!("the events show it: {:?}", differing.how);
    };
    let (first, second) = (difference.first.as_ref(), difference.second.as_ref());
    let (first, second) = first.zip(second).expect("neither has ended");
    // Both have slept, and one of them longer.
    assert_ne!(first.time, second.time);
    assert_eq!(first.step, second.step);
}

#[test]
fn what_is_seen_once_and_not_again_is_told() {
    let hunt = hunt(&case(Fault::SeenOnce, &[], 5, 0), &|| true).expect("the build simulates");
    assert!(hunt.trophies.is_empty(), "{:?}", hunt.trophies);
    let [differing] = &hunt.differing[..] else {
        panic!("it was there: {:?}", hunt.differing);
    };
    let Differing::Vanished(vanished) = &differing.how else {
        panic!("no event differs: {:?}", differing.how);
    };
    assert_eq!(vanished.oracle, Oracle::R3);
}

/// No world of it has a temporary when it starts, so that none differs; crashes leave one, and what comes of a start then is not the same twice.
#[test]
fn sweeps_are_made_twice_as_well() {
    let mut case = case(Fault::CountsLeftovers, &[], 1, 1);
    let found = hunt(&case, &|| true).expect("the build simulates");
    assert!(found.swept.starts > 0, "{:?}", found.swept);
    let [differing] = &found.differing[..] else {
        panic!("a start takes longer each time: {:?}", found.differing);
    };
    assert!(matches!(differing.how, Differing::Crashes), "{differing:?}");
    case.sweep_every = 0;
    let unswept = hunt(&case, &|| true).expect("the build simulates");
    assert!(unswept.differing.is_empty(), "{:?}", unswept.differing);
}

/// What does not hold in the second of two lives, where this came in the first, by oracle.
fn second_life(fault: Fault, plan: &str) -> Vec<Oracle> {
    let script = format!(
        "life 1: 1 at once\n ask put b0/k0 v1\n wait for all answers\n pause 10s\n then end of input\n\
         life 2: 1 at once\n then end of input\n\
         disk: reads 0s, writes 0s, syncs 0s, names 0s; gives way 0 times of 1\n{plan}"
    );
    let case = case(fault, &[], 1, 0);
    let script = script.parse().expect("a script");
    let outcome = run(&case.ground, &script, 1, None, false).expect("the build simulates");
    assert_eq!(outcome.lives.len(), 2);
    assert!(outcome.run.happened.iter().all(Option::is_some), "{plan}");
    assert!(outcome.findings.iter().all(|(life, _)| *life == 1));
    let findings = outcome.findings.iter();
    findings.map(|(_, finding)| finding.oracle).collect()
}

#[test]
fn what_struck_an_earlier_life_excuses_no_later_one() {
    for plan in [
        "",
        "plan: time 5s: kill jot\n",
        "plan: time 5s: signal SIGSTOP to jot\nplan: time 6s: signal SIGCONT to jot\n",
    ] {
        assert_eq!(second_life(Fault::Nothing, plan), [], "{plan}");
        assert_eq!(second_life(Fault::Quits, plan), [Oracle::E1], "{plan}");
        // There is nobody to ask: no request is left open, and no end.
        assert_eq!(second_life(Fault::Hangs, plan), [Oracle::R3], "{plan}");
    }
}

/// Whenever it comes: where nobody was there to be struck, nothing excuses that the second life ends by itself.
#[test]
fn what_struck_nobody_excuses_nobody() {
    let case = case(Fault::Quits, &[], 1, 0);
    for strike in ["kill jot", "signal SIGSTOP to jot"] {
        let mut missed = 0;
        for step in 0..60 {
            let script = format!(
                "life 1: 1 at once\n ask put b0/k0 v1\n wait for all answers\n then end of input\n\
                 life 2: 1 at once\n then end of input\n\
                 disk: reads 0s, writes 0s, syncs 0s, names 0s; gives way 0 times of 1\n\
                 plan: step {step}: {strike}\n"
            );
            let script = script.parse().expect("a script");
            let outcome = run(&case.ground, &script, 1, None, false).expect("the build simulates");
            let mut ends = outcome.lives.iter().map(|life| life.end.1);
            let mut arrived = outcome.run.arrived.iter();
            let is_struck =
                ends.any(|end| end == End::Killed) || arrived.any(|of| of.signal == Signal::Stop);
            if !is_struck && outcome.run.happened == [None] {
                break;
            }
            if !is_struck {
                missed += 1;
                let found = outcome.findings.iter();
                let found: Vec<Oracle> = found.map(|(_, finding)| finding.oracle).collect();
                assert_eq!(found, [Oracle::E1], "{strike} in step {step}");
            }
        }
        assert!(missed > 0, "{strike}");
    }
}

#[test]
fn a_family_that_never_came_is_named() {
    // This one is never ready twice: it does not lock, so a second start is no disturbance that the plan can miss.
    let families = [Family::Kill, Family::Idle, Family::Stalls];
    let mut case = case(Fault::Nothing, &families, 120, 0);
    let met = hunt(&case, &|| true).expect("the build simulates");
    assert!(met.unmet(&case).is_empty(), "{:?}", met.unmet(&case));
    // Of a case that has a family of which nothing came, it is told; where there were too few worlds to tell, it is not.
    case.shape.families.insert(Family::Clock);
    assert_eq!(met.unmet(&case), [Family::Clock]);
    case.shape.families.insert(Family::Deaf);
    assert_eq!(met.unmet(&case), [Family::Deaf, Family::Clock]);
    case.seeds = 99;
    case.shape.families = [Family::Deaf].into();
    let few = plimsoll_sim::trial::hunt::Hunt {
        worlds: 99,
        ..Default::default()
    };
    assert!(few.unmet(&case).is_empty());
    let enough = plimsoll_sim::trial::hunt::Hunt {
        worlds: 100,
        ..Default::default()
    };
    assert_eq!(enough.unmet(&case), [Family::Deaf]);
}
