//! The operations on names and directories.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_reference::fs::{DirEntry, FileKind, Metadata};

use super::path::{described, is_dir_path, place, resolve, text};
use super::request::Request;
use super::sim_fs::SimFs;
use super::state::State;
use super::sync::Sync;
use crate::errno::Errno;
use crate::image::{Ino, Node};
use crate::log::{Entry, InodeKind, MicroOp, Scope};
use crate::op_kind::OpKind;
use crate::plan::Effect;

impl SimFs {
    /// Records a change of names.
    fn rename_like(
        state: &mut State,
        kind: OpKind,
        path: &str,
        second: Option<&str>,
        changes: Vec<MicroOp>,
    ) {
        state.commit(Entry {
            kind,
            path: Arc::from(path),
            second: second.map(Arc::from),
            range: None,
            changes,
            sync: None,
            error: None,
        });
    }

    pub(super) fn rename_path(&self, from: &Path, to: &Path) -> Result<(), Errno> {
        let mut state = self.alive()?;
        let (from, to) = (text(from)?, text(to)?);
        state.perform(Request::new(OpKind::Rename, from).and(to), |state, _| {
            let source = place(&state.image, from)?;
            let dest = place(&state.image, to)?;
            let ino = source.target.ok_or(Errno::ENOENT)?;
            let source_is_dir = state.image.dir(ino).is_some();
            if !source_is_dir && (is_dir_path(from) || is_dir_path(to)) {
                return Err(Errno::ENOTDIR);
            }
            // In the order of Linux: first what concerns the way to the two names, then what they refer to.
            if source_is_dir && state.is_below(dest.dir, ino) {
                return Err(Errno::EINVAL);
            }
            if let Some(old) = dest.target {
                // rename(2): two names of one file stay as they are.
                if old == ino {
                    return Ok(());
                }
                if state.is_below(source.dir, old) {
                    return Err(Errno::ENOTEMPTY);
                }
                match (source_is_dir, state.image.dir(old)) {
                    (true, None) => return Err(Errno::ENOTDIR),
                    (false, Some(_)) => return Err(Errno::EISDIR),
                    (true, Some(entries)) if !entries.is_empty() => return Err(Errno::ENOTEMPTY),
                    _ => {}
                }
            }
            let held = dest.target.and_then(|old| state.hold(old, dest.dir));
            let names = [
                MicroOp::Name {
                    dir: dest.dir,
                    name: dest.name,
                    target: Some(ino),
                },
                MicroOp::Name {
                    dir: source.dir,
                    name: source.name,
                    target: None,
                },
            ];
            let changes = held.into_iter().chain(names).collect();
            Self::rename_like(state, OpKind::Rename, from, Some(to), changes);
            Ok(())
        })
    }

    pub(super) fn link_path(&self, original: &Path, link: &Path) -> Result<(), Errno> {
        let mut state = self.alive()?;
        let (original, link) = (text(original)?, text(link)?);
        state.perform(
            Request::new(OpKind::Link, original).and(link),
            |state, _| {
                let ino = described(&state.image, original)?;
                let dest = place(&state.image, link).map_err(busy_is_taken)?;
                if dest.target.is_some() {
                    return Err(Errno::EEXIST);
                }
                if is_dir_path(link) {
                    return Err(Errno::ENOENT);
                }
                if state.image.dir(ino).is_some() {
                    return Err(Errno::EPERM);
                }
                let changes = vec![MicroOp::Name {
                    dir: dest.dir,
                    name: dest.name,
                    target: Some(ino),
                }];
                Self::rename_like(state, OpKind::Link, original, Some(link), changes);
                Ok(())
            },
        )
    }

    pub(super) fn symlink_path(&self, target: &Path, link: &Path) -> Result<(), Errno> {
        let mut state = self.alive()?;
        let (target, link) = (text(target)?, text(link)?);
        let request = Request::new(OpKind::Symlink, target).and(link);
        state.perform(request, |state, _| {
            if target.is_empty() {
                return Err(Errno::ENOENT);
            }
            let found = place(&state.image, link).map_err(busy_is_taken)?;
            if found.target.is_some() {
                return Err(Errno::EEXIST);
            }
            if is_dir_path(link) {
                return Err(Errno::ENOENT);
            }
            state.take_inode()?;
            let ino = state.image.next_ino();
            let changes = vec![
                MicroOp::Inode {
                    ino,
                    kind: InodeKind::Symlink(Arc::from(target)),
                },
                MicroOp::Name {
                    dir: found.dir,
                    name: found.name,
                    target: Some(ino),
                },
            ];
            Self::rename_like(state, OpKind::Symlink, target, Some(link), changes);
            Ok(())
        })
    }

    pub(super) fn read_link_path(&self, path: &Path) -> Result<PathBuf, Errno> {
        let mut state = self.alive()?;
        let path = text(path)?;
        state.perform(Request::new(OpKind::ReadLink, path), |state, _| {
            let ino = described(&state.image, path)?;
            match state.image.node(ino) {
                Some(Node::Symlink(target)) => Ok(PathBuf::from(&**target)),
                _ => Err(Errno::EINVAL),
            }
        })
    }

    pub(super) fn unlink_path(&self, kind: OpKind, path: &Path) -> Result<(), Errno> {
        let mut state = self.alive()?;
        let path = text(path)?;
        state.perform(Request::new(kind, path), |state, _| {
            let found = match kind {
                OpKind::RemoveDir => place(&state.image, path)?,
                _ => place(&state.image, path).map_err(busy_is_dir)?,
            };
            let ino = found.target.ok_or(Errno::ENOENT)?;
            match (kind, state.image.dir(ino)) {
                (OpKind::RemoveDir, None) => return Err(Errno::ENOTDIR),
                (OpKind::RemoveDir, Some(entries)) if !entries.is_empty() => {
                    return Err(Errno::ENOTEMPTY);
                }
                (OpKind::RemoveDir, Some(_)) => {}
                (_, Some(_)) => return Err(Errno::EISDIR),
                (_, None) if is_dir_path(path) => return Err(Errno::ENOTDIR),
                (_, None) => {}
            }
            let removed = MicroOp::Name {
                dir: found.dir,
                name: found.name,
                target: None,
            };
            // With room for its blocks to become free.
            let mut changes = Vec::with_capacity(3);
            changes.extend(state.hold(ino, found.dir));
            changes.push(removed);
            Self::rename_like(state, kind, path, None, changes);
            Ok(())
        })
    }

    pub(super) fn mkdir(&self, path: &Path) -> Result<(), Errno> {
        let mut state = self.alive()?;
        let path = text(path)?;
        state.perform(Request::new(OpKind::CreateDir, path), |state, _| {
            let found = place(&state.image, path).map_err(busy_is_taken)?;
            if found.target.is_some() {
                return Err(Errno::EEXIST);
            }
            state.take_inode()?;
            let ino = state.image.next_ino();
            let changes = vec![
                MicroOp::Inode {
                    ino,
                    kind: InodeKind::Dir,
                },
                MicroOp::Name {
                    dir: found.dir,
                    name: found.name,
                    target: Some(ino),
                },
            ];
            Self::rename_like(state, OpKind::CreateDir, path, None, changes);
            Ok(())
        })
    }

    pub(super) fn list(&self, path: &Path) -> Result<Vec<DirEntry>, Errno> {
        let mut state = self.alive()?;
        let path = text(path)?;
        state.perform(Request::new(OpKind::ReadDir, path), |state, _| {
            let ino = resolve(&state.image, path)?;
            let entries = state.image.dir(ino).ok_or(Errno::ENOTDIR)?;
            Ok(entries
                .iter()
                .map(|(name, &target)| DirEntry {
                    name: name.to_string(),
                    kind: describe(state, target).kind,
                })
                .collect())
        })
    }

    pub(super) fn stat(&self, path: &Path) -> Result<Option<Metadata>, Errno> {
        let mut state = self.alive()?;
        let path = text(path)?;
        state.perform(
            Request::new(OpKind::Stat, path),
            |state, decision| match described(&state.image, path) {
                Ok(ino) => {
                    state.inspect(ino);
                    Ok(Some(seen(describe(state, ino), decision)))
                }
                Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(None),
                Err(errno) => Err(errno),
            },
        )
    }

    pub(super) fn fsync_dir(&self, path: &Path) -> Result<(), Errno> {
        let mut state = self.alive()?;
        let path = text(path)?;
        state.perform(Request::new(OpKind::SyncDir, path), |state, decision| {
            let ino = resolve(&state.image, path)?;
            if state.image.dir(ino).is_none() {
                return Err(Errno::ENOTDIR);
            }
            let path = Arc::from(path);
            let sync = Sync {
                kind: OpKind::SyncDir,
                path: &path,
                scope: Scope::Dir(ino),
                handle: None,
            };
            state.sync(sync, decision)
        })
    }
}

pub(super) fn busy_is_dir(errno: Errno) -> Errno {
    if errno == Errno::EBUSY {
        Errno::EISDIR
    } else {
        errno
    }
}

pub(super) fn busy_is_taken(errno: Errno) -> Errno {
    // The root is always there.
    if errno == Errno::EBUSY {
        Errno::EEXIST
    } else {
        errno
    }
}

/// A description as a fault may falsify it.
pub(super) fn seen(metadata: Metadata, decision: Option<Effect>) -> Metadata {
    match decision {
        Some(Effect::Damage(_)) => Metadata { len: 0, ..metadata },
        _ => metadata,
    }
}

pub(super) fn describe(state: &State, ino: Ino) -> Metadata {
    let (kind, len) = match state.image.node(ino) {
        Some(Node::Dir(_)) => (FileKind::Dir, 0),
        Some(Node::File(content)) => (FileKind::File, content.len()),
        Some(Node::Symlink(target)) => (FileKind::Symlink, target.len() as u64),
        None => (FileKind::File, 0),
    };
    Metadata {
        kind,
        len,
        // A simulated disk is one file system.
        device: 0,
        inode: ino.0,
        links: state.image.links(ino),
    }
}
