//! The specimens that scenarios can name.

use std::sync::Arc;

use plimsoll_sim::sut::Sut;

use super::bug::Bug;
use super::options::Options;
use super::sut::ActivityWatch;
use crate::specimens::mends::Mends;

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
    MODES
        .iter()
        .find(|(mode, _)| *mode == name)
        .map(|(_, options)| *options)
}

/// Every specimen: `activitywatch-fixed-MODE`, and `activitywatch-BUGS-MODE` with the bugs that it has.
pub fn variants() -> Vec<Arc<dyn Sut>> {
    let mut suts: Vec<Arc<dyn Sut>> = Vec::new();
    for (mode, options) in MODES {
        let name = format!("activitywatch-fixed-{mode}");
        suts.push(Arc::new(ActivityWatch::new(name, *options, Mends::all())));
        for bugs in BROKEN {
            let listed: Vec<String> = bugs.iter().map(Bug::to_string).collect();
            let name = format!("activitywatch-{}-{mode}", listed.join("+"));
            let mends = Mends::all_but(bugs);
            suts.push(Arc::new(ActivityWatch::new(name, *options, mends)));
        }
    }
    suts
}
