//! Why dropping a sync makes no difference on a disk: what else makes durable what it covers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::crash::Frontier;
use plimsoll_faults::image::Image;
use plimsoll_faults::log::{Entry, MicroOp, Scope};
use plimsoll_reference::level::Level;

use super::history::{Step, What};
use super::recording::{Recording, record};
use crate::calibrate::{Call, Redundancy};
use crate::case::{Case, Disk};
use crate::command::Command;

/// Pending changes: the log entry that made each, and what it is.
type Pending = BTreeSet<(u32, String)>;

/// Why the sync with this index, from 0, is redundant in the case's run on a disk that does not notice that it is missing.
pub(crate) fn redundancy(case: &Case, disk: &Disk, index: usize) -> Redundancy {
    let recording = record(case, &case.plan);
    let syncs = recording.log.iter().enumerate();
    let mut syncs = syncs.filter(|(_, entry)| entry.kind.is_sync());
    let Some((at, sync)) = syncs.nth(index) else {
        return Redundancy::Idle;
    };
    let mut frontier = Frontier::new(Image::new(), Arc::clone(&disk.profile));
    // What each operation before the sync made durable.
    let mut durable: Vec<(usize, Pending)> = Vec::new();
    for (position, entry) in recording.log[..at].iter().enumerate() {
        let gone = advance(&mut frontier, entry);
        durable.push((position, gone));
    }
    let without = frontier.branch();
    let forced = advance(&mut frontier, sync);
    if forced.is_empty() {
        return earlier(&recording, sync, at, &durable);
    }
    match later(&recording, without, at, &forced) {
        Redundancy::Ordered => promised(&recording, at, &forced),
        other => other,
    }
}

/// Moves past an entry and returns what it made durable.
fn advance(frontier: &mut Frontier, entry: &Entry) -> Pending {
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

/// The last operation that made durable some of what the sync covers.
fn earlier(
    recording: &Recording,
    sync: &Entry,
    at: usize,
    durable: &[(usize, Pending)],
) -> Redundancy {
    let covered: BTreeSet<u32> = (0..)
        .zip(&recording.log[..at])
        .filter(|(_, entry)| is_covered(entry, sync))
        .map(|(number, _)| number)
        .collect();
    let last = durable
        .iter()
        .rev()
        .find(|(_, gone)| gone.iter().any(|(entry, _)| covered.contains(entry)));
    match last {
        Some((position, _)) => Redundancy::Earlier(call(recording, *position)),
        None => Redundancy::Idle,
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

/// The later operation by which the last of `forced` becomes durable when the sync is missing.
fn later(recording: &Recording, mut frontier: Frontier, at: usize, forced: &Pending) -> Redundancy {
    // The entry is passed all the same, so that those after it keep their numbers.
    let dropped = Entry {
        sync: None,
        ..recording.log[at].clone()
    };
    frontier.advance(&dropped);
    for (position, entry) in recording.log.iter().enumerate().skip(at + 1) {
        if is_promised(recording, at, position) {
            break;
        }
        frontier.advance(entry);
        if pending(&frontier).is_disjoint(forced) {
            return Redundancy::Later(call(recording, position));
        }
        if !is_there(frontier.volatile(), &recording.log[at]) {
            return Redundancy::Gone(call(recording, position));
        }
    }
    Redundancy::Ordered
}

/// The step whose acknowledgement promised, before the sync, all that the sync makes durable.
fn promised(recording: &Recording, at: usize, forced: &Pending) -> Redundancy {
    let last = forced.iter().map(|(entry, _)| *entry as usize).max();
    let promise = recording.events.iter().find(|event| {
        // The acknowledgement of a snapshot that was begun earlier says nothing of what came after its cut.
        let step = (event.step as usize)
            .checked_sub(1)
            .and_then(|index| recording.steps.get(index));
        let is_cut = matches!(step, Some(Step::Command(Command::SnapshotFinish(_))));
        event.what == What::Acked(Level::Power)
            && !is_cut
            && event.at <= at
            && last.is_some_and(|last| last < event.at)
    });
    promise.map_or(Redundancy::Ordered, |event| {
        Redundancy::Promised(event.step)
    })
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
