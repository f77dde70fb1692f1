//! The missing barrier: the fewest syncs that would have prevented a violation.
//!
//! Each candidate is a sync of what an operation changed, put right behind that operation. The run is swept again as if the store
//! had asked for all of them; where that makes the oracle hold, those that are not needed are taken away again, one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::log::{Entry, MicroOp, Scope, SyncEnd};
use plimsoll_faults::op_kind::OpKind;

use super::lab::Lab;
use super::recording::{Recording, record};
use super::sweep::{Ended, Sweep};
use crate::case::Case;
use crate::oracle::Oracle;

/// Longest log that is explained: each candidate costs a sweep.
const LOG_MAX: usize = 400;

/// Candidates that are tried: those of the last operations.
const CANDIDATES_MAX: usize = 48;

/// A sync that the store did not ask for.
struct Candidate {
    after: usize,
    scope: Scope,
    path: String,
}

/// The syncs that make the oracle hold, in words.
pub(super) fn missing_barrier(case: &Case, oracle: Oracle) -> Option<String> {
    if case.disk.kinds.contains(&CrashKind::Lying) {
        return None;
    }
    let recording = record(case, &case.plan);
    if recording.log.len() > LOG_MAX || recording.finding.is_some() {
        return None;
    }
    // Only the run itself is mended, not the recoveries after it: those are left alone here.
    let mut case = case.clone();
    case.limits.depth = 0;
    let is_violated =
        |syncs: &[Candidate]| is_violated(&case, &with_syncs(&recording, syncs), oracle);
    if is_violated(&[]) != Some(true) {
        return None;
    }
    let mut needed = candidates(&recording.log);
    needed.drain(..needed.len().saturating_sub(CANDIDATES_MAX));
    if is_violated(&needed) != Some(false) {
        return None;
    }
    let mut index = 0;
    while index < needed.len() {
        let candidate = needed.remove(index);
        if is_violated(&needed) != Some(false) {
            needed.insert(index, candidate);
            index += 1;
        }
    }
    let syncs: Vec<String> = needed
        .iter()
        .map(|candidate| candidate.describe(&recording.log))
        .collect();
    Some(format!("{} would have prevented it", syncs.join(" and ")))
}

impl Candidate {
    fn describe(&self, log: &[Entry]) -> String {
        let call = match self.scope {
            Scope::Dir(_) => "a directory sync",
            Scope::File(_) | Scope::FileData(_) => "an fsync",
            Scope::Close(_) => "a close",
        };
        format!(
            "{call} of `{}` after operation {} ({})",
            self.path,
            self.after + 1,
            log[self.after]
        )
    }
}

fn candidates(log: &[Entry]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (after, entry) in log.iter().enumerate() {
        let mut scopes: Vec<(Scope, String)> = Vec::new();
        for change in &entry.changes {
            let found = match change {
                MicroOp::Name { dir, .. } => (Scope::Dir(*dir), parent_of(entry, change)),
                MicroOp::Data { ino, .. }
                | MicroOp::Zero { ino, .. }
                | MicroOp::Size { ino, .. } => (Scope::File(*ino), entry.path.to_string()),
                MicroOp::Inode { .. }
                | MicroOp::Garbage { .. }
                | MicroOp::Free { .. }
                | MicroOp::Evicted { .. }
                | MicroOp::Held { .. }
                | MicroOp::Released { .. } => continue,
            };
            if scopes.iter().all(|(scope, _)| *scope != found.0) {
                scopes.push(found);
            }
        }
        candidates.extend(
            scopes
                .into_iter()
                .map(|(scope, path)| Candidate { after, scope, path }),
        );
    }
    candidates
}

/// The path of the directory that an entry changes.
fn parent_of(entry: &Entry, change: &MicroOp) -> String {
    let path = match (entry.kind, change, &entry.second) {
        // The new name of a rename or link is the second path, the old one the first.
        (
            OpKind::Rename | OpKind::Link,
            MicroOp::Name {
                target: Some(_), ..
            },
            Some(second),
        ) => second,
        _ => &entry.path,
    };
    match path.trim_end_matches('/').rsplit_once('/') {
        Some((parent, _)) => parent.to_owned(),
        None => ".".to_owned(),
    }
}

/// The run as if the store had asked for these syncs too.
fn with_syncs(recording: &Recording, syncs: &[Candidate]) -> Recording {
    let mut mended = recording.clone();
    // From the back, so that the places of the earlier ones stay what they are.
    for candidate in syncs.iter().rev() {
        let kind = match candidate.scope {
            Scope::Dir(_) => OpKind::SyncDir,
            Scope::File(_) => OpKind::SyncAll,
            Scope::FileData(_) => OpKind::SyncData,
            Scope::Close(_) => OpKind::Close,
        };
        mended.log.insert(
            candidate.after + 1,
            Entry {
                kind,
                path: Arc::from(candidate.path.as_str()),
                second: None,
                range: None,
                changes: Vec::new(),
                sync: Some((candidate.scope, SyncEnd::Done)),
                error: None,
            },
        );
        for event in &mut mended.events {
            if event.at > candidate.after {
                event.at += 1;
            }
        }
    }
    mended
}

/// Whether a sweep of this run violates the oracle; nothing when a limit ended it.
fn is_violated(case: &Case, recording: &Recording, oracle: Oracle) -> Option<bool> {
    let mut lab = Lab::new(case);
    let mut found = BTreeMap::new();
    let ended = Sweep::new(case, recording, &mut lab, &mut found).run();
    (ended == Ended::Complete).then(|| found.contains_key(&oracle))
}
