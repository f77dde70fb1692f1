//! Recoveries that need not be run, because one that saw the same was.
//!
//! A recovery is a function of the names on the disk, of what it reads, and of the time. Many images differ only in files that it
//! never opens: temporaries that it removes, segments that a snapshot made needless. What is remembered of a recovery is which
//! files it opened or described, and what came of it; an image with the same names on which these files hold the same comes to the
//! same.
//!
//! This says what a recovery shows, and whether it changes anything. What a crash of it may leave depends on the whole image.

use std::time::Duration;

use plimsoll_faults::crash::Parts;
use plimsoll_faults::image::Ino;
use rustc_hash::FxHashMap;

use super::recovered::Recovered;

/// Recoveries that are remembered; then all are forgotten. Neighbouring crash points share them, those far apart do not.
const REMEMBERED_MAX: usize = 1 << 14;

/// What came of a recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) result: Recovered,
    /// Whether it changed the disk.
    pub(super) wrote: bool,
}

/// The recoveries that looked at the same files.
#[derive(Debug)]
struct Group {
    /// Hashes of the names of these files.
    files: Vec<u128>,
    /// By what they held.
    seen: FxHashMap<u128, Seen>,
}

/// Recoveries by what they saw.
#[derive(Debug, Default)]
pub(super) struct LookUp {
    /// By all names on the disk, and the time.
    groups: FxHashMap<(u128, Duration), Vec<Group>>,
    remembered: usize,
}

impl LookUp {
    /// What comes of recovering an image at some time, where a recovery that saw the same was run.
    pub(super) fn find(&self, parts: &Parts, now: Duration) -> Option<&Seen> {
        let groups = self.groups.get(&(parts.names, now))?;
        groups
            .iter()
            .find_map(|group| group.seen.get(&parts.contents(&group.files)?))
    }

    /// Remembers a recovery that opened or described these files.
    pub(super) fn insert(&mut self, parts: &Parts, now: Duration, inspected: &[Ino], seen: Seen) {
        if self.remembered == REMEMBERED_MAX {
            self.groups.clear();
            self.remembered = 0;
        }
        let files = parts.named(inspected);
        let Some(contents) = parts.contents(&files) else {
            return;
        };
        let groups = self.groups.entry((parts.names, now)).or_default();
        let group = match groups.iter().position(|group| group.files == files) {
            Some(position) => &mut groups[position],
            None => {
                groups.push(Group {
                    files,
                    seen: FxHashMap::default(),
                });
                let last = groups.len() - 1;
                &mut groups[last]
            }
        };
        self.remembered += 1;
        group.seen.insert(contents, seen);
    }
}
