//! Exploration: the reference store in every mode, on every disk, under workloads that nobody wrote.
//!
//! A case of exploration is a function of its id, so that an id is all that is needed to see it again.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;
use plimsoll_sim::case::{Case, Disk, ErrorSweep};
use plimsoll_sim::sut::Sut;
use plimsoll_sim::workload::{Shape, generate};

use crate::sim::options::Chance;
use crate::sim::preset::{Effort, PresetName};
use crate::sim::seed::Seed;

/// What every id of exploration starts with.
pub(crate) const PREFIX: &str = "explore/";
const NIGHTLY_SUFFIX: &str = "+nightly";
const ERRORS_SUFFIX: &str = "+errors";

/// Weight of snapshots that are put in place beside other steps, in the workloads that have them.
const PLACED_SNAPSHOTS: u32 = 12;

/// The id of a case of exploration, such as `explore/reference-power@posix-minimal#0x1a2b+errors`, or with `+nightly` before the
/// `+errors`: presets explore the same seed in different ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExploreId {
    /// The mode of the reference, as the registry of stores calls it.
    pub(crate) sut: String,
    /// The profile.
    pub(crate) disk: String,
    /// Where the workload and every sampled choice come from.
    pub(crate) seed: Seed,
    /// How it is explored.
    pub(crate) preset: PresetName,
    /// Whether errors are swept over the workload.
    pub(crate) errors: bool,
}

impl ExploreId {
    /// How much is done.
    fn effort(&self) -> &'static Effort {
        let preset = self.preset.preset();
        if self.errors {
            &preset.errors
        } else {
            &preset.plain
        }
    }
}

impl fmt::Display for ExploreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}@{}#{}", self.sut, self.disk, self.seed)?;
        f.write_str(match self.preset {
            PresetName::Pr => "",
            PresetName::Nightly => NIGHTLY_SUFFIX,
        })?;
        f.write_str(if self.errors { ERRORS_SUFFIX } else { "" })
    }
}

impl FromStr for ExploreId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!("`{text}` is not `{PREFIX}STORE@DISK#SEED[{NIGHTLY_SUFFIX}][{ERRORS_SUFFIX}]`")
        };
        let rest = text.strip_prefix(PREFIX).ok_or_else(wrong)?;
        let (rest, errors) = match rest.strip_suffix(ERRORS_SUFFIX) {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (rest, preset) = match rest.strip_suffix(NIGHTLY_SUFFIX) {
            Some(rest) => (rest, PresetName::Nightly),
            None => (rest, PresetName::Pr),
        };
        let (name, seed) = rest.rsplit_once('#').ok_or_else(wrong)?;
        let (sut, disk) = name.split_once('@').ok_or_else(wrong)?;
        if sut.is_empty() || disk.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            sut: sut.to_owned(),
            disk: disk.to_owned(),
            seed: seed.parse().map_err(|_| wrong())?,
            preset,
            errors,
        })
    }
}

/// The ids that a run explores for one store and disk.
pub(crate) fn ids(chance: &Chance, sut: &str, disk: &str) -> Vec<ExploreId> {
    // A stream per store and disk: the same few workloads everywhere would look at less.
    let mut rng = Rng::stream(chance.seed.0, &format!("{sut}@{disk}"));
    let mut ids = Vec::new();
    for index in 0..chance.seeds() {
        // Thirty-two bits are enough to be different, and short enough to be read out.
        let seed = Seed(rng.next_u64() >> 32);
        let id = |errors| ExploreId {
            sut: sut.to_owned(),
            disk: disk.to_owned(),
            seed,
            preset: chance.preset,
            errors,
        };
        ids.push(id(false));
        if index.is_multiple_of(chance.preset().seeds_per_error_sweep) {
            ids.push(id(true));
        }
    }
    ids
}

/// The case of an id. `sut` and `profile` are those that the id names.
pub(crate) fn case(id: &ExploreId, sut: Arc<dyn Sut>, profile: Arc<Profile>) -> Case {
    let mut shape = shape(id);
    if sut.has_maintenance() {
        maintain(id, &mut shape);
    }
    if sut.has_placing() && Rng::stream(id.seed.0, "placing").ratio(1, 4) {
        shape.placed_snapshots = PLACED_SNAPSHOTS;
    }
    let workload = generate(id.seed.0, &shape);
    Case {
        errors: if id.errors {
            ErrorSweep::Every
        } else {
            ErrorSweep::None
        },
        damage: !id.errors,
        unkept: unkept(&profile),
        limits: id.effort().limits(),
        seed: id.seed.0,
        ..Case::new(id.to_string(), sut, workload, Disk::honest(profile))
    }
}

/// The crashes of a disk after which it does not hold what it said was durable.
fn unkept(profile: &Profile) -> Vec<CrashKind> {
    let kept = profile.honest_crashes();
    let all = profile.crashes().iter().copied();
    // A kill that comes before such a crash adds nothing to it.
    all.filter(|kind| !kept.contains(kind) && *kind != CrashKind::KillThenPowerLoss)
        .collect()
}

/// Every workload is shaped by chance as well: one that has no snapshots, or nothing but snapshots, reaches states that the
/// average of all never does.
fn shape(id: &ExploreId) -> Shape {
    let mut rng = Rng::stream(id.seed.0, "shape");
    let effort = id.effort();
    let lengths = effort.commands_max - effort.commands_min + 1;
    let commands = u64::from(effort.commands_min) + rng.below(u64::from(lengths));
    let mut shape = Shape {
        commands: commands as u32,
        keys: 2 + rng.below(5) as u32,
        value_len: *rng.pick(&[0, 8, 24, 100, 600]),
        ..Shape::default()
    };
    let weights = [
        &mut shape.deletes,
        &mut shape.batches,
        &mut shape.snapshots,
        &mut shape.overlapping_snapshots,
        &mut shape.syncs,
        &mut shape.ticks,
        &mut shape.advances,
        &mut shape.reopens,
        &mut shape.kills,
    ];
    for weight in weights {
        match rng.below(8) {
            0 => *weight = 0,
            1 => *weight *= 6,
            _ => {}
        }
    }
    shape
}

/// One workload in four folds, compacts, copies and restores the store as well.
fn maintain(id: &ExploreId, shape: &mut Shape) {
    let mut rng = Rng::stream(id.seed.0, "maintenance");
    if rng.ratio(3, 4) {
        return;
    }
    let weights = [
        (&mut shape.checkpoints, 3),
        (&mut shape.compactions, 4),
        (&mut shape.copies, 5),
        (&mut shape.restores, 4),
    ];
    for (weight, usual) in weights {
        *weight = match rng.below(8) {
            0 => 0,
            1 => usual * 6,
            _ => usual,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_what_they_parse() {
        for (errors, preset) in [
            (false, PresetName::Pr),
            (true, PresetName::Pr),
            (false, PresetName::Nightly),
            (true, PresetName::Nightly),
        ] {
            for (sut, disk, seed) in [
                ("reference-power", "posix-minimal", 0x1a2b),
                ("reference-window", "a+b#c@d", u64::MAX),
                ("x", "y", 0),
            ] {
                let id = ExploreId {
                    sut: sut.to_owned(),
                    disk: disk.to_owned(),
                    seed: Seed(seed),
                    preset,
                    errors,
                };
                assert_eq!(id.to_string().parse(), Ok(id));
            }
        }
        for text in [
            "explore/reference-power@posix-minimal#0x1a2b+errors",
            "explore/reference-power@posix-minimal#0x1a2b+nightly+errors",
        ] {
            let id: ExploreId = text.parse().expect("this is a documented form");
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "reference-power@posix-minimal#0x1",
            "explore/reference-power#0x1",
            "explore/@posix-minimal#0x1",
            "explore/reference-power@#0x1",
            "explore/reference-power@posix-minimal",
            "explore/reference-power@posix-minimal#zz",
            "explore/reference-power@posix-minimal#0x1+more",
            "explore/reference-power@posix-minimal#0x1+errors+nightly",
        ] {
            let error = text.parse::<ExploreId>().expect_err(text);
            assert!(error.contains("STORE@DISK#SEED"), "{error}");
        }
    }

    #[test]
    fn equal_bases_give_equal_ids_and_stores_and_disks_differ() {
        let chance = |seed, seeds| Chance {
            preset: PresetName::Pr,
            seed: Seed(seed),
            seeds: Some(seeds),
        };
        let seeds = |base, sut, disk| -> Vec<u64> {
            ids(&chance(base, 8), sut, disk)
                .iter()
                .map(|id| id.seed.0)
                .collect()
        };
        assert_eq!(seeds(1, "a", "b"), seeds(1, "a", "b"));
        assert_ne!(seeds(1, "a", "b"), seeds(2, "a", "b"));
        assert_ne!(seeds(1, "a", "b"), seeds(1, "a", "c"));
        assert_ne!(seeds(1, "a", "b"), seeds(1, "c", "b"));
        // More seeds add to the ones before, so that a longer run includes the shorter one.
        let few = ids(&chance(1, 3), "a", "b");
        assert_eq!(ids(&chance(1, 30), "a", "b")[..few.len()], few);
    }
}
