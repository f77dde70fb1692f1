//! Which states of a store a life may leave.

use std::collections::BTreeSet;

use crate::command::Mutation;

use super::filter::Filter;
use super::history::{Fate, Pairs};

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

/// What makes of writes a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) order: Order,
    /// The setting by which writes are dropped, if there is one.
    pub(super) filter: Option<Filter>,
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

/// A write, as far as states are concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Write<'a> {
    /// What it changes.
    pub(super) mutations: &'a [Mutation],
    /// What is known of its effect.
    pub(super) fate: Fate,
    /// Whether it has to be there, unless it failed.
    pub(super) must: bool,
}

impl Write<'_> {
    /// Whether everything that stood before it is gone.
    fn counts(&self) -> bool {
        self.must && self.fate == Fate::Applied
    }
}

/// The writes of one life.
#[derive(Clone, Debug)]
pub(super) struct Stretch<'a> {
    /// What was there when it began.
    base: &'a Pairs,
    /// Whether somebody was still writing then what belongs to the stretch before: it may have begun with any state that one may leave.
    is_beside: bool,
    /// Whether what it began with stays: the states of the stretches before are out of reach, unless it began beside one.
    is_firm: bool,
    writes: Vec<Write<'a>>,
}

impl<'a> Stretch<'a> {
    /// The writes that follow what was there. Where writes are ordered as a whole, everything before one that has to be there has to, too.
    pub(super) fn new(base: &'a Pairs, order: Order, mut writes: Vec<Write<'a>>) -> Self {
        if order == Order::Whole {
            let first = writes.iter().rposition(|write| write.must);
            for write in &mut writes[..first.map_or(0, |last| last + 1)] {
                write.must = true;
            }
        }
        Self {
            base,
            is_beside: false,
            is_firm: true,
            writes,
        }
    }

    /// The same, begun while the stretch before it was still being written.
    pub(super) const fn beside(mut self, is_beside: bool) -> Self {
        self.is_beside = is_beside;
        self
    }

    /// The same, and what it began with may be taken away with it.
    pub(super) const fn loose(mut self, is_loose: bool) -> Self {
        self.is_firm = !is_loose;
        self
    }

    fn must_be_there(&self) -> bool {
        self.writes.iter().any(Write::counts)
    }
}

/// Holds what is left to what was asked: stretches of writes, the oldest first. What is left is a state of the last; or of an earlier one,
/// as long as nothing since then is firm or has to be there.
///
/// `None` says that it is legal, or that there are more alternatives than are followed.
pub(super) fn wrong(stretches: &[Stretch<'_>], rules: Rules, left: &Pairs) -> Option<Wrong> {
    let legal = match rules.order {
        Order::Whole => is_state(stretches, rules.filter, left),
        Order::ByKey if rules.filter.is_some() => true,
        Order::ByKey => keys(stretches, left)
            .into_iter()
            .all(|key| values(stretches, key).contains(&left.get(key))),
    };
    (!legal).then(|| describe(stretches, left))
}

/// Whether this is the state after some of the first writes of a stretch that may be the last one to be seen.
fn is_state(stretches: &[Stretch<'_>], filter: Option<Filter>, left: &Pairs) -> bool {
    let mut is_legal = false;
    let mut earlier: BTreeSet<Pairs> = BTreeSet::new();
    for (index, stretch) in stretches.iter().enumerate() {
        let begins = if stretch.is_beside && !earlier.is_empty() {
            std::mem::take(&mut earlier)
        } else {
            BTreeSet::from([stretch.base.clone()])
        };
        if stretch.is_firm || stretch.must_be_there() {
            is_legal = false;
        }
        let collects = stretches.get(index + 1).is_some_and(|next| next.is_beside);
        let mut states = BTreeSet::new();
        let complete = walk(begins, &stretch.writes, filter, &mut |alternatives| {
            is_legal |= alternatives.contains(left);
            if collects {
                states.extend(alternatives.iter().cloned());
            }
            !is_legal || collects
        });
        if !complete || states.len() > ALTERNATIVES_MAX {
            return true;
        }
        earlier = states;
    }
    is_legal
}

/// Visits the alternatives after each number of writes, from the least that has to be there on, until the visitor has seen enough. Returns
/// whether there were never too many of them.
fn walk(
    begins: BTreeSet<Pairs>,
    writes: &[Write<'_>],
    filter: Option<Filter>,
    visit: &mut dyn FnMut(&BTreeSet<Pairs>) -> bool,
) -> bool {
    let first = writes.iter().rposition(|write| write.must);
    let first = first.map_or(0, |last| last + 1);
    let mut alternatives = begins;
    for (index, write) in writes.iter().enumerate() {
        if index >= first && !visit(&alternatives) {
            return true;
        }
        if write.fate == Fate::Absent {
            continue;
        }
        let with = alternatives
            .iter()
            .map(|state| after(state, write.mutations, filter));
        let mut with: BTreeSet<Pairs> = with.collect();
        if write.fate != Fate::Applied {
            with.append(&mut alternatives);
        }
        alternatives = with;
        if alternatives.len() > ALTERNATIVES_MAX {
            return false;
        }
    }
    visit(&alternatives);
    true
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
fn keys<'a>(stretches: &'a [Stretch<'a>], left: &'a Pairs) -> BTreeSet<&'a [u8]> {
    let writes = stretches.iter().flat_map(|stretch| &stretch.writes);
    let written = writes.flat_map(|write| write.mutations.iter().map(Mutation::key));
    let based = stretches.iter().flat_map(|stretch| stretch.base.keys());
    let stored = based.chain(left.keys()).map(Vec::as_slice);
    written.chain(stored).collect()
}

/// The values that a key may have, as far as one key by itself says.
pub(super) fn values<'a>(stretches: &[Stretch<'a>], key: &[u8]) -> Vec<Option<&'a Vec<u8>>> {
    let mut possible = Vec::new();
    for stretch in stretches {
        if stretch.is_firm && !stretch.is_beside {
            possible.clear();
        }
        if possible.is_empty() || !stretch.is_beside {
            possible.push(stretch.base.get(key));
        }
        for write in &stretch.writes {
            let Some(written) = last_of(write.mutations, key) else {
                continue;
            };
            if write.fate == Fate::Absent {
                continue;
            }
            if write.counts() {
                possible.clear();
            }
            possible.push(written);
        }
    }
    possible
}

/// What changes leave of a key: nothing is said of it, it is gone, or it has a value.
pub(super) fn last_of<'a>(mutations: &'a [Mutation], key: &[u8]) -> Option<Option<&'a Vec<u8>>> {
    let last = mutations.iter().rfind(|mutation| mutation.key() == key)?;
    Some(match last {
        Mutation::Put { value, .. } => Some(value),
        Mutation::Delete { .. } => None,
    })
}

/// Names what is wrong with a state that is not legal, by the first key that shows it.
fn describe(stretches: &[Stretch<'_>], left: &Pairs) -> Wrong {
    for key in keys(stretches, left) {
        let value = left.get(key);
        if values(stretches, key).contains(&value) {
            continue;
        }
        return match value {
            Some(value) if !was_written(stretches, key, value) => Wrong::Invented,
            Some(_) if is_deleted(stretches, key) => Wrong::Returned,
            _ => Wrong::Lost,
        };
    }
    Wrong::Hole
}

/// Whether a pair was there once, or was asked for and not refused.
fn was_written(stretches: &[Stretch<'_>], key: &[u8], value: &Vec<u8>) -> bool {
    let by = |mutation: &Mutation| matches!(mutation, Mutation::Put { key: of, value: put } if of == key && put == value);
    stretches.iter().any(|stretch| {
        let mut writes = stretch.writes.iter();
        stretch.base.get(key) == Some(value)
            || writes.any(|write| write.fate != Fate::Absent && write.mutations.iter().any(by))
    })
}

/// Whether the last write of a key among those that have to be there removes it.
fn is_deleted(stretches: &[Stretch<'_>], key: &[u8]) -> bool {
    let writes = stretches.iter().flat_map(|stretch| &stretch.writes);
    let counting = writes.filter(|write| write.counts());
    let mut counting = counting.filter_map(|write| last_of(write.mutations, key));
    counting.next_back() == Some(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(text: &str) -> Vec<Mutation> {
        text.split(';')
            .map(|part| part.trim().parse().expect("a change"))
            .collect()
    }

    fn pairs(text: &str) -> Pairs {
        text.split_whitespace()
            .map(|pair| {
                let (key, value) = pair.split_once('=').expect("a pair");
                (key.into(), value.into())
            })
            .collect()
    }

    /// Writes, each with what is known of it.
    type Changes = Vec<(Vec<Mutation>, Fate)>;

    /// A base, writes with what is known of each, how many of them have to be there, and whether the stretch is beside and loose.
    type Given<'a> = (&'a str, &'a [(&'a str, Fate)], usize, (bool, bool));

    fn check(given: &[Given<'_>], order: Order, left: &str) -> Option<Wrong> {
        let owned: Vec<(Pairs, Changes)> = given
            .iter()
            .map(|(base, writes, ..)| {
                let writes = writes.iter().map(|(text, fate)| (changes(text), *fate));
                (pairs(base), writes.collect())
            })
            .collect();
        let stretches: Vec<Stretch<'_>> = owned
            .iter()
            .zip(given)
            .map(|((base, writes), (_, _, must, (is_beside, is_loose)))| {
                let writes = writes.iter().enumerate();
                let writes = writes.map(|(index, (mutations, fate))| Write {
                    mutations,
                    fate: *fate,
                    must: index < *must,
                });
                let stretch = Stretch::new(base, order, writes.collect());
                stretch.beside(*is_beside).loose(*is_loose)
            })
            .collect();
        let rules = Rules {
            order,
            filter: None,
        };
        wrong(&stretches, rules, &pairs(left))
    }

    #[test]
    fn what_a_rule_drops_need_not_be_there_and_what_no_rule_drops_must() {
        let rules = Rules {
            order: Order::Whole,
            filter: Some(Filter { setting: b"rule" }),
        };
        let is_legal = |fate, left| {
            let texts = ["put rule 2", "put k2 x", "put k1 y"].map(changes);
            let writes = texts.iter().enumerate().map(|(index, mutations)| Write {
                mutations,
                fate: if index == 0 { fate } else { Fate::Applied },
                must: index > 0,
            });
            let base = Pairs::new();
            let stretch = Stretch::new(&base, rules.order, writes.collect());
            wrong(&[stretch], rules, &pairs(left)).is_none()
        };
        assert!(is_legal(Fate::Applied, "rule=2 k1=y"));
        assert!(!is_legal(Fate::Applied, "rule=2 k1=y k2=x"));
        assert!(!is_legal(Fate::Applied, "rule=2 k2=x"));
        // A rule that may be lost drops everything or nothing.
        assert!(is_legal(Fate::Unknown, "rule=2 k1=y"));
        assert!(is_legal(Fate::Unknown, "k1=y k2=x"));
        assert!(!is_legal(Fate::Unknown, "k1=y"));
    }

    const ALONE: (bool, bool) = (false, false);
    const LOOSE: (bool, bool) = (false, true);
    const BESIDE: (bool, bool) = (true, false);

    #[test]
    fn what_must_survive_has_to_be_there_and_the_rest_may() {
        use Fate::Applied;
        let writes = [
            ("put a 1", Applied),
            ("put b 2", Applied),
            ("delete z", Applied),
        ];
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
            let found = check(&[("z=0", &writes, must, ALONE)], Order::Whole, left);
            assert_eq!(found, expected, "{must} {left}");
        }
    }

    #[test]
    fn requests_side_by_side_are_ordered_by_key() {
        use Fate::Applied;
        let writes = [
            ("put a 1", Applied),
            ("put b 2", Applied),
            ("put a 3", Applied),
        ];
        let check = |must, order, left| check(&[("z=0", &writes, must, ALONE)], order, left);
        assert_eq!(check(0, Order::ByKey, "z=0 b=2"), None);
        assert_eq!(check(0, Order::Whole, "z=0 b=2"), Some(Wrong::Hole));
        assert_eq!(check(3, Order::ByKey, "z=0 a=1 b=2"), Some(Wrong::Lost));
    }

    #[test]
    fn a_request_takes_effect_as_a_whole() {
        let writes = [("put a 1; put b 2", Fate::Applied)];
        let found = check(&[("z=0", &writes, 0, ALONE)], Order::Whole, "z=0 a=1");
        assert_eq!(found, Some(Wrong::Hole));
    }

    #[test]
    fn an_unknown_outcome_may_be_in_or_out_and_a_refusal_is_out() {
        let writes = [
            ("put a 1", Fate::Unknown),
            ("put b 2", Fate::Absent),
            ("put c 3", Fate::Applied),
            ("put d 4", Fate::Pending),
        ];
        for (left, expected) in [
            ("z=0 c=3", None),
            ("z=0 a=1 c=3", None),
            ("z=0 c=3 d=4", None),
            ("z=0 a=1", Some(Wrong::Lost)),
            ("z=0 a=1 b=2 c=3", Some(Wrong::Invented)),
        ] {
            let found = check(&[("z=0", &writes, 3, ALONE)], Order::Whole, left);
            assert_eq!(found, expected, "{left}");
        }
    }

    #[test]
    fn what_is_loose_may_be_taken_back_with_what_follows_but_nothing_older_than_what_must_be_there()
    {
        use Fate::Applied;
        let first = [("put a 1", Applied), ("put b 2", Applied)];
        let second = [("put c 3", Applied)];
        for (kept, later, left, is_legal) in [
            (0, 0, "", true),
            (0, 0, "a=1", true),
            (0, 0, "a=1 b=2 c=3", true),
            (1, 0, "", false),
            (1, 0, "a=1", true),
            (0, 1, "a=1 b=2", false),
            (0, 1, "a=1 b=2 c=3", true),
            (0, 0, "a=1 c=3", false),
            (0, 0, "c=3", false),
        ] {
            let given = [
                ("", &first[..], kept, ALONE),
                ("a=1 b=2", &second[..], later, LOOSE),
            ];
            let found = check(&given, Order::Whole, left);
            assert_eq!(
                found.is_none(),
                is_legal,
                "{kept} {later} {left}: {found:?}"
            );
        }
        let firm = [
            ("", &first[..], 0, ALONE),
            ("a=1 b=2", &second[..], 0, ALONE),
        ];
        assert_eq!(check(&firm, Order::Whole, "a=1"), Some(Wrong::Lost));
        assert_eq!(check(&firm, Order::ByKey, "a=1"), Some(Wrong::Lost));
    }

    #[test]
    fn beside_an_orphan_a_life_begins_with_whatever_that_one_leaves() {
        use Fate::{Applied, Pending};
        let first = [("put a 1", Applied), ("put b 2", Pending)];
        let second = [("put c 3", Applied)];
        for (kept, left, is_legal) in [
            (0, "c=3", true),
            (0, "a=1 c=3", true),
            (0, "a=1 b=2 c=3", true),
            (0, "a=1 b=2", true),
            (0, "b=2 c=3", false),
            (1, "c=3", false),
            (1, "a=1", true),
        ] {
            let given = [("", &first[..], kept, ALONE), ("", &second[..], 0, BESIDE)];
            let found = check(&given, Order::Whole, left);
            assert_eq!(found.is_none(), is_legal, "{kept} {left}: {found:?}");
        }
        let given = [("", &first[..], 1, ALONE), ("", &second[..], 0, BESIDE)];
        assert_eq!(check(&given, Order::ByKey, "a=1 b=2"), None);
        assert_eq!(
            check(&given, Order::ByKey, "a=1 b=7"),
            Some(Wrong::Invented),
            "nobody wrote that"
        );
    }
}
