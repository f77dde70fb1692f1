//! Which keys a store must hold whatever became of what was written later.

use std::collections::BTreeMap;

use super::history::{Event, Position, Step, What};
use super::model::Fate;
use super::state::State;
use crate::command::Mutation;
use crate::sut::Outcome;

/// Whether a state holds every key as it was at `floor` that no later step has touched, of the steps begun so far. Keys of which that
/// cannot be told are left out: those that a step of unknown outcome touched. Of a run that restored a copy nothing can be told.
pub(super) fn keeps_untouched(
    steps: &[Step],
    events: &[Event],
    floor: Position,
    state: &State,
) -> bool {
    if steps.iter().any(|step| step.restores_from().is_some()) {
        return true;
    }
    let fates = fates(events, steps.len() as Position);
    let mut held: BTreeMap<&[u8], Option<Option<&[u8]>>> = BTreeMap::new();
    for (position, step) in (1..).zip(steps) {
        let fate = if position > floor {
            Fate::Unknown
        } else {
            fates.get(&position).copied().unwrap_or(Fate::Unknown)
        };
        for mutation in step.mutations() {
            let (key, value) = match mutation {
                Mutation::Put { key, value } => (key.as_slice(), Some(value.as_slice())),
                Mutation::Delete { key } => (key.as_slice(), None),
            };
            match fate {
                Fate::Applied => held.insert(key, Some(value)),
                Fate::Unknown => held.insert(key, None),
                Fate::Absent => None,
            };
        }
    }
    held.into_iter().all(|(key, known)| {
        known.is_none_or(|value| state.pairs().get(key).map(Vec::as_slice) == value)
    })
}

/// What had become of each step by the end of step `current`. What a store did not show any more when it was opened is absent since.
fn fates(events: &[Event], current: Position) -> BTreeMap<Position, Fate> {
    let mut fates = BTreeMap::new();
    for event in events.iter().filter(|event| event.step <= current) {
        match &event.what {
            What::Acked(_) => {
                fates.insert(event.step, Fate::Applied);
            }
            What::Failed(Outcome::Unknown, _) => {
                fates.insert(event.step, Fate::Unknown);
            }
            What::Failed(Outcome::Absent | Outcome::Unsupported, _) => {
                fates.insert(event.step, Fate::Absent);
            }
            What::Opened(shown) => {
                for (_, fate) in fates.range_mut(shown.last + 1..event.step.max(shown.last + 1)) {
                    *fate = Fate::Absent;
                }
            }
            What::Invoked | What::Read | What::OpenFailed(_) => {}
        }
    }
    fates
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plimsoll_reference::level::Level;

    use super::*;
    use crate::explore::history::Shown;

    /// A history of commands that were all acknowledged, but for those of which something else is said.
    fn history(commands: &[&str], instead: &[(Position, What)]) -> (Vec<Step>, Vec<Event>) {
        let steps: Vec<Step> = commands
            .iter()
            .map(|text| match *text {
                "open" => Step::Open,
                text => Step::Command(text.parse().expect("a command")),
            })
            .collect();
        let event = |step: Position| {
            let said = instead.iter().find(|(of, _)| *of == step);
            Event {
                at: 0,
                step,
                now: Duration::ZERO,
                what: said.map_or(What::Acked(Level::Power), |(_, what)| what.clone()),
            }
        };
        let events = (1..=steps.len() as Position).map(event).collect();
        (steps, events)
    }

    fn state(pairs: &[(&str, &str)]) -> State {
        let mut state = State::default();
        for (key, value) in pairs {
            let (key, value) = (key.as_bytes().to_vec(), value.as_bytes().to_vec());
            state.apply(&[Mutation::Put { key, value }]);
        }
        state
    }

    #[track_caller]
    fn check(commands: &[&str], instead: &[(Position, What)], floor: Position, expected: &[Shows]) {
        let (steps, events) = history(commands, instead);
        for (pairs, is_kept) in expected {
            let found = keeps_untouched(&steps, &events, floor, &state(pairs));
            assert_eq!(found, *is_kept, "{pairs:?}");
        }
    }

    /// Pairs, and whether a state of them will do.
    type Shows<'a> = (&'a [(&'a str, &'a str)], bool);

    #[test]
    fn what_nobody_touched_since_must_be_there_and_the_rest_may_be_anything() {
        let commands = ["put a 1", "put b 2", "delete b", "put c 3", "put a 4"];
        check(
            &commands,
            &[],
            4,
            &[
                (&[("c", "3")], true),
                (&[("c", "3"), ("a", "9")], true),
                (&[("a", "4")], false),
                (&[("c", "2"), ("a", "4")], false),
                (&[("c", "3"), ("b", "2"), ("a", "4")], false),
            ],
        );
    }

    #[test]
    fn what_failed_is_absent_and_what_may_have_failed_is_anything() {
        let failed = |outcome| What::Failed(outcome, String::new());
        check(
            &["put a 1", "put a 2", "put b 1", "put b 2"],
            &[(2, failed(Outcome::Absent)), (4, failed(Outcome::Unknown))],
            4,
            &[
                (&[("a", "1")], true),
                (&[("a", "1"), ("b", "2")], true),
                (&[("a", "2"), ("b", "2")], false),
            ],
        );
    }

    #[test]
    fn what_an_open_did_not_show_is_absent() {
        let shown = Shown { first: 1, last: 1 };
        check(
            &["put a 1", "put a 2", "open", "put b 1"],
            &[(3, What::Opened(shown))],
            3,
            &[(&[("a", "1")], true), (&[("a", "2")], false)],
        );
    }

    #[test]
    fn of_a_restored_store_nothing_is_told() {
        check(&["put a 1", "restore 0"], &[], 2, &[(&[], true)]);
    }
}
