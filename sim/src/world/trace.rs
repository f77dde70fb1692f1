//! What happened, as a fingerprint and, on request, as text.

use std::fmt;
use std::time::Duration;

use plimsoll_faults::plan::show_duration;
use xxhash_rust::xxh3::xxh3_64;

use crate::fingerprint::{Fingerprint, Fingerprinter};

/// One event of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The step in which it happened.
    pub step: u64,
    /// The virtual time.
    pub time: Duration,
    /// The position in the op log of the disk.
    pub log: usize,
    /// The process, by program and number.
    pub process: Option<String>,
    /// What happened.
    pub text: String,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (step, time, log) = (self.step, show_duration(self.time), self.log);
        let process = self.process.as_deref().unwrap_or("world");
        write!(f, "{step:>6} {time:>12} @{log:<5} {process}: {}", self.text)
    }
}

/// Where two runs of one case part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its place among the events.
    pub index: usize,
    /// The event of the first run; nothing when it had ended.
    pub first: Option<Event>,
    /// The event of the second run.
    pub second: Option<Event>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |event: &Option<Event>| {
            event
                .as_ref()
                .map_or_else(|| "the end".to_owned(), ToString::to_string)
        };
        let (index, first, second) = (self.index, show(&self.first), show(&self.second));
        write!(f, "event {index}: {first} | {second}")
    }
}

/// The first event that two traces do not share.
pub fn first_difference(first: &[Event], second: &[Event]) -> Option<Difference> {
    let index = (0..first.len().max(second.len())).find(|&at| first.get(at) != second.get(at))?;
    Some(Difference {
        index,
        first: first.get(index).cloned(),
        second: second.get(index).cloned(),
    })
}

/// Sorts of events, as the fingerprint has them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sort {
    Step,
    Start,
    End,
    Input,
    Output,
    Sent,
    Arrived,
    Operation,
    Plan,
    Crash,
    Note,
    Handler,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The step in which it happened.
    pub step: u64,
    /// The virtual time.
    pub time: Duration,
    /// The position in the op log of the disk.
    pub log: usize,
}

/// Collects events.
#[derive(Debug)]
pub(super) struct Trace {
    hasher: Hasher,
    events: Option<Vec<Event>>,
}

/// Buffers, so that a hash is updated once for many events.
struct Hasher {
    fingerprinter: Fingerprinter,
    buffer: Vec<u8>,
}

/// Bytes that are hashed at a time.
const BUFFERED: usize = 4096;

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

impl Hasher {
    fn add(&mut self, numbers: [u64; 6]) {
        for number in numbers {
            self.buffer.extend_from_slice(&number.to_le_bytes());
        }
        if self.buffer.len() >= BUFFERED {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.fingerprinter.bytes(&self.buffer);
        self.buffer.clear();
    }
}

impl Trace {
    pub(super) fn new(keeps_text: bool) -> Self {
        Self {
            hasher: Hasher {
                fingerprinter: Fingerprinter::default(),
                buffer: Vec::with_capacity(BUFFERED + 64),
            },
            events: keeps_text.then(Vec::new),
        }
    }

    /// Whether events are kept as text.
    pub(super) const fn keeps_text(&self) -> bool {
        self.events.is_some()
    }

    /// Takes note of an event. `details` is what the fingerprint has of it; steps have no text.
    pub(super) fn event(&mut self, sort: Sort, place: Place, details: [u64; 2]) {
        let time = u64::try_from(place.time.as_nanos()).unwrap_or(u64::MAX);
        let [first, second] = details;
        let log = place.log as u64;
        self.hasher
            .add([sort as u64, place.step, time, log, first, second]);
    }

    /// The same as text.
    pub(super) fn text(&mut self, place: Place, process: Option<String>, text: String) {
        if let Some(events) = &mut self.events {
            events.push(Event {
                step: place.step,
                time: place.time,
                log: place.log,
                process,
                text,
            });
        }
    }

    pub(super) fn finish(&mut self) -> (Fingerprint, Option<Vec<Event>>) {
        self.hasher.flush();
        (self.hasher.fingerprinter.finish(), self.events.take())
    }
}

/// What the fingerprint has of bytes.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}
