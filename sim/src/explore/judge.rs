//! From what a recovery showed to the oracle that it violates.

use plimsoll_faults::crash::CrashKind;

use super::history::{Position, Step};
use super::model::Model;
use super::promises::Promises;
use super::state::State;
use crate::command::{Command, Mutation};
use crate::oracle::Oracle;

/// What must be there, at one moment.
pub(super) struct Expected<'a> {
    pub(super) floor: Position,
    pub(super) current: Position,
    pub(super) kind: CrashKind,
    pub(super) promises: &'a Promises,
    /// Whether a sync reported an error before.
    pub(super) sync_failed: bool,
}

/// Why a state is not legal.
#[derive(Clone, Debug)]
pub(super) struct Reason {
    pub(super) oracle: Oracle,
    pub(super) expected: String,
    pub(super) found: String,
}

/// Says which oracle a state violates that the model does not allow. `steps` are those up to the moment in question.
pub(super) fn classify(
    model: &Model,
    steps: &[Step],
    state: &State,
    expected: &Expected<'_>,
) -> Reason {
    let writes = Writes {
        steps: &steps[..(expected.current as usize).min(steps.len())],
        floor: expected.promises.acked_floor(expected.kind),
    };
    let served = Writes {
        floor: expected.floor,
        ..writes
    };
    let mut reason = writes
        .foreign(state)
        .or_else(|| whole_prefix_lost(model, state, expected))
        .or_else(|| voided(model, state, expected))
        .or_else(|| writes.lost(state))
        .or_else(|| writes.torn_batch(state))
        .or_else(|| served.taken_back(state))
        .unwrap_or_else(|| Reason {
            oracle: Oracle::D3,
            expected: "the state after some prefix of the commands".to_owned(),
            found: show(state),
        });
    let lost = matches!(reason.oracle, Oracle::D1);
    if lost && expected.sync_failed {
        reason.oracle = Oracle::F1;
    }
    reason
}

/// The state was legal once: everything after it is lost.
fn whole_prefix_lost(model: &Model, state: &State, expected: &Expected<'_>) -> Option<Reason> {
    let found = model.find_lost(state.hash(), expected.floor)?;
    let oracle = if expected.promises.is_only_read(expected.kind, found) {
        Oracle::D8
    } else if expected.promises.is_window(expected.kind, found) {
        Oracle::B1
    } else if expected.kind == CrashKind::ProcessKill && !expected.promises.is_power_safe() {
        // The operating system kept what it was given, or has said that it did not.
        if expected.promises.was_told_of_loss() {
            Oracle::F1
        } else {
            Oracle::B2
        }
    } else {
        Oracle::D1
    };
    Some(Reason {
        oracle,
        expected: format!("every command up to #{}", expected.floor),
        found: format!("the state after #{found}: {}", show(state)),
    })
}

fn voided(model: &Model, state: &State, expected: &Expected<'_>) -> Option<Reason> {
    model
        .was_voided(state.hash(), expected.current)
        .then(|| Reason {
            oracle: Oracle::D6,
            expected: "what an earlier recovery showed".to_owned(),
            found: format!("a state that it had shown to be lost: {}", show(state)),
        })
}

/// The steps of a run as writes to single keys.
#[derive(Clone, Copy)]
struct Writes<'a> {
    steps: &'a [Step],
    floor: Position,
}

impl Writes<'_> {
    fn all(&self) -> impl DoubleEndedIterator<Item = (Position, &Mutation)> {
        self.steps.iter().enumerate().flat_map(|(index, step)| {
            step.mutations()
                .iter()
                .map(move |mutation| (index as Position + 1, mutation))
        })
    }

    /// The latest command that gave `key` this value.
    fn writer(&self, key: &[u8], value: &[u8]) -> Option<Position> {
        self.all()
            .rev()
            .find_map(|(position, mutation)| match mutation {
                Mutation::Put { key: k, value: v } if k == key && v == value => Some(position),
                _ => None,
            })
    }

    fn foreign(&self, state: &State) -> Option<Reason> {
        for (key, value) in state.pairs() {
            if self.writer(key, value).is_some() {
                continue;
            }
            let known = self
                .all()
                .any(|(_, mutation)| matches!(mutation, Mutation::Put { key: k, .. } if k == key));
            let pair = Mutation::Put {
                key: key.clone(),
                value: value.clone(),
            };
            let is_value = self.all().any(
                |(_, mutation)| matches!(mutation, Mutation::Put { value: v, .. } if v == value),
            );
            return Some(Reason {
                oracle: if known && !is_value {
                    Oracle::D2
                } else {
                    Oracle::D5
                },
                expected: "only pairs that were written".to_owned(),
                found: format!("a pair that nobody wrote: {pair}"),
            });
        }
        None
    }

    /// A key that is older than the last command that must be there.
    fn lost(&self, state: &State) -> Option<Reason> {
        // A store that was restored holds what is older on purpose.
        if self.steps.iter().any(|step| step.restores_from().is_some()) {
            return None;
        }
        let mut keys: Vec<&[u8]> = self.all().map(|(_, mutation)| key_of(mutation)).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let Some((position, last)) = self
                .all()
                .take_while(|(position, _)| *position <= self.floor)
                .filter(|(_, mutation)| key_of(mutation) == key)
                .last()
            else {
                continue;
            };
            let found = state.pairs().get(key);
            let found_at = found.map(|value| self.writer(key, value).unwrap_or(0));
            match last {
                Mutation::Put { value, .. } => {
                    let superseded = self.all().any(|(later, mutation)| {
                        later > position
                            && key_of(mutation) == key
                            && matches!(mutation, Mutation::Delete { .. })
                    });
                    let lost = match found_at {
                        None => !superseded,
                        Some(at) => at < position && found != Some(value),
                    };
                    if lost {
                        return Some(Reason {
                            oracle: Oracle::D1,
                            expected: format!("`{last}` of #{position}, or something later"),
                            found: show(state),
                        });
                    }
                }
                Mutation::Delete { .. } => {
                    if found_at.is_some_and(|at| at < position) {
                        return Some(Reason {
                            oracle: Oracle::D4,
                            expected: format!("`{last}` of #{position}, or something later"),
                            found: show(state),
                        });
                    }
                }
            }
        }
        None
    }

    /// A key that is older than the last command whose effect was read.
    fn taken_back(&self, state: &State) -> Option<Reason> {
        self.lost(state).map(|reason| Reason {
            oracle: Oracle::D8,
            ..reason
        })
    }

    /// A batch of which some changes are there and others are not.
    fn torn_batch(&self, state: &State) -> Option<Reason> {
        for (index, step) in self.steps.iter().enumerate() {
            let Step::Command(Command::Batch(mutations)) = step else {
                continue;
            };
            let position = index as Position + 1;
            let untouched_later = |key: &[u8]| {
                !self
                    .all()
                    .any(|(later, mutation)| later > position && key_of(mutation) == key)
            };
            let mut there = 0;
            let mut missing = 0;
            for (at, mutation) in mutations.iter().enumerate() {
                let key = key_of(mutation);
                let overwritten = mutations[at + 1..].iter().any(|later| key_of(later) == key);
                if overwritten || !untouched_later(key) {
                    continue;
                }
                if let Mutation::Put { value, .. } = mutation {
                    if state.pairs().get(key) == Some(value) {
                        there += 1;
                    } else {
                        missing += 1;
                    }
                }
            }
            if there > 0 && missing > 0 {
                return Some(Reason {
                    oracle: Oracle::D2,
                    expected: format!("all of #{position} `{step}`, or nothing of it"),
                    found: show(state),
                });
            }
        }
        None
    }
}

fn key_of(mutation: &Mutation) -> &[u8] {
    match mutation {
        Mutation::Put { key, .. } | Mutation::Delete { key } => key,
    }
}

/// Longest list of pairs that a report shows.
const SHOWN_MAX: usize = 12;

/// A state on one line.
pub(super) fn show(state: &State) -> String {
    if state.pairs().is_empty() {
        return "nothing".to_owned();
    }
    let mut line: Vec<String> = state
        .pairs()
        .iter()
        .take(SHOWN_MAX)
        .map(|(key, value)| {
            let text = Mutation::Put {
                key: key.clone(),
                value: value.clone(),
            }
            .to_string();
            text.trim_start_matches("put ").replacen(' ', "=", 1)
        })
        .collect();
    let more = state.pairs().len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        line.push(format!("and {more} more"));
    }
    line.join(", ")
}
