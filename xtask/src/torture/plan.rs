//! What is done to one process, drawn from a seed.

use std::time::Duration;

use plimsoll_faults::rng::Rng;
use plimsoll_reference::host::Signal;
use plimsoll_reference::mutation::Mutation;
use plimsoll_sim::trial::history::Request;

use super::deed::{Deed, Target};
use super::mode::Mode;

/// What is done to one process, in order. The last deed ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) with_interval: bool,
    /// Whether nothing is done to it before it says that it is ready.
    pub(super) waits_until_ready: bool,
    pub(super) deeds: Vec<Deed>,
}

/// Draws plans. Values differ in all of them, so that each tells which write it is of.
pub(super) struct Planner {
    rng: Rng,
    values: u64,
}

impl Planner {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::stream(seed, "torture"),
            values: 0,
        }
    }

    /// One of these.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        self.rng.pick(items)
    }

    /// A number from 1 to `max`.
    pub(super) fn up_to(&mut self, max: u64) -> u64 {
        1 + self.rng.below(max)
    }

    /// The plan of one life.
    pub(super) fn plan(&mut self, mode: &Mode) -> Plan {
        let count = *self.pick(&[0, 3, 10, 40, 120]);
        // Asking without waiting fills pipes; waiting lets batches and snapshots come between.
        let hurry = *self.pick(&[1, 4, 50]);
        let mut deeds = Vec::new();
        for _ in 0..count {
            deeds.push(Deed::Ask(self.request()));
            if self.rng.ratio(1, 15) {
                deeds.push(self.disturbance(mode));
            }
            if self.rng.ratio(1, hurry) {
                deeds.push(Deed::Wait(Duration::from_micros(self.rng.below(4000))));
            }
        }
        if self.rng.ratio(1, if mode.is_early { 6 } else { 40 }) {
            deeds.push(Deed::Wait(Duration::from_millis(4500)));
        }
        deeds.extend(self.end(mode));
        Plan {
            with_interval: self.rng.ratio(1, 3),
            waits_until_ready: self.rng.ratio(5, 6),
            deeds,
        }
    }

    fn key(&mut self) -> Vec<u8> {
        let bucket = *self.pick(&["a/", "a/", "a/", "b/", ""]);
        format!("{bucket}k{}", self.rng.below(6)).into_bytes()
    }

    fn put(&mut self) -> Mutation {
        self.values += 1;
        let mut value = format!("v{}", self.values).into_bytes();
        if self.rng.ratio(1, 20) {
            value.resize(1 + self.rng.below(40_000) as usize, b'.');
        }
        let key = self.key();
        Mutation::Put { key, value }
    }

    fn change(&mut self) -> Mutation {
        match self.rng.below(4) {
            0 => Mutation::Delete { key: self.key() },
            _ => self.put(),
        }
    }

    fn request(&mut self) -> Request {
        match self.rng.below(100) {
            0..60 => Request::Write(vec![self.change()]),
            60..72 => {
                let count = 2 + self.rng.below(3);
                Request::Write((0..count).map(|_| self.change()).collect())
            }
            72..84 => Request::Get(self.key()),
            84..88 => Request::Scan,
            88..92 => Request::Sync,
            92..97 => Request::Snapshot,
            _ => Request::Maintain,
        }
    }

    /// Something that does not end it.
    fn disturbance(&mut self, mode: &Mode) -> Deed {
        let time = Duration::from_millis(self.up_to(60));
        match self.rng.below(6) {
            0..2 if mode.snapshots_on_signal => Deed::Signal(Signal::Usr1, Target::Process),
            2 if mode.is_parent => Deed::Signal(Signal::Usr1, Target::Group),
            3 if mode.in_memory => Deed::Inspect,
            4 => Deed::Stop(time),
            _ => Deed::Deafen(time),
        }
    }

    /// What ends it, and what comes close behind.
    fn end(&mut self, mode: &Mode) -> Vec<Deed> {
        use Deed::{Ask, CloseInput, CloseOutput, CutInput, Wait};
        let signal = |signal| Deed::Signal(signal, Target::Process);
        let group = |signal| Deed::Signal(signal, Target::Group);
        let pause = Wait(Duration::from_micros(self.rng.below(20_000)));
        let mut ends = vec![
            vec![CloseInput],
            vec![CutInput],
            vec![Ask(Request::Close)],
            vec![signal(Signal::Term)],
            vec![signal(Signal::Int)],
            vec![signal(Signal::Term), pause.clone(), signal(Signal::Term)],
            vec![
                signal(Signal::Usr1),
                signal(Signal::Int),
                signal(Signal::Usr1),
            ],
            vec![CloseInput, pause.clone(), signal(Signal::Term)],
            // Only who writes learns that nobody reads.
            vec![CloseOutput, Ask(Request::Scan), pause.clone(), CloseInput],
            vec![signal(Signal::Kill)],
            vec![signal(Signal::Kill)],
            vec![signal(Signal::Usr1), signal(Signal::Kill)],
            vec![CloseInput, pause.clone(), signal(Signal::Kill)],
            vec![signal(Signal::Term), pause.clone(), signal(Signal::Kill)],
        ];
        let asks_too_much = |deed: &Deed| match deed {
            Deed::Signal(Signal::Usr1, _) => !mode.snapshots_on_signal,
            Deed::Signal(Signal::Term | Signal::Int, _) => !mode.ends_on_signals,
            _ => false,
        };
        ends.retain(|deeds| !deeds.iter().any(asks_too_much));
        if mode.is_parent {
            let server = Deed::Signal(Signal::Kill, Target::Server);
            ends.extend([
                vec![signal(Signal::Hup)],
                vec![group(Signal::Hup)],
                vec![group(Signal::Int)],
                vec![group(Signal::Term)],
                vec![group(Signal::Kill)],
                vec![server.clone()],
                vec![CloseInput, pause.clone(), server],
                vec![group(Signal::Int), pause, group(Signal::Int)],
            ]);
        }
        self.pick(&ends).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::torture::mode::ALL;

    #[test]
    fn a_seed_gives_the_same_plans() {
        let plans = |seed| {
            let mut planner = Planner::new(seed);
            ALL.map(|mode| planner.plan(&mode))
        };
        assert_eq!(plans(7), plans(7));
        assert_ne!(plans(7), plans(8));
    }

    #[test]
    fn who_does_not_handle_a_signal_is_sent_none() {
        let mut planner = Planner::new(3);
        let sent = |deed: &Deed, asked: &[Signal]| match deed {
            Deed::Signal(signal, _) => asked.contains(signal),
            _ => false,
        };
        let mut seen = |mode: Mode, asked: &[Signal]| {
            (0..300).any(|_| {
                planner
                    .plan(&mode)
                    .deeds
                    .iter()
                    .any(|deed| sent(deed, asked))
            })
        };
        let ends = [Signal::Term, Signal::Int];
        assert!(!seen(Mode::other(false, true), &[Signal::Usr1]));
        assert!(seen(Mode::other(true, true), &[Signal::Usr1]));
        assert!(!seen(Mode::other(true, false), &ends));
        assert!(seen(Mode::other(true, true), &ends));
    }

    #[test]
    fn every_plan_ends_the_process() {
        let ends = |deed: &Deed| match deed {
            Deed::Signal(signal, _) => *signal != Signal::Usr1,
            Deed::CloseInput | Deed::CutInput | Deed::Ask(Request::Close) => true,
            _ => false,
        };
        let mut planner = Planner::new(1);
        let other = Mode::other(false, false);
        for mode in ALL.iter().chain([&other]).cycle().take(500) {
            let plan = planner.plan(mode);
            assert!(plan.deeds.iter().any(ends), "{plan:?}");
        }
    }
}
