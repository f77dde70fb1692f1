//! What a whole run must have met: a green run that tested nothing is red.
//!
//! It is asked of the exploration of each disk, as scenarios choose what they look at.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_faults::crash::CrashKind;
use plimsoll_sim::case::ErrorSweep;
use plimsoll_sim::report::Counters;

use crate::sim::preset::Preset;
use crate::sim::selection::Selected;
use crate::text::grouped;

/// What a run is held to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standard {
    /// States that the run as a whole looks at.
    states_min: u64,
}

impl Standard {
    /// That of a preset, for a run that does everything the preset says.
    pub(crate) const fn of(preset: &Preset) -> Self {
        Self {
            states_min: preset.states_min,
        }
    }

    /// That of a run which was told to do another amount of work.
    pub(crate) const fn without_amount() -> Self {
        Self { states_min: 0 }
    }

    /// What was not met, one sentence each.
    pub(crate) fn missing(self, met: &Met) -> Vec<String> {
        let mut missing: Vec<String> = met.by_disk.iter().flat_map(missing_on).collect();
        if met.states < self.states_min {
            missing.push(format!(
                "only {} states, where this preset looks at {} at least",
                grouped(met.states),
                grouped(self.states_min)
            ));
        }
        missing
    }
}

/// What a run has met.
#[derive(Debug, Default)]
pub(crate) struct Met {
    by_disk: BTreeMap<String, OnDisk>,
    states: u64,
}

/// What was looked for on a disk, and what was met there.
#[derive(Debug, Default)]
struct OnDisk {
    kinds: BTreeSet<CrashKind>,
    errors: bool,
    counters: Counters,
}

impl Met {
    /// Adds a case.
    pub(crate) fn add(&mut self, selected: &Selected, counters: &Counters) {
        self.states += counters.states_generated;
        if !selected.is_exploration() {
            return;
        }
        let case = &selected.case;
        let disk = self.by_disk.entry(case.disk.name()).or_default();
        disk.kinds.extend(&case.disk.kinds);
        disk.kinds.extend(&case.unkept);
        disk.errors |= matches!(case.errors, ErrorSweep::Every | ErrorSweep::All);
        disk.counters += *counters;
    }
}

fn missing_on((name, disk): (&String, &OnDisk)) -> Vec<String> {
    let counters = &disk.counters;
    let mut wanted: Vec<(String, u64)> = disk
        .kinds
        .iter()
        .map(|&kind| (format!("crash by {kind}"), counters.states_by_kind[kind]))
        .collect();
    let mut want = |what: &str, count| wanted.push((what.to_owned(), count));
    want("crash point looked at in full", counters.states_in_full);
    want("recovery that wrote", counters.recoveries_writing);
    if disk.errors {
        want("error before its effect", counters.faults.before);
        want("error amid its effect", counters.faults.partial);
        want("error after its effect", counters.faults.after);
        want("error that came late", counters.faults.late);
    }
    wanted
        .into_iter()
        .filter(|(_, count)| *count == 0)
        .map(|(what, _)| format!("no {what} on {name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    fn met(change: impl FnOnce(&mut Counters)) -> Met {
        let mut selected = fixtures::selected("explore/reference-paper@posix-minimal#0x1+errors");
        selected.case.errors = ErrorSweep::Every;
        let mut counters = fixtures::counters();
        (counters.faults.partial, counters.faults.late) = (1, 1);
        change(&mut counters);
        let mut met = Met::default();
        met.add(&selected, &counters);
        met
    }

    #[test]
    fn a_run_that_met_everything_is_not_vacuous() {
        let standard = Standard { states_min: 1_000 };
        assert_eq!(standard.missing(&met(|_| {})), [""; 0]);
    }

    #[test]
    fn whatever_is_missing_is_named() {
        let standard = Standard::without_amount();
        let missing = |change: fn(&mut Counters)| standard.missing(&met(change));
        assert_eq!(
            missing(|counters| counters.states_by_kind[CrashKind::KillThenPowerLoss] = 0),
            ["no crash by kill-then-power-loss on posix-minimal"]
        );
        assert_eq!(
            missing(|counters| counters.faults.after = 0),
            ["no error after its effect on posix-minimal"]
        );
        assert_eq!(
            missing(|counters| counters.faults.late = 0),
            ["no error that came late on posix-minimal"]
        );
        assert_eq!(
            missing(|counters| counters.recoveries_writing = 0),
            ["no recovery that wrote on posix-minimal"]
        );
        // Everything that is asked for is zero in an empty count.
        assert_eq!(missing(|counters| *counters = Counters::default()).len(), 9);
    }

    #[test]
    fn a_run_that_did_too_little_is_vacuous() {
        let standard = Standard {
            states_min: 300_000,
        };
        assert_eq!(
            standard.missing(&met(|_| {})),
            ["only 214,311 states, where this preset looks at 300,000 at least"]
        );
    }

    #[test]
    fn scenarios_are_not_asked_for_what_they_leave_out() {
        let mut met = Met::default();
        met.add(
            &fixtures::selected("torn-tail@posix-minimal"),
            &Counters::default(),
        );
        assert_eq!(Standard::without_amount().missing(&met), [""; 0]);
    }
}
