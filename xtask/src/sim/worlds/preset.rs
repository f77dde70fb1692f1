//! Presets of worlds: how many seeds a case tries unless it is told otherwise.

use clap::ValueEnum;
use clap::builder::PossibleValue;

/// How much is done in worlds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WorldPreset {
    /// For every change.
    #[default]
    Pr,
    /// For every night.
    Nightly,
    /// Before a release.
    Soak,
}

impl WorldPreset {
    /// How it is chosen.
    const fn name(self) -> &'static str {
        match self {
            Self::Pr => "pr",
            Self::Nightly => "nightly",
            Self::Soak => "soak",
        }
    }

    /// Times the seeds of each scenario.
    const fn factor(self) -> u64 {
        match self {
            Self::Pr => 1,
            Self::Nightly | Self::Soak => 50,
        }
    }

    /// Seeds, at least, of a case that is to pass.
    const fn passing_min(self) -> u64 {
        match self {
            Self::Pr | Self::Nightly => 0,
            Self::Soak => 100_000,
        }
    }

    /// The seeds of a case whose scenario says so many.
    pub(crate) fn seeds(self, of_scenario: u64, is_to_pass: bool) -> u64 {
        let seeds = of_scenario.saturating_mul(self.factor());
        if is_to_pass {
            seeds.max(self.passing_min())
        } else {
            seeds
        }
    }
}

impl ValueEnum for WorldPreset {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Pr, Self::Nightly, Self::Soak]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Pr => {
                "for every change, some seconds on two processors: the seeds of the scenarios"
            }
            Self::Nightly => {
                "for every night, about two minutes on two processors: 50 times the seeds of the scenarios"
            }
            Self::Soak => {
                "before a release, about half an hour on two processors: 100,000 seeds of every case that is to pass"
            }
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soak_tries_everything_that_is_to_pass_100_000_times() {
        assert_eq!(WorldPreset::Pr.seeds(200, true), 200);
        assert_eq!(WorldPreset::Nightly.seeds(200, true), 10_000);
        assert_eq!(WorldPreset::Nightly.seeds(200, false), 10_000);
        assert_eq!(WorldPreset::Soak.seeds(200, true), 100_000);
        assert_eq!(WorldPreset::Soak.seeds(200, false), 10_000);
        assert_eq!(WorldPreset::Soak.seeds(4_000, true), 200_000);
    }
}
