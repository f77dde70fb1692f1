//! The barriers of a run: its syncs, those of one file that follow each other directly taken together.

use std::ops::Range;

use plimsoll_faults::log::Entry;

use super::recording::record;
use crate::case::Case;

/// Syncs of one file or directory with nothing in between. One of them makes durable what all of them cover; the others are there to hear of
/// what failed late, which is for runs with errors to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Barrier {
    /// The first of them, as a trace shows it.
    pub(crate) site: String,
    /// Their numbers among the syncs of the run, from 0.
    pub(crate) syncs: Range<usize>,
    /// Where in the log they are.
    pub(super) at: Range<usize>,
}

impl Barrier {
    /// Those of a case's run, in order.
    pub(crate) fn of(case: &Case) -> Vec<Self> {
        Self::all(&record(case, &case.plan).log)
    }

    /// Those of a log, in order.
    pub(super) fn all(log: &[Entry]) -> Vec<Self> {
        let mut barriers: Vec<Self> = Vec::new();
        let syncs = log.iter().enumerate();
        let syncs = syncs.filter(|(_, entry)| entry.kind.is_sync());
        for (number, (at, entry)) in syncs.enumerate() {
            let last = barriers.last_mut();
            let inode = |entry: &Entry| entry.sync.map(|(scope, _)| scope.inode());
            match last.filter(|last| last.at.end == at && inode(&log[at - 1]) == inode(entry)) {
                Some(last) => (last.syncs.end, last.at.end) = (number + 1, at + 1),
                None => barriers.push(Self {
                    site: entry.to_string(),
                    syncs: number..number + 1,
                    at: at..at + 1,
                }),
            }
        }
        barriers
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use plimsoll_faults::disk::SimFs;
    use plimsoll_faults::image::Image;
    use plimsoll_reference::fs::{FsOps, OpenOptions};

    use super::*;

    #[test]
    fn only_syncs_of_one_file_with_nothing_in_between_are_one_barrier() {
        let fs = SimFs::new(Image::new());
        let [a, b] = ["a", "b"].map(|path| {
            let file = fs.open(Path::new(path), OpenOptions::read_write().create());
            file.expect("it is created")
        });
        let sync = |times: usize| {
            for _ in 0..times {
                a.sync_data().expect("a sync");
            }
        };
        sync(2);
        b.sync_all().expect("a sync");
        sync(3);
        b.write_at(b"b", 0).expect("there is room");
        sync(1);
        let found = Barrier::all(&fs.take_log());
        let lens = found.iter().map(|barrier| barrier.syncs.clone());
        assert_eq!(lens.collect::<Vec<_>>(), [0..2, 2..3, 3..6, 6..7]);
        let at = found.iter().map(|barrier| barrier.at.clone());
        assert_eq!(at.collect::<Vec<_>>(), [2..4, 4..5, 5..8, 9..10]);
        assert_eq!(found[0].site, "fdatasync a");
    }
}
