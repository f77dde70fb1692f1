//! Which states of a store a life may leave.

use std::collections::BTreeSet;

use crate::command::Mutation;

use super::filter::Filter;
use super::history::{Fate, Pairs};

/// Alternatives that unknown outcomes may open at once; where there are more, each key is looked at by itself.
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
/// `None` says that it is legal; or that it may be, as far as keys by themselves say, where there are more alternatives than are followed.
///
/// **Not covered**: one key by itself where writes are dropped by a setting.
pub(super) fn wrong(stretches: &[Stretch<'_>], rules: Rules, left: &Pairs) -> Option<Wrong> {
    let by_key = || {
        let mut keys = keys(stretches, left).into_iter();
        rules.filter.is_some() || keys.all(|key| values(stretches, key).contains(&left.get(key)))
    };
    let is_legal = match rules.order {
        Order::Whole => is_state(stretches, rules.filter, left).unwrap_or_else(by_key),
        Order::ByKey => by_key(),
    };
    (!is_legal).then(|| describe(stretches, left))
}

/// Whether this is the state after some of the first writes of a stretch that may be the last one to be seen; nothing where there are more
/// alternatives than are followed.
fn is_state(stretches: &[Stretch<'_>], filter: Option<Filter>, left: &Pairs) -> Option<bool> {
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
            return None;
        }
        earlier = states;
    }
    Some(is_legal)
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
mod tests;
