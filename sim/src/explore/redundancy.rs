//! Why dropping a sync makes no difference on a disk: what else makes durable what it covers.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use plimsoll_faults::crash::Frontier;
use plimsoll_faults::image::Image;
use plimsoll_faults::log::{Entry, MicroOp, Scope};
use plimsoll_reference::level::Level;

use super::alike::{Run, STATES_MAX, is_alike};
use super::deletions::Deletions;
use super::history::{Step, What};
use super::recording::Recording;
use super::visits::Visits;
use crate::calibrate::{Call, Redundancy};
use crate::command::Command;

/// Pending changes: the log entry that made each, and what it is.
pub(super) type Pending = BTreeSet<(u32, String)>;

impl Deletions<'_> {
    /// Why nobody can notice that the syncs at `barrier` are missing from the run `without`.
    ///
    /// What else makes durable what they cover only tells people where to look. That nobody can notice it rests on one of two
    /// things: they change nothing of what a crash may leave, or every crash without them was compared with those of the run with them.
    pub(super) fn redundancy(&mut self, without: &Recording, barrier: Range<usize>) -> Redundancy {
        let at = barrier.start;
        let mut frontier = self.frontier(at);
        let missing = frontier.branch();
        let (mut forced, mut has_changed) = (Pending::new(), false);
        for sync in &self.recording.log[barrier] {
            has_changed |= frontier.branch().advance(sync);
            forced.extend(moved_past(&mut frontier, sync));
        }
        if !has_changed {
            return self.earlier(at);
        }
        let visits = Visits::of(self.case, without, &mut self.lab, at, STATES_MAX);
        let with = Run {
            recording: &self.recording,
            visits: &self.visits,
        };
        let other = Run {
            recording: without,
            visits: &visits,
        };
        if !is_alike(with, other) {
            Redundancy::Needed
        } else if forced.is_empty() {
            Redundancy::Alike
        } else {
            later(without, missing, at, &forced)
                .or_else(|| promised(&self.recording, at, &forced))
                .unwrap_or(Redundancy::Alike)
        }
    }

    /// The last operation that made durable some of what the sync covers.
    fn earlier(&self, at: usize) -> Redundancy {
        let sync = &self.recording.log[at];
        let covered: BTreeSet<u32> = (0..)
            .zip(&self.recording.log[..at])
            .filter(|(_, entry)| is_covered(entry, sync))
            .map(|(number, _)| number)
            .collect();
        let last = self.made_durable[..at]
            .iter()
            .rposition(|gone| gone.iter().any(|(entry, _)| covered.contains(entry)));
        last.map_or(Redundancy::Idle, |position| {
            Redundancy::Earlier(call(&self.recording, position))
        })
    }
}

/// Moves past an entry and returns what it made durable.
pub(super) fn moved_past(frontier: &mut Frontier, entry: &Entry) -> Pending {
    let before = pending(frontier);
    frontier.advance(entry);
    let after = pending(frontier);
    before.difference(&after).cloned().collect()
}

fn pending(frontier: &Frontier) -> Pending {
    frontier.lost(frontier.nothing()).into_iter().collect()
}

fn call(recording: &Recording, at: usize) -> Call {
    Call {
        operation: at + 1,
        text: recording.log[at].to_string(),
    }
}

/// Whether an entry changed what the sync is asked to make durable.
fn is_covered(entry: &Entry, sync: &Entry) -> bool {
    let Some((scope, _)) = sync.sync else {
        return false;
    };
    entry.changes.iter().any(|change| match (scope, change) {
        (Scope::Dir(ino), MicroOp::Name { dir, .. }) => *dir == ino,
        (Scope::File(ino) | Scope::FileData(ino), MicroOp::Name { target, .. }) => {
            *target == Some(ino)
        }
        (Scope::File(ino) | Scope::FileData(ino), change) => change.file() == Some(ino),
        (Scope::Dir(_) | Scope::Close(_), _) => false,
    })
}

/// The later operation by which the last of `forced` becomes durable when the sync is missing, or by which the file is gone, if nothing
/// is promised for a power loss before that.
fn later(
    without: &Recording,
    mut frontier: Frontier,
    at: usize,
    forced: &Pending,
) -> Option<Redundancy> {
    let sync = &without.log[at];
    frontier.advance(sync);
    for (position, entry) in without.log.iter().enumerate().skip(at + 1) {
        if is_promised(without, at, position) {
            return None;
        }
        frontier.advance(entry);
        if pending(&frontier).is_disjoint(forced) {
            return Some(Redundancy::Later(call(without, position)));
        }
        if !is_there(frontier.volatile(), sync) {
            return Some(Redundancy::Gone(call(without, position)));
        }
    }
    None
}

/// The step whose acknowledgement promised, before the sync, all that the sync makes durable.
fn promised(recording: &Recording, at: usize, forced: &Pending) -> Option<Redundancy> {
    let last = forced.iter().map(|(entry, _)| *entry as usize).max()?;
    let promise = recording.events.iter().find(|event| {
        // The acknowledgement of a snapshot that was begun earlier says nothing of what came after its cut.
        let step = (event.step as usize)
            .checked_sub(1)
            .and_then(|index| recording.steps.get(index));
        let is_cut = matches!(step, Some(Step::Command(Command::SnapshotFinish(_))));
        event.what == What::Acked(Level::Power) && !is_cut && event.at <= at && last < event.at
    })?;
    Some(Redundancy::Promised(promise.step))
}

/// Whether the file or directory that a sync covers has a name.
fn is_there(image: &Image, sync: &Entry) -> bool {
    let Some((Scope::File(ino) | Scope::FileData(ino) | Scope::Dir(ino), _)) = sync.sync else {
        return false;
    };
    let mut found = matches!(sync.sync, Some((Scope::Dir(_), _)));
    image.walk(&mut |_, other| found |= other == ino);
    found
}

/// Whether a promise for a power loss is given, or a window ends, after one operation and before another.
fn is_promised(recording: &Recording, after: usize, before: usize) -> bool {
    let time = |at: usize| {
        let earlier = recording.events.iter().take_while(|event| event.at <= at);
        earlier.last().map_or(Duration::ZERO, |event| event.now)
    };
    let due = time(after)..time(before);
    recording
        .events
        .iter()
        .take_while(|event| event.at <= before)
        .any(|event| match event.what {
            What::Acked(Level::Power) => event.at > after,
            What::Acked(Level::Window(window)) => due.contains(&(event.now + window)),
            _ => false,
        })
}
