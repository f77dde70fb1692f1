//! The specimens that scenarios can name.

use std::sync::Arc;

use plimsoll_sim::sut::Sut;

use super::bug::Bug;
use super::options::Options;
use super::sut::Torc;
use crate::specimens::specimen;

/// The modes by name. Only those on disk are meant to be there.
const MODES: &[(&str, Options)] = &[
    ("memory", Options::memory("sqlite::memory:", 2)),
    ("three", Options::memory("sqlite::memory:", 3)),
    ("bare", Options::memory(":memory:", 1)),
    (
        "shared",
        Options::memory("sqlite:file::memory:?cache=shared", 1),
    ),
    (
        "named",
        Options::memory("sqlite:file:jobs?mode=memory&cache=shared", 1),
    ),
    (
        "directory",
        Options {
            snapshot: "out/torc.db",
            ..Options::memory("sqlite::memory:", 1)
        },
    ),
    ("disk", Options::disk("sqlite:jobs.db")),
    ("disk-colon", Options::disk("sqlite:run:memory:1.db")),
    ("disk-uri", Options::disk("sqlite:run-file::memory:.db")),
];

/// The bugs of a specimen, and its mode.
const BROKEN: &[(&[Bug], &str)] = &[
    (&[Bug::H1], "memory"),
    (&[Bug::H4], "memory"),
    (&[Bug::H5, Bug::R9, Bug::R10], "memory"),
    (&[Bug::H6], "disk-colon"),
    (&[Bug::H7], "bare"),
    (&[Bug::H9], "shared"),
    (&[Bug::H12, Bug::R8], "directory"),
    (&[Bug::R8], "memory"),
    (&[Bug::R9], "memory"),
    (&[Bug::R10], "three"),
    (&[Bug::R14], "memory"),
    (&[Bug::R15], "disk-uri"),
    (&[Bug::R15], "named"),
    (&[Bug::Doubt], "disk"),
];

/// The options of the mode with this name.
pub fn mode(name: &str) -> Option<Options> {
    specimen::mode(MODES, name)
}

/// Every specimen: `torc-fixed-MODE`, and `torc-BUGS-MODE` with the bugs that it has.
pub fn variants() -> Vec<Arc<dyn Sut>> {
    let mut suts = Vec::new();
    for (mode, options) in MODES {
        suts.push(Torc::with_bugs("torc", mode, *options, &[]));
    }
    for (bugs, name) in BROKEN {
        let Some(options) = mode(name) else { continue };
        suts.push(Torc::with_bugs("torc", name, options, bugs));
    }
    suts
}
