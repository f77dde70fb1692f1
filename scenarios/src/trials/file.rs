//! The keys of a file.

use serde::Deserialize;
use toml::Spanned;

use crate::keys::{Expect, Text};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) version: Spanned<i64>,
    pub(super) title: Text,
    pub(super) why: Text,
    pub(super) system: Text,
    pub(super) disks: Spanned<Vec<Text>>,
    pub(super) disturbances: Vec<Text>,
    pub(super) seeds: Spanned<u64>,
    #[serde(default)]
    pub(super) sweep: Option<Spanned<u64>>,
    #[serde(default)]
    pub(super) requests: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) lives: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) faults: Vec<Text>,
    pub(super) expect: Expect,
}

/// Keys of the file, for the help under a key that is in the wrong table.
pub(super) const TOP_LEVEL: &[&str] = &[
    "version",
    "title",
    "why",
    "system",
    "disks",
    "disturbances",
    "seeds",
    "sweep",
    "requests",
    "lives",
    "faults",
    "expect",
];
