//! Presets: how much a run does unless it is told otherwise.
//!
//! A preset is data, and every value of it is shown by `--help` and in the first lines of a run.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use plimsoll_sim::case::Limits;

use crate::sim::worlds::preset::WorldPreset;
use crate::text::grouped;

/// Which preset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PresetName {
    /// For every change: about a minute on two processors.
    #[default]
    Pr,
    /// For every night: less than twenty minutes on two processors.
    Nightly,
}

/// What a preset sets.
#[derive(Debug)]
pub(crate) struct Preset {
    /// How it is chosen.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) title: &'static str,
    /// Seeds per mode of the reference and disk; `--seeds` overrides it.
    pub(crate) seeds: u32,
    /// One seed in this many, from the first, is explored a second time with errors swept over it.
    pub(crate) seeds_per_error_sweep: u32,
    /// One of this many ids, from the first, is explored on network file systems, which crash in more ways than a local disk.
    pub(crate) network_share: usize,
    /// How a seed is explored.
    pub(crate) plain: Effort,
    /// How it is explored with errors swept over it: that multiplies the work by the number of operations.
    pub(crate) errors: Effort,
    /// Whether scenarios that are left to the nightly runs are run.
    pub(crate) has_nightly_scenarios: bool,
    /// How much is done in worlds.
    pub(crate) worlds: WorldPreset,
    /// States that a whole run looks at, at least; fewer make it vacuous.
    pub(crate) states_min: u64,
}

/// How long a workload is, and how far it is explored.
#[derive(Debug)]
pub(crate) struct Effort {
    /// Fewest commands.
    pub(crate) commands_min: u32,
    /// Most commands.
    pub(crate) commands_max: u32,
    exhaustive_states: u32,
    samples: u32,
    depth: u8,
    nested_states: u32,
}

/// Many shallow cases find more than a few deep ones; scenarios are the place for depth.
const PR: Preset = Preset {
    name: "pr",
    title: "for every change, about a minute on two processors",
    seeds: 9,
    seeds_per_error_sweep: 3,
    network_share: 3,
    plain: Effort {
        commands_min: 8,
        commands_max: 24,
        exhaustive_states: 64,
        samples: 32,
        depth: 2,
        nested_states: 16,
    },
    errors: Effort {
        commands_min: 3,
        commands_max: 7,
        exhaustive_states: 16,
        samples: 8,
        depth: 1,
        nested_states: 8,
    },
    has_nightly_scenarios: false,
    worlds: WorldPreset::Pr,
    states_min: 1_000_000,
};

const NIGHTLY: Preset = Preset {
    name: "nightly",
    title: "for every night, less than twenty minutes on two processors",
    seeds: 40,
    seeds_per_error_sweep: 3,
    network_share: 1,
    plain: Effort {
        commands_min: 8,
        commands_max: 60,
        exhaustive_states: 256,
        samples: 64,
        depth: 2,
        nested_states: 32,
    },
    errors: Effort {
        commands_min: 3,
        commands_max: 10,
        exhaustive_states: 32,
        samples: 16,
        depth: 1,
        nested_states: 8,
    },
    has_nightly_scenarios: true,
    worlds: WorldPreset::Nightly,
    states_min: 10_000_000,
};

impl PresetName {
    /// What it sets.
    pub(crate) const fn preset(self) -> &'static Preset {
        match self {
            Self::Pr => &PR,
            Self::Nightly => &NIGHTLY,
        }
    }
}

impl ValueEnum for PresetName {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Pr, Self::Nightly]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let preset = self.preset();
        Some(PossibleValue::new(preset.name).help(preset.describe()))
    }
}

impl Preset {
    /// Everything it sets, on one line.
    pub(crate) fn describe(&self) -> String {
        format!(
            "{}: {} seeds per mode and disk, {}; errors swept over every {} of them, {}; {} states at least{}",
            self.title,
            self.seeds,
            self.plain.describe(),
            ordinal(self.seeds_per_error_sweep),
            self.errors.describe(),
            grouped(self.states_min),
            if self.has_nightly_scenarios {
                "; nightly scenarios too"
            } else {
                ""
            }
        )
    }
}

impl Effort {
    /// The limits of a case.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            exhaustive_states: self.exhaustive_states,
            samples: self.samples,
            depth: self.depth,
            nested_states: self.nested_states,
            ..Limits::default()
        }
    }

    fn describe(&self) -> String {
        format!(
            "{} to {} commands (up to {} states of a crash point in full, beyond {} samples; crashes of recoveries {} deep, {} states each)",
            self.commands_min,
            self.commands_max,
            self.exhaustive_states,
            self.samples,
            self.depth,
            self.nested_states
        )
    }
}

fn ordinal(number: u32) -> String {
    match number {
        1 => "one".to_owned(),
        2 => "2nd".to_owned(),
        3 => "3rd".to_owned(),
        other => format!("{other}th"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_says_what_it_sets() {
        let text: String = PresetName::value_variants()
            .iter()
            .map(|name| format!("{}\n", name.preset().describe()))
            .collect();
        insta::assert_snapshot!("presets", text);
    }

    #[test]
    fn the_night_does_no_less_than_the_day() {
        let (day, night) = (&PR, &NIGHTLY);
        assert!(night.network_share <= day.network_share);
        assert!(night.seeds >= day.seeds && night.states_min >= day.states_min);
        for (day, night) in [(&day.plain, &night.plain), (&day.errors, &night.errors)] {
            assert!(night.commands_max >= day.commands_max);
            assert!(night.exhaustive_states >= day.exhaustive_states);
            assert!(night.samples >= day.samples && night.depth >= day.depth);
            assert!(night.nested_states >= day.nested_states);
        }
    }
}
