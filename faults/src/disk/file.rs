//! An open file of the simulated disk.

use std::io;
use std::sync::Arc;

use plimsoll_reference::fs::{FsFile, Metadata, OpenOptions, WriteSync};

use super::damage::{cut, spoil_read, spoil_write};
use super::length::{grown, truncation};
use super::names::{describe, seen};
use super::request::Request;
use super::sim_fs::SimFs;
use super::state::State;
use super::sync::Sync;
use super::troubles::Replay;
use crate::errno::Errno;
use crate::image::{Content, Ino, SECTOR};
use crate::log::{Entry, MicroOp, Scope, SizeChange, SyncEnd};
use crate::op_kind::OpKind;
use crate::plan::{Damage, Effect, Position};

/// Largest file: what a process can do to a simulated disk must fit into memory.
const LEN_MAX: u64 = 1 << 40;

/// A handle. Dropping it closes it.
#[derive(Debug)]
pub(super) struct SimFile {
    process: SimFs,
    handle: u64,
    ino: Ino,
    path: Arc<str>,
    options: OpenOptions,
}

impl SimFile {
    pub(super) const fn new(
        process: SimFs,
        handle: u64,
        ino: Ino,
        path: Arc<str>,
        options: OpenOptions,
    ) -> Self {
        Self {
            process,
            handle,
            ino,
            path,
            options,
        }
    }

    fn content<'a>(&self, state: &'a State) -> Result<&'a Arc<Content>, Errno> {
        state.image.file(self.ino).ok_or(Errno::EBADF)
    }

    fn request(&self, kind: OpKind) -> Request<'_> {
        Request::new(kind, &self.path).of(self.ino, self.handle)
    }

    fn read(&self, buf: &mut [u8], offset: u64) -> Result<usize, Errno> {
        let mut state = self.process.alive()?;
        signed(offset)?;
        self.aligned(offset, buf.len())?;
        let len = self
            .content(&state)
            .map_or(0, |content| content.len().saturating_sub(offset))
            .min(buf.len() as u64) as usize;
        let request = self
            .request(OpKind::Read)
            .over(offset, len as u64)
            .moving(len);
        state.perform(request, |state, decision| {
            state.evict(OpKind::Read, self.ino, &self.path, decision);
            let wanted = match decision {
                Some(effect) if effect.halves() => self.half(len),
                _ => buf.len(),
            };
            let count = self.content(state)?.read(&mut buf[..wanted], offset);
            match damage_of(decision) {
                Some(damage) => {
                    let State {
                        image, troubles, ..
                    } = state;
                    let place = (self.ino, offset);
                    Ok(spoil_read(
                        damage,
                        &mut buf[..count],
                        place,
                        image,
                        &mut troubles.rng,
                    ))
                }
                None => Ok(count),
            }
        })
    }

    fn writable(&self) -> Result<(), Errno> {
        if self.options.is_read_only() {
            return Err(Errno::EBADF);
        }
        Ok(())
    }

    /// `O_DIRECT` moves whole sectors.
    const fn aligned(&self, offset: u64, len: usize) -> Result<(), Errno> {
        let sector = SECTOR as u64;
        if self.options.is_direct()
            && (!offset.is_multiple_of(sector) || !(len as u64).is_multiple_of(sector))
        {
            return Err(Errno::EINVAL);
        }
        Ok(())
    }

    /// Half of a transfer that breaks off: whole sectors on a handle that moves such.
    fn half(&self, len: usize) -> usize {
        if self.options.is_direct() {
            (len / 2).next_multiple_of(SECTOR).min(len)
        } else {
            len / 2
        }
    }

    /// Writes at `offset`, or at the end when there is none.
    fn write(&self, buf: &[u8], offset: Option<u64>) -> Result<usize, Errno> {
        signed(offset.unwrap_or(0))?;
        let place = |state: &State| {
            let end = || self.content(state).map_or(0, |content| content.len());
            offset.unwrap_or_else(end)
        };
        let (mut state, len) = self.process.writing(buf.len(), place)?;
        let buf = &buf[..len];
        self.writable()?;
        let at = place(&state);
        let request = self
            .request(OpKind::Write)
            .over(at, buf.len() as u64)
            .moving(buf.len())
            .appending(offset.is_none());
        state.perform(request, |state, decision| {
            state.evict(OpKind::Write, self.ino, &self.path, decision);
            let done = match decision {
                Some(effect) if effect.halves() => &buf[..self.half(buf.len())],
                _ => buf,
            };
            self.put(state, done, offset, decision)
        })
    }

    /// Changes the content, unless there is nothing to write.
    fn put(
        &self,
        state: &mut State,
        buf: &[u8],
        offset: Option<u64>,
        decision: Option<Effect>,
    ) -> Result<usize, Errno> {
        if buf.is_empty() {
            return Ok(0);
        }
        let len = self.content(state)?.len();
        let offset = offset.unwrap_or(len);
        self.aligned(offset, buf.len())?;
        let end = offset
            .checked_add(buf.len() as u64)
            .filter(|&end| end <= LEN_MAX)
            .ok_or(Errno::EFBIG)?;
        let growth = end.saturating_sub(len);
        let (room, errno) = state.room(growth);
        let mut fits = (buf.len() as u64).saturating_sub(growth - room) as usize;
        if self.options.is_direct() {
            fits -= fits % SECTOR;
        }
        if fits == 0 {
            return Err(errno);
        }
        let buf = &buf[..fits];
        let damage = damage_of(decision);
        let State {
            image, troubles, ..
        } = state;
        let place = (self.ino, offset);
        let stored = spoil_write(damage, buf, place, image, &mut troubles.rng);
        let mut changes = Vec::with_capacity(2);
        if !stored.bytes.is_empty() {
            let target = image.file(stored.ino).ok_or(Errno::EBADF)?;
            let (first, sectors) = target.patch(&stored.bytes, stored.offset);
            changes.push(MicroOp::Data {
                ino: stored.ino,
                first,
                sectors,
            });
        }
        let end = stored.end;
        changes.extend(grown(self.ino, len, end));
        // A write that fails midway never gets to its sync; a short one syncs what it wrote.
        let breaks_off = matches!(decision, Some(Effect::Fail(_, Position::Partial)));
        let sync = match self.options.sync_mode() {
            _ if breaks_off => None,
            WriteSync::None => None,
            WriteSync::Data => Some((Scope::FileData(self.ino), SyncEnd::Done)),
            WriteSync::All => Some((Scope::File(self.ino), SyncEnd::Done)),
        };
        state.commit(Entry {
            kind: OpKind::Write,
            path: Arc::clone(&self.path),
            second: None,
            range: Some((offset, buf.len() as u64)),
            changes,
            sync,
            error: None,
        });
        self.replay(state)?;
        if decision.is_some() {
            self.follow_up(state, buf, offset, decision)?;
        }
        Ok(buf.len())
    }

    /// What a fault does after the write that it hits.
    fn follow_up(
        &self,
        state: &mut State,
        buf: &[u8],
        offset: u64,
        decision: Option<Effect>,
    ) -> Result<(), Errno> {
        if let Some(Effect::Fail(errno, Position::Late)) = decision {
            state.troubles.late.insert(self.ino, errno);
        }
        let damage = damage_of(decision);
        if damage == Some(Damage::Replay) {
            state.troubles.replays.push(Replay {
                ino: self.ino,
                offset,
                bytes: buf.to_vec(),
            });
        }
        let len = self.content(state)?.len();
        match cut(damage, len) {
            Some(end) if end < len => self.end_at(state, end),
            _ => Ok(()),
        }
    }

    fn resize(&self, len: u64) -> Result<(), Errno> {
        let mut state = self.process.alive()?;
        signed(len)?;
        // Not `EBADF`: ftruncate(2) permits either, and Linux gives this one.
        self.writable().map_err(|_| Errno::EINVAL)?;
        let old = self.content(&state).map_or(0, |content| content.len());
        let request = self
            .request(OpKind::SetLen)
            .over(old.min(len), old.abs_diff(len));
        state.perform(request, |state, _| {
            if len > LEN_MAX {
                return Err(Errno::EFBIG);
            }
            let old = self.content(state)?.len();
            if len == old {
                return Ok(());
            }
            state.take_bytes(len.saturating_sub(old))?;
            self.end_at(state, len)?;
            self.replay(state)
        })
    }

    /// Sets the length, to something else than it is.
    fn end_at(&self, state: &mut State, len: u64) -> Result<(), Errno> {
        let changes = truncation(self.ino, self.content(state)?, len);
        state.commit(Entry {
            kind: OpKind::SetLen,
            path: Arc::clone(&self.path),
            second: None,
            range: Some((0, len)),
            changes,
            sync: None,
            error: None,
        });
        Ok(())
    }

    /// Does writes to this file again that a fault holds back for the next change, which was just made.
    fn replay(&self, state: &mut State) -> Result<(), Errno> {
        if state.troubles.replays.is_empty() {
            return Ok(());
        }
        let (due, rest) = std::mem::take(&mut state.troubles.replays)
            .into_iter()
            .partition(|replay| replay.ino == self.ino);
        state.troubles.replays = rest;
        let due: Vec<Replay> = due;
        for replay in due {
            let content = self.content(state)?;
            let (first, sectors) = content.patch(&replay.bytes, replay.offset);
            let end = replay.offset + replay.bytes.len() as u64;
            let mut changes = vec![MicroOp::Data {
                ino: self.ino,
                first,
                sectors,
            }];
            changes.extend(grown(self.ino, content.len(), end));
            state.commit(Entry {
                kind: OpKind::Write,
                path: Arc::clone(&self.path),
                second: None,
                range: Some((replay.offset, replay.bytes.len() as u64)),
                changes,
                sync: None,
                error: None,
            });
        }
        Ok(())
    }

    fn reserve(&self, offset: u64, len: u64) -> Result<(), Errno> {
        let mut state = self.process.alive()?;
        if len == 0 {
            return Err(Errno::EINVAL);
        }
        self.writable()?;
        let request = self.request(OpKind::Allocate).over(offset, len);
        state.perform(request, |state, _| {
            let end = offset
                .checked_add(len)
                .filter(|&end| end <= LEN_MAX)
                .ok_or(Errno::EFBIG)?;
            let growth = end.saturating_sub(self.content(state)?.len());
            if growth == 0 {
                return Ok(());
            }
            state.take_bytes(growth)?;
            state.commit(Entry {
                kind: OpKind::Allocate,
                path: Arc::clone(&self.path),
                second: None,
                range: Some((offset, len)),
                changes: vec![MicroOp::Size {
                    ino: self.ino,
                    len: end,
                    change: SizeChange::Set,
                }],
                sync: None,
                error: None,
            });
            Ok(())
        })
    }

    fn sync(&self, kind: OpKind, scope: Scope) -> Result<(), Errno> {
        let mut state = self.process.alive()?;
        state.perform(self.request(kind), |state, decision| {
            state.evict(kind, self.ino, &self.path, decision);
            let sync = Sync {
                kind,
                path: &self.path,
                scope,
                handle: Some(self.handle),
            };
            state.sync(sync, decision)
        })
    }

    fn stat(&self) -> Result<Metadata, Errno> {
        let mut state = self.process.alive()?;
        state.perform(self.request(OpKind::Stat), |state, decision| {
            Ok(seen(describe(state, self.ino), decision))
        })
    }

    fn lock(&self) -> Result<bool, Errno> {
        let mut state = self.process.alive()?;
        state.perform(self.request(OpKind::Lock), |state, _| {
            let holder = *state.locks.entry(self.ino).or_insert(self.handle);
            Ok(holder == self.handle)
        })
    }

    /// What a close writes back where the file system does that: nothing of a handle that cannot write.
    fn flush(&self, state: &mut State) {
        if !self.options.is_read_only() {
            state.flush(self.ino, &self.path);
        }
    }

    fn finish(&self) -> Result<(), Errno> {
        let mut state = self.process.alive()?;
        let done = state.perform(self.request(OpKind::Close), |state, _| {
            self.flush(state);
            state.eviction_error(self.ino).map_or(Ok(()), Err)
        });
        // The descriptor is gone even when close(2) reports an error.
        state.close(self.handle);
        done
    }
}

/// The damage that a fault does.
const fn damage_of(decision: Option<Effect>) -> Option<Damage> {
    match decision {
        Some(Effect::Damage(damage)) => Some(damage),
        _ => None,
    }
}

/// Offsets and lengths are signed in the system calls: the upper half is invalid.
fn signed(offset: u64) -> Result<(), Errno> {
    i64::try_from(offset).map(drop).map_err(|_| Errno::EINVAL)
}

impl Drop for SimFile {
    fn drop(&mut self) {
        let mut state = self.process.state();
        if state.handles.contains_key(&self.handle) && !self.process.is_fenced() {
            self.flush(&mut state);
        }
        state.close(self.handle);
    }
}

impl FsFile for SimFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(self.read(buf, offset)?)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        // As on the real file system: a positioned write to an appending handle does not do what it says.
        if self.options.is_append() {
            return Err(Errno::EINVAL.into());
        }
        Ok(self.write(buf, Some(offset))?)
    }

    fn append(&self, buf: &[u8]) -> io::Result<usize> {
        if !self.options.is_append() {
            return Err(Errno::EBADF.into());
        }
        Ok(self.write(buf, None)?)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        Ok(self.resize(len)?)
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        Ok(self.reserve(offset, len)?)
    }

    fn sync_all(&self) -> io::Result<()> {
        Ok(self.sync(OpKind::SyncAll, Scope::File(self.ino))?)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(self.sync(OpKind::SyncData, Scope::FileData(self.ino))?)
    }

    fn metadata(&self) -> io::Result<Metadata> {
        Ok(self.stat()?)
    }

    fn try_lock(&self) -> io::Result<bool> {
        Ok(self.lock()?)
    }

    fn close(self: Box<Self>) -> io::Result<()> {
        Ok(self.finish()?)
    }
}
