//! What a client has read of each key, and what the key may be from then on.

use std::collections::{BTreeMap, BTreeSet};

use crate::trial::history::{Answer, Asked, Fate, Life, Moment, Request};
use crate::trial::legal::last_of;

/// A value that a client has read, or that there was none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    /// When it was asked for.
    pub(super) asked: Moment,
    /// When the answer was read.
    pub(super) answered: Moment,
    pub(super) value: Option<&'a Vec<u8>>,
}

/// What a write leaves of one key.
#[derive(Clone, Copy, Debug)]
struct Written<'a> {
    /// Which request it is.
    index: usize,
    asked: &'a Asked,
    value: Option<&'a Vec<u8>>,
}

impl Written<'_> {
    fn was_answered_before(&self, moment: Moment) -> bool {
        let answer = self.asked.answer.as_ref();
        answer.is_some_and(|(done, _)| *done < moment)
    }
}

/// What was written to each key, and read of it, in one life.
#[derive(Debug)]
pub(super) struct Readings<'a> {
    life: &'a Life,
    written: BTreeMap<&'a [u8], Vec<Written<'a>>>,
    read: BTreeMap<&'a [u8], Vec<Reading<'a>>>,
}

impl<'a> Readings<'a> {
    pub(super) fn of(life: &'a Life) -> Self {
        let mut written: BTreeMap<&[u8], Vec<Written<'_>>> = BTreeMap::new();
        for (index, asked) in life.requests.iter().enumerate() {
            let keys: BTreeSet<&[u8]> = asked.mutations().iter().map(|of| of.key()).collect();
            for key in keys {
                if let Some(value) = last_of(asked.mutations(), key) {
                    written.entry(key).or_default().push(Written {
                        index,
                        asked,
                        value,
                    });
                }
            }
        }
        let mut readings = Self {
            life,
            written,
            read: BTreeMap::new(),
        };
        // What a read showed wrongly says nothing of what comes later.
        for asked in &life.requests {
            for (key, reading) in readings.shown_by(asked) {
                let first = [life.base.get(key)];
                let between = (reading.asked, reading.answered);
                if readings.may_be_read(key, &first, between, reading.value) {
                    readings.read.entry(key).or_default().push(reading);
                }
            }
        }
        readings
    }

    /// What the answer to a read says of each key.
    pub(super) fn shown_by(&self, asked: &'a Asked) -> Vec<(&'a [u8], Reading<'a>)> {
        let reading = |answered, value| Reading {
            asked: asked.at,
            answered,
            value,
        };
        match (&asked.request, &asked.answer) {
            (Request::Get(key), Some((at, Answer::Value(value)))) => {
                vec![(key.as_slice(), reading(*at, value.as_ref()))]
            }
            (Request::Scan, Some((at, Answer::State(pairs)))) => {
                let known = self.life.base.keys().chain(pairs.keys());
                let mut keys: BTreeSet<&[u8]> = known.map(Vec::as_slice).collect();
                keys.extend(self.written.keys());
                let keys = keys.into_iter();
                keys.map(|key| (key, reading(*at, pairs.get(key))))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// Every key of which a read showed what it may be.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'a [u8]> {
        self.read.keys().copied()
    }

    /// The last that was read of a key before a moment.
    pub(super) fn last(&self, key: &[u8], before: Moment) -> Option<Reading<'a>> {
        let read = self.read.get(key)?.iter();
        read.rev()
            .find(|reading| reading.answered < before)
            .copied()
    }

    /// Whether a key may have a value for who knows what it may have held at first, and asks between these moments: everything that was
    /// acknowledged before the first has to be seen, and nothing that was handed over after the second can be.
    pub(super) fn may_be_read(
        &self,
        key: &[u8],
        first: &[Option<&Vec<u8>>],
        (asked, answered): (Moment, Moment),
        value: Option<&Vec<u8>>,
    ) -> bool {
        let mut possible: Vec<Option<&Vec<u8>>> = first.to_vec();
        for write in self.written.get(key).into_iter().flatten() {
            if write.asked.at >= answered {
                continue;
            }
            let must = write.was_answered_before(asked);
            add(&mut possible, write, must);
        }
        possible.contains(&value)
    }

    /// Whether a write of a key was neither answered before the first of these moments nor handed over after the second. Where requests are
    /// worked on side by side, one read may see it before another does.
    pub(super) fn is_open(&self, key: &[u8], (asked, answered): (Moment, Moment)) -> bool {
        let mut written = self.written.get(key).into_iter().flatten();
        written.any(|write| write.asked.at < answered && !write.was_answered_before(asked))
    }

    /// Whether a key may have a value for who has read it before: what was decided by then stays as it was seen, and of the writes that
    /// came later, or were still open, those have to be there for which this is so, by their number among the requests.
    ///
    /// Across a crash a write of unknown outcome may still turn out to be there that reads did not show.
    ///
    /// Where a write of the key was taken back nothing is concluded.
    ///
    /// **Not seen**: that a write is undone and the key looks as before, as when the value was there already.
    pub(super) fn may_follow(
        &self,
        key: &[u8],
        reading: Reading<'_>,
        (until, crashed): (Moment, bool),
        must: impl Fn(usize, &Asked) -> bool,
        value: Option<&Vec<u8>>,
    ) -> bool {
        let written = self.written.get(key).map_or(&[][..], Vec::as_slice);
        if written.iter().any(|write| write.asked.was_taken_back) {
            return true;
        }
        let is_seen = |write: &Written<'_>| {
            let is_unknown = crashed && write.asked.fate() == Fate::Unknown;
            write.was_answered_before(reading.asked) && !is_unknown
        };
        // What was handed over before a write that was seen was decided with it, whenever it was answered.
        let mut seen = written
            .iter()
            .filter(|write| is_seen(write) && write.asked.fate() == Fate::Applied);
        let seen = seen.next_back().map(|write| write.index);
        let writer = self.writer(key, written, reading, seen);
        let mut possible = vec![reading.value];
        for write in written {
            let is_decided =
                is_seen(write) || writer.max(seen).is_some_and(|last| write.index <= last);
            if !is_decided && write.asked.at < until {
                add(&mut possible, write, must(write.index, write.asked));
            }
        }
        possible.contains(&value)
    }
}

impl Readings<'_> {
    /// Which write was read, or the first of those that it may have been: whoever wrote what was read is behind everything that was handed
    /// over before. It is none before the last that had been `seen`, and nothing where no write need have been read.
    fn writer(
        &self,
        key: &[u8],
        written: &[Written<'_>],
        reading: Reading<'_>,
        seen: Option<usize>,
    ) -> Option<usize> {
        if seen.is_none() && self.life.base.get(key) == reading.value {
            return None;
        }
        let may_be = |write: &&Written<'_>| {
            write.value == reading.value
                && write.asked.at < reading.answered
                && write.asked.fate() != Fate::Absent
                && seen.is_none_or(|seen| write.index >= seen)
        };
        let mut written = written.iter();
        written.find(may_be).map(|write| write.index)
    }
}

/// What a key may hold after one more write; everything that came before one that counts is gone.
fn add<'a>(possible: &mut Vec<Option<&'a Vec<u8>>>, write: &Written<'a>, must: bool) {
    match write.asked.fate() {
        Fate::Absent => return,
        Fate::Applied if must => possible.clear(),
        Fate::Applied | Fate::Unknown | Fate::Pending => {}
    }
    possible.push(write.value);
}
