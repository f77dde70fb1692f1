//! The missing barrier: the one sync that would have prevented a violation.
//!
//! Each candidate is a sync of what an operation changed, put right behind that operation. The run is swept again as if the store
//! had asked for it; a candidate under which the oracle holds is the explanation.

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

/// Candidates that are tried, the last operations first.
const CANDIDATES_MAX: usize = 48;

/// A sync that the store did not ask for.
struct Candidate {
    after: usize,
    scope: Scope,
    path: String,
}

/// The sync that makes the oracle hold, in words.
pub(super) fn missing_barrier(case: &Case, oracle: Oracle) -> Option<String> {
    if case.disk.kinds.contains(&CrashKind::Lying) {
        return None;
    }
    let recording = record(&*case.sut, &case.workload, &case.plan);
    if recording.log.len() > LOG_MAX || recording.finding.is_some() {
        return None;
    }
    // Only the run itself is mended, not the recoveries after it: those are left alone here.
    let mut case = case.clone();
    case.limits.depth = 0;
    if !is_violated(&case, &recording, oracle)? {
        return None;
    }
    candidates(&recording.log)
        .into_iter()
        .rev()
        .take(CANDIDATES_MAX)
        .find(|candidate| {
            is_violated(&case, &with_sync(&recording, candidate), oracle) == Some(false)
        })
        .map(|candidate| {
            let call = match candidate.scope {
                Scope::Dir(_) => "directory sync",
                Scope::File(_) | Scope::FileData(_) => "fsync",
            };
            format!(
                "a {call} of `{}` after operation {} ({}) would have prevented it",
                candidate.path,
                candidate.after + 1,
                recording.log[candidate.after]
            )
        })
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
                MicroOp::Inode { .. } => continue,
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

/// The run as if the store had asked for this sync too.
fn with_sync(recording: &Recording, candidate: &Candidate) -> Recording {
    let kind = match candidate.scope {
        Scope::Dir(_) => OpKind::SyncDir,
        Scope::File(_) => OpKind::SyncAll,
        Scope::FileData(_) => OpKind::SyncData,
    };
    let mut mended = recording.clone();
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
    mended
}

/// Whether a sweep of this run violates the oracle; nothing when a limit ended it.
fn is_violated(case: &Case, recording: &Recording, oracle: Oracle) -> Option<bool> {
    let mut lab = Lab::new(&*case.sut, &case.disk, case.limits, case.seed);
    let mut found = BTreeMap::new();
    let ended = Sweep::new(case, recording, &mut lab, &mut found).run();
    (ended == Ended::Complete).then(|| found.contains_key(&oracle))
}
