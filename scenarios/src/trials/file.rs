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

#[cfg(test)]
mod tests {
    use plimsoll_sim::trial::family::Family;

    use super::super::TrialScenario;
    use super::TOP_LEVEL;
    use crate::registry::Registry;

    const GUIDE: &str = include_str!("../../../docs/worlds.md");

    #[test]
    fn the_guide_has_every_key_and_every_disturbance() {
        let rows: Vec<&str> = GUIDE
            .lines()
            .filter(|line| line.starts_with("| `"))
            .collect();
        let families = Family::ALL.iter().map(|family| family.name());
        for name in TOP_LEVEL.iter().copied().chain(families) {
            let word = format!("`{name}`");
            let is_named = |row: &&str| {
                row.split('|')
                    .nth(1)
                    .is_some_and(|cell| cell.contains(&word))
            };
            assert!(rows.iter().any(is_named), "{word} is in no table");
        }
    }

    #[test]
    fn the_scenario_of_the_guide_is_one() {
        let block = GUIDE.split("```toml\n").nth(1);
        let text = block.and_then(|rest| rest.split("```").next());
        let scenario = TrialScenario::parse(
            "guide.toml",
            text.expect("it has one"),
            &Registry::shipped(),
        );
        assert_eq!(scenario.expect("it can be read").cases(1).len(), 2);
    }
}
