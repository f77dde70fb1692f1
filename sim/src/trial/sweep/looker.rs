//! Whoever looks at what crashes leave: a reader, and on some of it the system itself.

use std::sync::Arc;

use plimsoll_faults::crash::{CrashState, Frontier};
use plimsoll_faults::disk::SimFs;
use rustc_hash::FxHashMap;

use super::Sweep;
use super::start::{Started, start};
use crate::fingerprint::Fingerprinter;
use crate::trial::history::Found;
use crate::trial::run::Ground;

/// Images whose readings are kept.
const IMAGES_MAX: usize = 1 << 16;

/// One image in so many is one that systems are started on, whichever world it comes from.
const STARTED_OF: u128 = 16;

/// Images of one world that the system is started on.
const STARTS_MAX: usize = 8;

/// What was found on images, by what a reader can observe of them, and what came of starts on them.
#[derive(Debug, Default)]
pub struct Images {
    found: FxHashMap<u128, Arc<Found>>,
    started: FxHashMap<u128, Arc<Started>>,
}

/// Whether a system is started on some of the images.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Starts {
    None,
    Some,
}

/// Reads images once, whoever asks, and counts.
pub(super) struct Looker<'a, 'b> {
    pub(super) ground: &'a Ground,
    pub(super) starts: Starts,
    /// Images of this world that the system was started on.
    pub(super) started: &'b mut Vec<u128>,
    pub(super) images: &'b mut Images,
    pub(super) fingerprinter: &'b mut Fingerprinter,
    pub(super) sweep: &'b mut Sweep,
}

impl Looker<'_, '_> {
    /// What a reader finds on the image of a state, and what comes of starting the system there, where it is.
    pub(super) fn look(
        &mut self,
        frontier: &mut Frontier,
        state: CrashState,
    ) -> (Arc<Found>, Option<Arc<Started>>) {
        self.sweep.states += 1;
        let key = frontier.key(state);
        self.fingerprinter.hash(key);
        let found = match self.images.found.get(&key) {
            Some(found) => Arc::clone(found),
            None => {
                self.sweep.images += 1;
                let disk = SimFs::new(frontier.image(state));
                let found = Arc::new(self.ground.system.inspect(&disk));
                if self.images.found.len() == IMAGES_MAX {
                    self.images.found.clear();
                }
                self.images.found.insert(key, Arc::clone(&found));
                found
            }
        };
        let started = self.start(frontier, key, state, &found);
        (found, started)
    }

    /// Starts the system on an image, where that is one of the sample and is new to this world. Which ones are is a matter of the image
    /// alone, so that a world that is swept again starts the same.
    fn start(
        &mut self,
        frontier: &mut Frontier,
        key: u128,
        state: CrashState,
        found: &Found,
    ) -> Option<Arc<Started>> {
        let is_sampled = self.starts == Starts::Some && key.is_multiple_of(STARTED_OF);
        // One that cannot be read is a finding already.
        if !is_sampled || matches!(found, Found::Unreadable(_)) {
            return None;
        }
        if self.started.contains(&key) || self.started.len() == STARTS_MAX {
            return None;
        }
        self.started.push(key);
        let started = match self.images.started.get(&key) {
            Some(started) => Arc::clone(started),
            None => {
                let image = frontier.image(state);
                // It was run where worlds can be.
                let started = start(self.ground, &image, key, found, self.images).ok()?;
                let started = Arc::new(started);
                if self.images.started.len() == IMAGES_MAX {
                    self.images.started.clear();
                }
                self.images.started.insert(key, Arc::clone(&started));
                started
            }
        };
        self.sweep.starts += 1;
        self.sweep.start_states += started.states;
        self.sweep.left_out += started.left_out;
        self.sweep.is_limited |= started.is_limited;
        self.fingerprinter.hash(started.fingerprint.0);
        Some(started)
    }
}
