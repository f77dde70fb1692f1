//! The fuzz target's cases on a few hundred strings of bytes, so that it never rots, and a search as short as it is.

use plimsoll_faults::rng::Rng;
use plimsoll_scenarios::Registry;
use plimsoll_sim::fuzz;

/// Strings of bytes for each mode of the reference.
const STRINGS: u64 = 40;

#[test]
fn the_reference_survives_cases_made_from_bytes() {
    let (mut states, mut fired) = (0, 0);
    for sut in Registry::shipped().suts() {
        if !sut.name().starts_with("reference-") {
            continue;
        }
        for seed in 0..STRINGS {
            let mut rng = Rng::stream(seed, sut.name());
            let bytes: Vec<u8> = (0..rng.below(400)).map(|_| rng.next_u64() as u8).collect();
            match fuzz::check(sut.clone(), &bytes) {
                Ok(Some(report)) => {
                    states += report.counters.states_generated;
                    fired += report.counters.faults_fired;
                }
                Ok(None) => {}
                Err(report) => panic!("{} #{seed}: {report:#?}", sut.name()),
            }
        }
    }
    assert!(
        states > 10_000 && fired > 500,
        "{states} states, {fired} faults"
    );
}
