//! The end of a log without a stop at each of its entries.
//!
//! What happened before a position at which nothing is pending matters only through what processes see there. Such a position is told
//! from the syncs of the log: each changed file and directory was synced since. That is less than some profiles make durable, so there
//! may be later ones, but it needs no atoms.

use std::sync::Arc;

use super::frontier::{COLLECT_AT, Frontier};
use crate::image::{Image, Ino};
use crate::log::{Entry, MicroOp, Scope, SyncEnd};
use crate::profile::{Cover, Profile};

impl Frontier {
    /// The end of a log on a disk where everything is durable at its beginning.
    ///
    /// It is what [advancing](Frontier::advance) over each entry leads to, and costs less: of what came before the last position where
    /// nothing was pending, only the result is looked at.
    pub fn at_end(mut image: Image, profile: Arc<Profile>, log: &[Entry]) -> Self {
        let (quiet, gone) = last_quiet(&profile, image.inode_count(), log);
        let (before, rest) = log.split_at(quiet);
        for entry in before {
            show(&mut image, entry, &gone);
        }
        let mut frontier = Self::new(image, profile);
        frontier.entries = u32::try_from(quiet).expect("positions in a log are small");
        for entry in rest {
            frontier.advance(entry);
        }
        frontier
    }
}

/// The last position before the last entry where nothing is pending, as far as syncs tell, and the files that are gone there. `inodes`
/// is how many the disk has at the beginning.
fn last_quiet(profile: &Profile, inodes: usize, log: &[Entry]) -> (usize, Vec<Ino>) {
    let mut unsynced = Unsynced::new(profile, inodes);
    let (mut quiet, mut gone) = (0, 0);
    for (entry, position) in log.iter().zip(1..log.len()) {
        if !unsynced.note(entry) {
            break;
        }
        if unsynced.is_none() {
            (quiet, gone) = (position, unsynced.freed.len());
        }
    }
    unsynced.freed.truncate(gone);
    (quiet, unsynced.freed)
}

/// Shows what an entry changes, but for the content of files that are `gone` by then: nobody will see it.
fn show(image: &mut Image, entry: &Entry, gone: &[Ino]) {
    let is_gone = |change: &MicroOp| change.file().is_some_and(|ino| gone.contains(&ino));
    if !entry.changes.iter().all(is_gone) {
        image.show_all(&entry.changes);
    }
}

/// What no sync has covered, or a little more than that.
struct Unsynced<'a> {
    profile: &'a Profile,
    /// Files with changes of content or length.
    files: Vec<Ino>,
    /// Directories with changes of names.
    dirs: Vec<Ino>,
    /// Files without a name that are open.
    held: Vec<Ino>,
    /// Files that are gone once everything is synced.
    freed: Vec<Ino>,
    /// Inodes that a frontier would know.
    inodes: usize,
}

impl<'a> Unsynced<'a> {
    const fn new(profile: &'a Profile, inodes: usize) -> Self {
        Self {
            profile,
            files: Vec::new(),
            dirs: Vec::new(),
            held: Vec::new(),
            freed: Vec::new(),
            inodes,
        }
    }

    /// Whether there is nothing.
    fn is_none(&self) -> bool {
        self.dirs.is_empty()
            && self.held.is_empty()
            // The removal of a name frees the blocks, and is durable with its directory.
            && self.files.iter().all(|file| self.freed.contains(file))
    }

    /// Moves past an entry. Returns whether it was one that this can follow.
    fn note(&mut self, entry: &Entry) -> bool {
        for change in &entry.changes {
            match change {
                // From so many on a frontier forgets some, and when depends on what is pending.
                MicroOp::Inode { .. } => self.inodes += 1,
                MicroOp::Data { ino, .. }
                | MicroOp::Garbage { ino, .. }
                | MicroOp::Zero { ino, .. }
                | MicroOp::Size { ino, .. } => add(&mut self.files, *ino),
                MicroOp::Name { dir, .. } => add(&mut self.dirs, *dir),
                MicroOp::Free { ino } => self.freed.push(*ino),
                MicroOp::Held { ino, .. } => add(&mut self.held, *ino),
                MicroOp::Released { ino } => remove(&mut self.held, *ino),
                MicroOp::Evicted { .. } => return false,
            }
        }
        let is_followed = match entry.sync {
            None | Some((_, SyncEnd::Retained | SyncEnd::Dropped | SyncEnd::Lied)) => true,
            Some((scope, SyncEnd::Done)) => {
                self.sync(scope);
                true
            }
            Some(_) => false,
        };
        is_followed && self.inodes <= COLLECT_AT && self.profile.network.is_none()
    }

    fn sync(&mut self, scope: Scope) {
        let covers_file =
            |covers: &[Cover]| covers.contains(&Cover::Data) && covers.contains(&Cover::Size);
        match scope {
            Scope::File(ino) if covers_file(&self.profile.fsync_covers) => {
                remove(&mut self.files, ino);
            }
            Scope::FileData(ino) if covers_file(&self.profile.fdatasync_covers) => {
                remove(&mut self.files, ino);
            }
            Scope::Dir(ino) if self.profile.fsync_dir_covers.contains(&Cover::Entries) => {
                remove(&mut self.dirs, ino);
            }
            _ => {}
        }
    }
}

fn add(inodes: &mut Vec<Ino>, ino: Ino) {
    if !inodes.contains(&ino) {
        inodes.push(ino);
    }
}

fn remove(inodes: &mut Vec<Ino>, ino: Ino) {
    inodes.retain(|&other| other != ino);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use plimsoll_reference::fs::{FsOps, OpenOptions};

    use super::*;
    use crate::disk::SimFs;

    /// A store that commits as SQLite does with a journal: what it has said is durable is no longer looked at.
    #[test]
    fn nothing_is_pending_where_each_change_was_synced() {
        let disk = SimFs::new(Image::new());
        let create = OpenOptions::read_write().create();
        let data = disk.open(Path::new("data"), create).expect("a file");
        data.sync_all().expect("a sync");
        let mut ends = Vec::new();
        for commit in 0..3_u8 {
            let journal = disk.open(Path::new("journal"), create).expect("a file");
            journal.write_at(&[commit; 700], 0).expect("a write");
            journal.sync_all().expect("a sync");
            disk.sync_dir(Path::new("")).expect("a sync");
            journal.write_at(b"one page", 0).expect("a write");
            journal.close().expect("a close");
            data.write_at(&[commit; 4096], 0).expect("a write");
            data.sync_all().expect("a sync");
            disk.remove_file(Path::new("journal")).expect("a removal");
            disk.sync_dir(Path::new("")).expect("a sync");
            ends.push(disk.log_len());
        }
        let log = disk.take_log();
        for name in [
            "posix-minimal",
            "ext4-ordered",
            "ext4-writeback",
            "xfs",
            "btrfs",
        ] {
            let profile = Profile::named(name).expect("it ships");
            let mut frontier = Frontier::new(Image::new(), Arc::clone(&profile));
            for (entry, len) in log.iter().zip(1..) {
                frontier.advance(entry);
                let (quiet, gone) = last_quiet(&profile, 1, &log[..len]);
                let expected = ends.iter().rfind(|&&end| end < len);
                // A position after the last sync and before the next change is as good as the one at the sync.
                assert!(quiet >= expected.copied().unwrap_or(0), "{name}, {len}");
                assert_eq!(gone.len(), ends.iter().filter(|&&end| end <= quiet).count());
                if ends.contains(&len) {
                    assert_eq!(frontier.pending(), 0, "{name}, {len}");
                }
            }
        }
        let network = Profile::named("nfs-sync").expect("it ships");
        assert_eq!(last_quiet(&network, 1, &log).0, 0, "servers remember more");
    }
}
