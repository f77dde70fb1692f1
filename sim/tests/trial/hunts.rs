//! What a hunt says of its worlds.

use plimsoll_sim::trial::family::Family;
use plimsoll_sim::trial::hunt::hunt;

use crate::jot::{Fault, case};

#[test]
fn a_system_that_is_no_function_of_its_seed_is_told_with_the_first_event_that_differs() {
    let case = case(Fault::Counts, &[], 5, 0);
    let hunt = hunt(&case, &|| true).expect("the build simulates");
    let [differing] = &hunt.differing[..] else {
        panic!("the first seed is run twice: {:?}", hunt.differing);
    };
    assert_eq!((differing.seed, hunt.worlds), (case.first_seed, 1));
    let difference = differing.difference.as_ref().expect("the events show it");
    let (first, second) = (difference.first.as_ref(), difference.second.as_ref());
    let (first, second) = first.zip(second).expect("neither has ended");
    // Both have slept, and one of them longer.
    assert_ne!(first.time, second.time);
    assert_eq!(first.step, second.step);
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
