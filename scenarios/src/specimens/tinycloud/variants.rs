//! The specimens that scenarios can name.

use std::sync::Arc;

use plimsoll_sim::sut::Sut;

use super::bug::Bug;
use super::options::Options;
use super::sut::TinyCloud;
use crate::specimens::specimen;

/// The modes by name. The real threshold is 10 MiB; a small one saves a crash in every page of that.
const MODES: &[(&str, Options)] = &[
    (
        "16k",
        Options::InMemory {
            threshold: 16 << 10,
        },
    ),
    ("cached", Options::Cached),
];

/// The bugs of a specimen, and its mode.
const BROKEN: &[(&[Bug], &str)] = &[
    (&[Bug::H3, Bug::R10], "16k"),
    (&[Bug::H5], "cached"),
    (&[Bug::R7], "16k"),
    (&[Bug::R8], "16k"),
    (&[Bug::R10], "16k"),
    (&[Bug::R14], "16k"),
];

/// The options of the mode with this name.
pub fn mode(name: &str) -> Option<Options> {
    specimen::mode(MODES, name)
}

/// Every specimen: `tinycloud-fixed-MODE`, and `tinycloud-BUGS-MODE` with the bugs that it has.
pub fn variants() -> Vec<Arc<dyn Sut>> {
    let mut suts = Vec::new();
    for (mode, options) in MODES {
        suts.push(TinyCloud::with_bugs("tinycloud", mode, *options, &[]));
        for (bugs, _) in BROKEN.iter().filter(|(_, broken)| broken == mode) {
            suts.push(TinyCloud::with_bugs("tinycloud", mode, *options, bugs));
        }
    }
    suts
}
