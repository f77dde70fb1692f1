//! An open file of the simulated disk.

use std::io;
use std::sync::Arc;

use plimsoll_reference::fs::{FsFile, Metadata, OpenOptions, WriteSync};

use super::names::describe;
use super::request::Request;
use super::sim_fs::SimFs;
use super::state::State;
use super::sync::Sync;
use crate::errno::Errno;
use crate::image::{Content, Ino, SECTOR};
use crate::log::{Entry, MicroOp, Scope, SizeChange, SyncEnd};
use crate::op_kind::OpKind;
use crate::plan::{Effect, Position};

/// Bytes that a file system allocates at a time.
const BLOCK: u64 = 4096;

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

    fn read(&self, buf: &mut [u8], offset: u64) -> Result<usize, Errno> {
        let mut state = self.process.alive()?;
        signed(offset)?;
        self.aligned(offset, buf.len())?;
        let len = self
            .content(&state)
            .map_or(0, |content| content.len().saturating_sub(offset))
            .min(buf.len() as u64) as usize;
        let request = Request::new(OpKind::Read, &self.path).moving(len);
        state.perform(request, |state, decision| {
            state.evict(OpKind::Read, self.ino, &self.path, decision);
            let wanted = match decision {
                Some(effect) if effect.halves() => self.half(len),
                _ => buf.len(),
            };
            Ok(self.content(state)?.read(&mut buf[..wanted], offset))
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
        let mut state = self.process.alive()?;
        signed(offset.unwrap_or(0))?;
        self.writable()?;
        let request = Request::new(OpKind::Write, &self.path).moving(buf.len());
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
        let content = self.content(state)?;
        let offset = offset.unwrap_or_else(|| content.len());
        self.aligned(offset, buf.len())?;
        let end = offset
            .checked_add(buf.len() as u64)
            .filter(|&end| end <= LEN_MAX)
            .ok_or(Errno::EFBIG)?;
        let (first, sectors) = content.patch(buf, offset);
        let mut changes = vec![MicroOp::Data {
            ino: self.ino,
            first,
            sectors,
        }];
        if end > content.len() {
            let allocated = content.len().div_ceil(BLOCK) * BLOCK;
            changes.push(MicroOp::Size {
                ino: self.ino,
                len: end,
                change: if end <= allocated {
                    SizeChange::InBlock
                } else {
                    SizeChange::NewBlocks
                },
            });
        }
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
        Ok(buf.len())
    }

    fn resize(&self, len: u64) -> Result<(), Errno> {
        let mut state = self.process.alive()?;
        signed(len)?;
        // Not `EBADF`: ftruncate(2) permits either, and Linux gives this one.
        self.writable().map_err(|_| Errno::EINVAL)?;
        state.perform(Request::new(OpKind::SetLen, &self.path), |state, _| {
            if len > LEN_MAX {
                return Err(Errno::EFBIG);
            }
            let content = self.content(state)?;
            if len == content.len() {
                return Ok(());
            }
            let changes = self.truncation(content, len);
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
        })
    }

    /// What setting the length changes: cutting also zeroes what it cuts off, so that a later extension reads zeros.
    fn truncation(&self, content: &Content, len: u64) -> Vec<MicroOp> {
        let mut changes = Vec::new();
        if len < content.len() {
            let end = (len.div_ceil(BLOCK) * BLOCK).min(content.len());
            if end > len {
                let zeros = vec![0; (end - len) as usize];
                let (first, sectors) = content.patch(&zeros, len);
                changes.push(MicroOp::Data {
                    ino: self.ino,
                    first,
                    sectors,
                });
            }
            changes.push(MicroOp::Zero {
                ino: self.ino,
                from: len,
            });
        }
        changes.push(MicroOp::Size {
            ino: self.ino,
            len,
            change: SizeChange::Set,
        });
        changes
    }

    fn reserve(&self, offset: u64, len: u64) -> Result<(), Errno> {
        let mut state = self.process.alive()?;
        if len == 0 {
            return Err(Errno::EINVAL);
        }
        self.writable()?;
        state.perform(Request::new(OpKind::Allocate, &self.path), |state, _| {
            let end = offset
                .checked_add(len)
                .filter(|&end| end <= LEN_MAX)
                .ok_or(Errno::EFBIG)?;
            if end <= self.content(state)?.len() {
                return Ok(());
            }
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
        state.perform(Request::new(kind, &self.path), |state, decision| {
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
        state.perform(Request::new(OpKind::Stat, &self.path), |state, _| {
            Ok(describe(state, self.ino))
        })
    }

    fn lock(&self) -> Result<bool, Errno> {
        let mut state = self.process.alive()?;
        state.perform(Request::new(OpKind::Lock, &self.path), |state, _| {
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
        let done = state.perform(Request::new(OpKind::Close, &self.path), |state, _| {
            self.flush(state);
            state.eviction_error(self.ino).map_or(Ok(()), Err)
        });
        // The descriptor is gone even when close(2) reports an error.
        state.close(self.handle);
        done
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
