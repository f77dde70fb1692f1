//! What becomes of an operation that a fault hits.

use std::time::Duration;

use crate::errno::Errno;
use crate::fsync_failure::FsyncFailure;
use crate::latency::Latency;
use crate::object_target::ObjectTarget;
use crate::op_kind::OpKind;

/// How much of an operation is done when its error is returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// Nothing.
    #[default]
    Before,
    /// The first half of what is written.
    Partial,
    /// Everything: who asked cannot tell from the error (a lost reply of a file server, an evicted client).
    After,
    /// The operation reports success. The next write, sync or close of the same file, through whichever handle, does nothing and
    /// returns the error, and what was written before it fares as if a sync had failed on the file system at hand. Delayed
    /// allocation and NFS report so.
    Late,
}

impl Position {
    /// Every position.
    pub const ALL: &'static [Self] = &[Self::Before, Self::Partial, Self::After, Self::Late];

    /// The name in plans.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Partial => "partial",
            Self::After => "after",
            Self::Late => "late",
        }
    }
}

/// Bytes that are not what they should be, with success reported.
///
/// Of a write, what is stored is damaged, and read so from then on. Of a read, only what that read returns.
///
/// **Not modelled**: a page cache that hides for a while what the disk has spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Damage {
    /// So many bits of what is read or written, anywhere in it, are the other way round.
    Flip(u32),
    /// One sector that is read or written is zeros.
    ZeroSector,
    /// One block of 4096 bytes that is read or written is zeros.
    ZeroBlock,
    /// From some byte on, what is read or written is zeros.
    ZeroTail,
    /// From some byte on, what is read or written is bytes of no file.
    GarbageTail,
    /// A write is acknowledged and not done. A file that it would have made longer becomes so, with zeros.
    Lose,
    /// A write goes to another place, of this file or another, and not to its own; a read comes from one.
    Misdirect,
    /// Of a write only a first part, some whole sectors, is stored; the file becomes as long as if it all had been.
    Tear,
    /// A write at the end of a file is done twice, the second time behind the first, as when a request is sent again.
    Duplicate,
    /// A write is done again after the next change of the file, over what is newer.
    Replay,
    /// After a write the file ends at the last block boundary before its end.
    Cut,
    /// After a write the file is empty; to `stat` it seems to be.
    Empty,
    /// A read says that the file has ended.
    Eof,
}

impl Damage {
    /// Every sort of damage, with one bit flipped.
    pub const ALL: &'static [Self] = &[
        Self::Flip(1),
        Self::ZeroSector,
        Self::ZeroBlock,
        Self::ZeroTail,
        Self::GarbageTail,
        Self::Lose,
        Self::Misdirect,
        Self::Tear,
        Self::Duplicate,
        Self::Replay,
        Self::Cut,
        Self::Empty,
        Self::Eof,
    ];

    /// The name in plans, without the number of bits.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flip(_) => "flip",
            Self::ZeroSector => "zero-sector",
            Self::ZeroBlock => "zero-block",
            Self::ZeroTail => "zero-tail",
            Self::GarbageTail => "garbage-tail",
            Self::Lose => "lose",
            Self::Misdirect => "misdirect",
            Self::Tear => "tear",
            Self::Duplicate => "duplicate",
            Self::Replay => "replay",
            Self::Cut => "cut",
            Self::Empty => "empty",
            Self::Eof => "eof",
        }
    }

    const fn applies_to(self, kind: OpKind) -> bool {
        match self {
            Self::Flip(_)
            | Self::ZeroSector
            | Self::ZeroBlock
            | Self::ZeroTail
            | Self::GarbageTail
            | Self::Misdirect => matches!(kind, OpKind::Read | OpKind::Write),
            Self::Lose | Self::Tear | Self::Duplicate | Self::Replay | Self::Cut => {
                matches!(kind, OpKind::Write)
            }
            Self::Empty => matches!(kind, OpKind::Write | OpKind::Stat),
            Self::Eof => matches!(kind, OpKind::Read),
        }
    }
}

/// What happens to a selected operation. Operations that an effect does not apply to are neither counted nor hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It returns this error. A sync that fails before its effect makes nothing durable for certain, one that fails after it
    /// has made durable all that it was to.
    Fail(Errno, Position),
    /// A sync fails with this error, in the way of this model and not of the file system at hand.
    FailSync(Errno, FsyncFailure),
    /// A sync returns success and makes nothing durable.
    Drop,
    /// A read or write moves half of its bytes and returns how many those are.
    Short,
    /// Just before it, a server evicts the client: what the file has that no sync covers is discarded, and reads show what the servers
    /// have. The next sync or close reports that once, unless it is silent.
    ///
    /// If it is one object target that does this, only what would go there is discarded. The file ends where what is left does, and
    /// where nothing was to go there, nothing is reported.
    Evict {
        /// The object target that evicts; all servers, without one.
        target: Option<ObjectTarget>,
        /// Whether nothing reports it.
        silent: bool,
    },
    /// A read or write is not what it says.
    Damage(Damage),
    /// It takes so much longer. What else hits the operation hits it all the same.
    Delay(Latency),
    /// It waits until so much time has passed since the fault first hit, as does every other operation that is hit meanwhile.
    Stall(Duration),
    /// It never returns: its process is as good as dead, and nothing is done.
    Hang,
}

impl Effect {
    /// Whether an operation of this kind can be affected so.
    pub fn applies_to(self, kind: OpKind) -> bool {
        match self {
            Self::Fail(_, Position::Before) | Self::Delay(_) | Self::Stall(_) | Self::Hang => true,
            Self::Fail(_, Position::Partial | Position::Late) => kind == OpKind::Write,
            Self::Fail(_, Position::After) => kind.has_effect(),
            Self::Drop | Self::FailSync(..) => kind.is_sync(),
            Self::Short => matches!(kind, OpKind::Read | OpKind::Write),
            Self::Evict { .. } => matches!(
                kind,
                OpKind::Read | OpKind::Write | OpKind::SyncAll | OpKind::SyncData
            ),
            Self::Damage(damage) => damage.applies_to(kind),
        }
    }

    /// Whether bytes are silently wrong after it, so that no store can be held to what it promised for them.
    pub const fn is_damage(self) -> bool {
        matches!(self, Self::Damage(_))
    }

    /// Whether it only takes time.
    pub const fn is_wait(self) -> bool {
        matches!(self, Self::Delay(_) | Self::Stall(_))
    }

    /// Bytes that the operation must move at least for the effect to be one: two where there must be a half that is neither nothing
    /// nor everything, one where something must be wrong with them.
    pub(crate) const fn moves_min(self) -> usize {
        match self {
            Self::Short | Self::Fail(_, Position::Partial) => 2,
            Self::Damage(Damage::Empty) => 0,
            Self::Damage(_) => 1,
            _ => 0,
        }
    }

    /// Whether only a write at the end of a file, wherever that is, can be affected so.
    pub(crate) const fn needs_append(self) -> bool {
        matches!(self, Self::Damage(Damage::Duplicate))
    }

    /// Whether the operation does only half.
    pub(crate) const fn halves(self) -> bool {
        matches!(self, Self::Short | Self::Fail(_, Position::Partial))
    }

    /// The error that is returned of an operation that was done, wholly or in part.
    pub(crate) const fn late_error(self) -> Option<Errno> {
        match self {
            Self::Fail(errno, Position::Partial | Position::After) => Some(errno),
            _ => None,
        }
    }
}
