//! The crash points of a run, as a sweep visits them.

use plimsoll_faults::crash::{Bounds, CrashState, Frontier};
use plimsoll_faults::image::Image;
use plimsoll_faults::log::Entry;
use plimsoll_faults::rng::Rng;
use plimsoll_sim::case::Case;

/// Shows the legal states of each crash point of a log, within the bounds of the case.
pub(super) fn visit(
    case: &Case,
    log: &[Entry],
    mut look: impl FnMut(&mut Frontier, &[CrashState]),
) {
    let bounds = Bounds {
        exhaustive: case.limits.exhaustive_states,
        samples: case.limits.samples,
    };
    let mut rng = Rng::stream(case.seed, "states");
    let mut frontier = Frontier::new(Image::new(), case.disk.profile.clone());
    let mut states = Vec::new();
    for entry in log {
        if frontier.advance(entry) {
            frontier.states(bounds, &mut rng, &mut states);
            look(&mut frontier, &states);
        }
    }
}
