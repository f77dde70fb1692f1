//! The keys of a scenario file.

use plimsoll_faults::plan::SpaceTable;
use serde::Deserialize;
use toml::Spanned;

use super::faults::FaultEntry;
use crate::keys::{Expect, Text};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) version: Spanned<i64>,
    pub(super) title: Text,
    pub(super) why: Text,
    pub(super) sut: Text,
    pub(super) disks: Spanned<Vec<Text>>,
    #[serde(default)]
    pub(super) left_out: Option<Text>,
    #[serde(default)]
    pub(super) targets: Option<Spanned<Vec<Text>>>,
    #[serde(default)]
    pub(super) nightly: bool,
    #[serde(default)]
    pub(super) crashes: Option<Spanned<Vec<Text>>>,
    #[serde(default)]
    pub(super) faults: Vec<Spanned<FaultEntry>>,
    #[serde(default)]
    pub(super) space: Option<Spanned<SpaceTable>>,
    #[serde(default)]
    pub(super) errors: Option<Text>,
    #[serde(default)]
    pub(super) fsync_failures: Option<Spanned<Vec<Text>>>,
    #[serde(default)]
    pub(super) damage: bool,
    pub(super) workload: Spanned<Workload>,
    #[serde(default)]
    pub(super) limits: Limits,
    pub(super) expect: Expect,
}

/// Keys of the file, for the help under a key that is in the wrong table.
pub(super) const TOP_LEVEL: &[&str] = &[
    "version",
    "title",
    "why",
    "sut",
    "disks",
    "left_out",
    "targets",
    "nightly",
    "crashes",
    "faults",
    "space",
    "errors",
    "fsync_failures",
    "damage",
    "workload",
    "limits",
    "expect",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Workload {
    pub(super) steps: Option<Spanned<Vec<Text>>>,
    pub(super) random: Option<Spanned<Random>>,
    pub(super) exhaustive: Option<Spanned<Exhaustive>>,
}

/// Fields of [`plimsoll_sim::workload::Scope`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exhaustive {
    pub(super) commands: Spanned<u32>,
    pub(super) keys: Spanned<u32>,
    #[serde(default)]
    pub(super) maintenance: bool,
}

/// Fields of [`plimsoll_sim::workload::Shape`], and the seeds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Random {
    pub(super) seeds: Option<Spanned<u64>>,
    pub(super) first_seed: Option<u64>,
    pub(super) commands: Option<Spanned<u32>>,
    pub(super) keys: Option<Spanned<u32>>,
    pub(super) value_len: Option<Spanned<u32>>,
    pub(super) puts: Option<u32>,
    pub(super) deletes: Option<u32>,
    pub(super) batches: Option<u32>,
    pub(super) groups: Option<u32>,
    pub(super) snapshots: Option<u32>,
    pub(super) overlapping_snapshots: Option<u32>,
    pub(super) placed_snapshots: Option<u32>,
    pub(super) syncs: Option<u32>,
    pub(super) checkpoints: Option<u32>,
    pub(super) compactions: Option<u32>,
    pub(super) copies: Option<u32>,
    pub(super) restores: Option<u32>,
    pub(super) ticks: Option<u32>,
    pub(super) advances: Option<u32>,
    pub(super) reopens: Option<u32>,
    pub(super) kills: Option<u32>,
}

/// Fields of [`plimsoll_sim::case::Limits`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) exhaustive_states: Option<u32>,
    pub(super) samples: Option<u32>,
    pub(super) depth: Option<u8>,
    pub(super) nested_states: Option<u32>,
    pub(super) states_max: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::TOP_LEVEL;

    #[test]
    fn the_guide_has_every_key() {
        let guide = include_str!("../../../docs/your-store.md");
        let cells = guide
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split('|').next());
        let cells: Vec<&str> = cells.collect();
        for key in TOP_LEVEL {
            let word = format!("`{key}`");
            assert!(
                cells.iter().any(|cell| cell.contains(&word)),
                "{word} is in no table"
            );
        }
    }
}
