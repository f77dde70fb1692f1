//! Which states of a store a life may leave.

use std::collections::BTreeSet;

use crate::command::Mutation;

use super::filter::Filter;
use super::history::{Asked, Fate, Pairs};

/// Alternatives that unknown outcomes may open at once; where there are more, nothing is concluded.
const ALTERNATIVES_MAX: usize = 256;

/// How the writes of a life are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they were handed over: what is left is the state after some of the first of them.
    Whole,
    /// For each key by itself: requests are worked on side by side.
    ByKey,
}

/// What is wrong with a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A write that had to survive is not there.
    Lost,
    /// A part of a request is there, or a later write without an earlier one.
    Hole,
    /// A pair that nobody wrote.
    Invented,
    /// A key is back whose removal had to survive.
    Returned,
}

/// Holds what is left to what was asked. Requests for which `must` is true have to be there, unless they failed; where writes are ordered
/// as a whole, so do all before them.
///
/// `None` says that it is legal, or that there are more alternatives than are followed.
pub(super) fn wrong(
    base: &Pairs,
    requests: &[Asked],
    must: &[bool],
    (order, filter): (Order, Option<Filter>),
    left: &Pairs,
) -> Option<Wrong> {
    let first = must
        .iter()
        .rposition(|&must| must)
        .map_or(0, |last| last + 1);
    let whole: Vec<bool> = (0..requests.len()).map(|index| index < first).collect();
    let must = match order {
        Order::Whole => &whole[..],
        Order::ByKey => must,
    };
    let legal = match order {
        Order::Whole => is_prefix(base, requests, first, filter, left),
        Order::ByKey if filter.is_some() => true,
        Order::ByKey => keys(base, requests, left)
            .into_iter()
            .all(|key| is_value(base, requests, must, key, left.get(key))),
    };
    (!legal).then(|| describe(base, requests, must, left))
}

/// Whether some of the first requests, at least `must` of them, leave exactly this.
fn is_prefix(
    base: &Pairs,
    requests: &[Asked],
    must: usize,
    filter: Option<Filter>,
    left: &Pairs,
) -> bool {
    let mut alternatives = BTreeSet::from([base.clone()]);
    for (index, asked) in requests.iter().enumerate() {
        if index >= must && alternatives.contains(left) {
            return true;
        }
        let mutations = asked.mutations();
        if mutations.is_empty() || asked.fate() == Fate::Absent {
            continue;
        }
        let with = alternatives
            .iter()
            .map(|state| after(state, mutations, filter))
            .collect();
        alternatives = if asked.fate() == Fate::Applied {
            with
        } else {
            alternatives.union(&with).cloned().collect()
        };
        if alternatives.len() > ALTERNATIVES_MAX {
            return true;
        }
    }
    alternatives.contains(left)
}

fn after(state: &Pairs, mutations: &[Mutation], filter: Option<Filter>) -> Pairs {
    let mut state = state.clone();
    for mutation in mutations {
        if filter.is_some_and(|filter| filter.drops(&state, mutation)) {
            continue;
        }
        match mutation {
            Mutation::Put { key, value } => {
                state.insert(key.clone(), value.clone());
            }
            Mutation::Delete { key } => {
                state.remove(key);
            }
        }
    }
    state
}

/// Every key that plays a part.
fn keys<'a>(base: &'a Pairs, requests: &'a [Asked], left: &'a Pairs) -> BTreeSet<&'a [u8]> {
    let written = requests
        .iter()
        .flat_map(|asked| asked.mutations().iter().map(Mutation::key));
    let stored = base.keys().chain(left.keys()).map(Vec::as_slice);
    written.chain(stored).collect()
}

/// Whether a key may have this value when the requests for which `must` is true count as done.
pub(super) fn is_value(
    base: &Pairs,
    requests: &[Asked],
    must: &[bool],
    key: &[u8],
    value: Option<&Vec<u8>>,
) -> bool {
    // What the key may hold after the requests so far; everything that came before a write that counts is gone.
    let mut possible = vec![base.get(key)];
    for (index, asked) in requests.iter().enumerate() {
        let last = asked
            .mutations()
            .iter()
            .rfind(|mutation| mutation.key() == key);
        let Some(last) = last else { continue };
        let written = match last {
            Mutation::Put { value, .. } => Some(value),
            Mutation::Delete { .. } => None,
        };
        match asked.fate() {
            Fate::Absent => continue,
            Fate::Applied if must.get(index) == Some(&true) => possible.clear(),
            Fate::Applied | Fate::Unknown | Fate::Pending => {}
        }
        possible.push(written);
    }
    possible.contains(&value)
}

/// Names what is wrong with a state that is not legal, by the first key that shows it.
fn describe(base: &Pairs, requests: &[Asked], must: &[bool], left: &Pairs) -> Wrong {
    for key in keys(base, requests, left) {
        let value = left.get(key);
        if is_value(base, requests, must, key, value) {
            continue;
        }
        let written = |value: &Vec<u8>| {
            let by = |mutation: &Mutation| matches!(mutation, Mutation::Put { key: of, value: put } if of == key && put == value);
            base.get(key) == Some(value)
                || requests
                    .iter()
                    .filter(|asked| asked.fate() != Fate::Absent)
                    .any(|asked| asked.mutations().iter().any(by))
        };
        return match value {
            Some(value) if !written(value) => Wrong::Invented,
            Some(_) if deleted_last(requests, must, key) => Wrong::Returned,
            _ => Wrong::Lost,
        };
    }
    Wrong::Hole
}

/// Whether the last write of a key among those that have to be there removes it.
fn deleted_last(requests: &[Asked], must: &[bool], key: &[u8]) -> bool {
    requests
        .iter()
        .zip(must)
        .filter(|(asked, must)| **must && asked.fate() == Fate::Applied)
        .flat_map(|(asked, _)| asked.mutations())
        .rfind(|mutation| mutation.key() == key)
        .is_some_and(|mutation| matches!(mutation, Mutation::Delete { .. }))
}

#[cfg(test)]
mod tests {
    use plimsoll_reference::level::Level;

    use super::super::history::{Answer, Moment, Request};
    use super::*;
    use crate::sut::Outcome;

    fn write(text: &str, answer: Option<Answer>) -> Asked {
        let mutations = text
            .split(';')
            .map(|part| part.trim().parse().expect("a change"))
            .collect();
        Asked {
            at: Moment::default(),
            request: Request::Write(mutations),
            answer: answer.map(|answer| (Moment::default(), answer)),
            was_taken_back: false,
        }
    }

    fn acked(text: &str) -> Asked {
        let done = Answer::Done {
            level: Level::Power,
            sequence: None,
        };
        write(text, Some(done))
    }

    fn pairs(text: &str) -> Pairs {
        text.split_whitespace()
            .map(|pair| {
                let (key, value) = pair.split_once('=').expect("a pair");
                (key.into(), value.into())
            })
            .collect()
    }

    /// The first so many requests must be there.
    fn check(requests: &[Asked], must: usize, order: Order, left: &str) -> Option<Wrong> {
        let must: Vec<bool> = (0..requests.len()).map(|index| index < must).collect();
        wrong(&pairs("z=0"), requests, &must, (order, None), &pairs(left))
    }

    #[test]
    fn what_a_rule_drops_need_not_be_there_and_what_no_rule_drops_must() {
        let filter = Some(Filter { setting: b"rule" });
        let unknown = |text| write(text, Some(Answer::Failed(Outcome::Unknown)));
        let is_legal = |first, left| {
            let requests = [first, acked("put k2 x"), acked("put k1 y")];
            let rules = (Order::Whole, filter);
            wrong(
                &pairs(""),
                &requests,
                &[false, true, true],
                rules,
                &pairs(left),
            )
            .is_none()
        };
        assert!(is_legal(acked("put rule 2"), "rule=2 k1=y"));
        assert!(!is_legal(acked("put rule 2"), "rule=2 k1=y k2=x"));
        assert!(!is_legal(acked("put rule 2"), "rule=2 k2=x"));
        // A rule that may be lost drops everything or nothing.
        assert!(is_legal(unknown("put rule 2"), "rule=2 k1=y"));
        assert!(is_legal(unknown("put rule 2"), "k1=y k2=x"));
        assert!(!is_legal(unknown("put rule 2"), "k1=y"));
    }

    #[test]
    fn what_must_survive_has_to_be_there_and_the_rest_may() {
        let requests = [acked("put a 1"), acked("put b 2"), acked("delete z")];
        for (must, left, expected) in [
            (0, "z=0", None),
            (1, "z=0", Some(Wrong::Lost)),
            (1, "z=0 a=1", None),
            (1, "z=0 a=1 b=2", None),
            (0, "z=0 b=2", Some(Wrong::Hole)),
            (3, "a=1 b=2", None),
            (3, "a=1 b=2 z=0", Some(Wrong::Returned)),
            (0, "z=0 a=7", Some(Wrong::Invented)),
            (0, "", Some(Wrong::Hole)),
            (0, "a=1", Some(Wrong::Hole)),
        ] {
            let found = check(&requests, must, Order::Whole, left);
            assert_eq!(found, expected, "{must} {left}");
        }
    }

    #[test]
    fn requests_side_by_side_are_ordered_by_key() {
        let requests = [acked("put a 1"), acked("put b 2"), acked("put a 3")];
        assert_eq!(check(&requests, 0, Order::ByKey, "z=0 b=2"), None);
        assert_eq!(
            check(&requests, 0, Order::Whole, "z=0 b=2"),
            Some(Wrong::Hole)
        );
        let stale = check(&requests, 3, Order::ByKey, "z=0 a=1 b=2");
        assert_eq!(stale, Some(Wrong::Lost));
    }

    #[test]
    fn a_request_takes_effect_as_a_whole() {
        let requests = [acked("put a 1; put b 2")];
        assert_eq!(
            check(&requests, 0, Order::Whole, "z=0 a=1"),
            Some(Wrong::Hole)
        );
    }

    #[test]
    fn an_unknown_outcome_may_be_in_or_out_and_a_refusal_is_out() {
        let unknown = Some(Answer::Failed(Outcome::Unknown));
        let absent = Some(Answer::Failed(Outcome::Absent));
        let requests = [
            write("put a 1", unknown),
            write("put b 2", absent),
            acked("put c 3"),
            write("put d 4", None),
        ];
        for (left, expected) in [
            ("z=0 c=3", None),
            ("z=0 a=1 c=3", None),
            ("z=0 c=3 d=4", None),
            ("z=0 a=1", Some(Wrong::Lost)),
            ("z=0 a=1 b=2 c=3", Some(Wrong::Invented)),
        ] {
            let found = check(&requests, 3, Order::Whole, left);
            assert_eq!(found.is_some(), expected.is_some(), "{left}: {found:?}");
        }
    }
}
