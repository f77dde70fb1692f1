//! Every state that a real file system left behind after a power cut is in the allowed set of the profile that models it.
//!
//! The recordings are described in `realfs/README.md`, the method in `plimsoll_faults::recorded`. States that the model forbids although
//! they were seen are listed in `realfs/disagreements.txt`; a new one fails the test, and so does one that has gone.
//!
//! **Not covered**: the reverse. A state that the model allows and nobody saw proves nothing.

#[path = "realfs/looseness.rs"]
mod looseness;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use plimsoll_faults::litmus::Tree;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::recorded::{Allowed, Archive, Comparison, MODELS, enumerate};

/// A file of the recordings.
fn read(path: &str) -> io::Result<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/realfs");
    std::fs::read_to_string(format!("{root}/{path}"))
}

#[test]
fn observed_states_are_allowed() {
    let archive = Archive::new(&read);
    let mut found = BTreeSet::new();
    for model in MODELS {
        let profile = Profile::named(model).expect("the profile ships");
        for observed in archive.of_model(model).expect("the recordings are there") {
            let compared = Comparison::of(&observed, &profile).expect("the method does");
            for (after, state) in &compared.forbidden {
                found.insert(observed.line(*after, state));
            }
        }
    }
    let known = archive.known().expect("the list is there");
    let new: Vec<&String> = found.difference(&known).collect();
    let gone: Vec<&String> = known.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "seen, forbidden and not listed: {new:#?}\nlisted and now allowed: {gone:#?}"
    );
}

/// The method of `recorded::Allowed` held to plain enumeration, wherever that is possible: on all states of all positions of a program.
#[test]
fn membership_agrees_with_enumeration() {
    for model in MODELS {
        let compared = compare_methods(model);
        // Only positions with few enough states to be enumerated count: 10,670 comparisons on xfs, 19,480 on ext4-writeback. Far
        // fewer would mean that the method is hardly checked.
        assert!(compared > 10_000, "{model}: only {compared} comparisons");
    }
}

/// Returns how many states were asked of both methods.
fn compare_methods(model: &str) -> usize {
    let profile = Profile::named(model).expect("the profile ships");
    let mut compared = 0;
    let archive = Archive::new(&read);
    for observed in archive.of_model(model).expect("the recordings are there") {
        let timeline = &observed.timeline;
        let steps = 0..=observed.program.steps.len();
        let positions: BTreeSet<usize> = steps.flat_map(|step| timeline.positions(step)).collect();
        let enumerated: Vec<_> = positions
            .into_iter()
            .filter_map(|position| {
                let states = enumerate(timeline, position, &profile)?;
                let allowed = Allowed::at(timeline, position, &profile);
                Some((allowed.expect("the method does"), states))
            })
            .collect();
        let seen = observed.intervals.iter().flatten().map(Tree::render);
        let candidates: BTreeMap<String, Tree> = enumerated
            .iter()
            .flat_map(|(_, states)| states.iter().cloned())
            .chain(seen)
            .map(|text| {
                let tree = Tree::parse(&text).expect("a state");
                (text, tree)
            })
            .collect();
        for (allowed, states) in &enumerated {
            let mut counted = BTreeSet::new();
            assert!(allowed.count(&mut counted));
            assert_eq!(counted.len(), states.len(), "{}", observed.program.name);
            for (candidate, tree) in &candidates {
                let is_member = allowed.contains(tree);
                let name = &observed.program.name;
                assert_eq!(is_member, states.contains(candidate), "{name}: {candidate}");
                compared += 1;
            }
        }
    }
    compared
}
