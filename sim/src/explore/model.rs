//! The states that a store may show: one per position of the history, and both where the outcome of a command is unknown.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::history::{Position, Shown, Step};
use super::state::{State, StateHash};

/// Alternatives that unknown outcomes may open at once; a run that opens more is cut off there.
const ALTERNATIVES_MAX: usize = 64;

/// What a recovery has shown to be lost: it must not come back.
#[derive(Clone, Copy, Debug)]
struct Void {
    since: Position,
    /// The positions behind this one are lost.
    after: Position,
    /// From this position on, up to the other, the store was in the state that was shown: nothing has changed it since.
    settled: Position,
    shown: StateHash,
}

/// Every state that the history allows, by hash.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// The states that the store may be in now.
    alternatives: Vec<State>,
    /// The positions at which a state is legal, in order.
    positions: FxHashMap<StateHash, Vec<Position>>,
    /// By command: the states that only a crash during it can leave.
    in_flight: Vec<Vec<StateHash>>,
    voids: Vec<Void>,
    /// What each copy may hold.
    copies: BTreeMap<u8, Vec<State>>,
    /// Whether there are more alternatives than a run goes on with.
    pub(super) overflowed: bool,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It took effect.
    Applied,
    /// It did not.
    Absent,
    /// It may have.
    Unknown,
}

impl Model {
    pub(super) fn new() -> Self {
        let mut model = Self {
            alternatives: vec![State::default()],
            positions: FxHashMap::default(),
            in_flight: vec![Vec::new()],
            voids: Vec::new(),
            copies: BTreeMap::new(),
            overflowed: false,
        };
        model.enter(0);
        model
    }

    fn enter(&mut self, position: Position) {
        for state in &self.alternatives {
            let positions = self.positions.entry(state.hash()).or_default();
            if positions.last() != Some(&position) {
                positions.push(position);
            }
        }
    }

    /// Adds the next step of the history.
    pub(super) fn push(&mut self, step: &Step, fate: Fate) {
        let position = self.in_flight.len() as Position;
        let mutations = step.mutations();
        if let Some(place) = step.copies_to() {
            self.copy(place, fate);
        }
        if let Some(place) = step.restores_from() {
            self.restore(place, fate);
        } else if mutations.is_empty() {
            self.in_flight.push(Vec::new());
        } else if fate == Fate::Applied {
            let mut flying = Vec::new();
            for mutations in step.commits() {
                for state in &mut self.alternatives {
                    state.apply(mutations);
                    flying.push(state.hash());
                }
            }
            self.in_flight.push(flying);
        } else {
            self.push_doubtful(step, fate);
        }
        self.enter(position);
    }

    fn push_doubtful(&mut self, step: &Step, fate: Fate) {
        let mut with = self.alternatives.clone();
        let mut flying = Vec::new();
        for mutations in step.commits() {
            for state in &mut with {
                state.apply(mutations);
            }
            flying.extend(with.iter().map(State::hash));
            if fate == Fate::Unknown {
                merge(&mut self.alternatives, with.clone());
            }
        }
        self.in_flight.push(flying);
        // None of them is dropped: a legal state that is forgotten would be reported as lost.
        self.overflowed |= self.alternatives.len() > ALTERNATIVES_MAX;
    }

    /// The store's state was copied, or may have been.
    fn copy(&mut self, place: u8, fate: Fate) {
        let copies = self.copies.entry(place).or_default();
        match fate {
            Fate::Applied => copies.clone_from(&self.alternatives),
            Fate::Absent => {}
            Fate::Unknown => merge(copies, self.alternatives.clone()),
        }
        self.overflowed |= copies.len() > ALTERNATIVES_MAX;
    }

    /// The store's state was replaced by a copy, or may have been.
    fn restore(&mut self, place: u8, fate: Fate) {
        let copies = self.copies.get(&place).map_or(&[][..], Vec::as_slice);
        self.in_flight
            .push(copies.iter().map(State::hash).collect());
        match fate {
            Fate::Applied => self.alternatives = copies.to_vec(),
            Fate::Absent => {}
            Fate::Unknown => {
                merge(&mut self.alternatives, copies.to_vec());
                self.overflowed |= self.alternatives.len() > ALTERNATIVES_MAX;
            }
        }
    }

    /// Whether a copy may hold this state: one that was the store's at `floor` or later.
    pub(super) fn is_copy(&self, hash: StateHash, floor: Position, current: Position) -> bool {
        self.find_any(hash, current)
            .is_some_and(|shown| shown.last >= floor)
    }

    /// Where in the history a state is legal, given what must be there (`floor`), the last command begun (`current`), and whether
    /// that one has ended.
    pub(super) fn find(
        &self,
        hash: StateHash,
        floor: Position,
        current: Position,
        ended: bool,
    ) -> Option<Shown> {
        let resolved = if ended {
            current
        } else {
            current.saturating_sub(1)
        };
        let legal = |position: Position| {
            position >= floor && position <= resolved && !self.is_void(hash, position, current)
        };
        let mut shown: Option<Shown> = None;
        let positions = self.positions.get(&hash).map_or(&[][..], Vec::as_slice);
        let start = positions.partition_point(|&position| position < floor);
        for &position in &positions[start..] {
            if legal(position) {
                let first = shown.map_or(position, |shown| shown.first);
                shown = Some(Shown {
                    first,
                    last: position,
                });
            }
        }
        let flying = !ended
            && current >= floor
            && self
                .in_flight
                .get(current as usize)
                .is_some_and(|states| states.contains(&hash));
        if flying {
            let first = shown.map_or(current, |shown| shown.first);
            shown = Some(Shown {
                first,
                last: current,
            });
        }
        shown
    }

    /// Where in the history so far a state was the store's, whatever must be there and whatever recoveries have shown.
    pub(super) fn find_any(&self, hash: StateHash, current: Position) -> Option<Shown> {
        let flying = self
            .in_flight
            .get(current as usize)
            .is_some_and(|states| states.contains(&hash))
            .then_some(current);
        let positions = self.positions.get(&hash).into_iter().flatten().copied();
        positions
            .filter(|&position| position <= current)
            .chain(flying)
            .fold(None, |shown: Option<Shown>, position| {
                let first = shown.map_or(position, |shown| shown.first);
                Some(Shown {
                    first,
                    last: position,
                })
            })
    }

    /// The latest position below `floor` at which a state was legal: how far back a loss went.
    pub(super) fn find_lost(&self, hash: StateHash, floor: Position) -> Option<Position> {
        self.positions
            .get(&hash)?
            .iter()
            .copied()
            .rfind(|&position| position < floor)
    }

    /// Whether a state was legal once, but a recovery has shown that it is lost.
    pub(super) fn was_voided(&self, hash: StateHash, current: Position) -> bool {
        self.positions.get(&hash).is_some_and(|positions| {
            positions
                .iter()
                .any(|&position| self.is_void(hash, position, current))
        })
    }

    fn is_void(&self, hash: StateHash, position: Position, current: Position) -> bool {
        self.voids.iter().any(|void| {
            let is_other = position >= void.settled && hash != void.shown;
            let is_lost = position > void.after || is_other;
            current >= void.since && position < void.since && is_lost
        })
    }

    /// The open store was read and shows this state, one of those that it may be in. That is the next step of the history.
    pub(super) fn read(&mut self, state: State) {
        self.alternatives = vec![state];
        self.push(&Step::Read, Fate::Applied);
    }

    /// The store was reopened and shows this state, legal where `shown` says. That is the next step of the history, which goes on
    /// from there: what was lost stays lost.
    pub(super) fn reopen(&mut self, state: State, shown: Shown) {
        let position = self.in_flight.len() as Position;
        let mut until = self.in_flight.iter().take(shown.last as usize + 1);
        let settled = until.rposition(|states| !states.is_empty()).unwrap_or(0);
        self.voids.push(Void {
            since: position,
            after: shown.last,
            settled: settled as Position,
            shown: state.hash(),
        });
        self.alternatives = vec![state];
        self.push(&Step::Open, Fate::Applied);
    }
}

/// Adds the states that are not there yet.
fn merge(states: &mut Vec<State>, others: Vec<State>) {
    for state in others {
        if states.iter().all(|known| known.hash() != state.hash()) {
            states.push(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(value: &str) -> Step {
        let command = format!("put a {value}").parse();
        Step::Command(command.expect("a command"))
    }

    fn state(value: &str) -> State {
        let mut state = State::default();
        state.apply(put(value).mutations());
        state
    }

    fn reopened(model: &mut Model, state: State, position: Position) {
        let shown = model.find(state.hash(), 0, position, true);
        model.reopen(state, shown.expect("it is legal"));
    }

    #[test]
    fn what_an_open_has_not_shown_of_an_unknown_outcome_does_not_come_back() {
        let mut model = Model::new();
        model.push(&put("1"), Fate::Unknown);
        reopened(&mut model, State::default(), 1);
        let hash = state("1").hash();
        assert_eq!(model.find(hash, 0, 2, true), None);
        assert!(model.was_voided(hash, 2));
        assert!(!model.was_voided(hash, 1), "until then it was legal");
        assert!(model.find(State::default().hash(), 0, 2, true).is_some());
    }

    #[test]
    fn what_an_open_has_shown_tells_nothing_of_what_was_overwritten() {
        let mut model = Model::new();
        model.push(&put("1"), Fate::Unknown);
        model.push(&put("2"), Fate::Applied);
        reopened(&mut model, state("2"), 2);
        for hash in [State::default().hash(), state("1").hash()] {
            assert!(model.find(hash, 0, 3, true).is_some());
        }
    }
}
