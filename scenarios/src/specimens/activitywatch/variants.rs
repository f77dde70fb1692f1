//! The specimens that scenarios can name.

use std::sync::Arc;

use plimsoll_sim::sut::Sut;

use super::bug::Bug;
use super::options::Options;
use super::sut::ActivityWatch;
use crate::specimens::specimen;

/// The modes by name.
const MODES: &[(&str, Options)] = &[
    ("wal", Options { has_wal: true }),
    ("rollback", Options { has_wal: false }),
];

/// The bugs of a specimen.
const BROKEN: &[&[Bug]] = &[
    &[Bug::H1],
    &[Bug::H2],
    &[Bug::R1],
    &[Bug::R6],
    &[Bug::R7],
    &[Bug::R9],
    &[Bug::Close],
];

/// The options of the mode with this name.
pub fn mode(name: &str) -> Option<Options> {
    specimen::mode(MODES, name)
}

/// Every specimen: `activitywatch-fixed-MODE`, and `activitywatch-BUGS-MODE` with the bugs that it has.
pub fn variants() -> Vec<Arc<dyn Sut>> {
    let mut suts = Vec::new();
    for (mode, options) in MODES {
        let with = |bugs| ActivityWatch::with_bugs("activitywatch", mode, *options, bugs);
        suts.push(with(&[]));
        suts.extend(BROKEN.iter().map(|bugs| with(bugs)));
    }
    suts
}
