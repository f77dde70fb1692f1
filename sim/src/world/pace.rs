//! How long operations on the disk take.

use std::time::Duration;

use plimsoll_faults::latency::Latency;
use plimsoll_faults::op_kind::OpKind;

/// Latencies by class of operation, and how often an operation lets others go first. Stalls and delays of single operations, paths and
/// object targets are for [`FaultPlan`](plimsoll_faults::plan::FaultPlan)s, and come on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Reads.
    pub read: Latency,
    /// Writes, truncations and reservations: into the cache of the operating system.
    pub write: Latency,
    /// Syncs.
    pub sync: Latency,
    /// Everything about names.
    pub metadata: Latency,
    /// How often a job gives way at an operation, out of so many.
    pub preempt: (u32, u32),
}

impl Default for Pace {
    /// A local disk: reads and writes go to memory, syncs to the device, one operation in four gives way.
    fn default() -> Self {
        let us = Duration::from_micros;
        Self {
            read: Latency::Constant(Duration::ZERO),
            write: Latency::Constant(Duration::ZERO),
            sync: Latency::LogNormal(us(200), us(5000)),
            metadata: Latency::Constant(Duration::ZERO),
            preempt: (1, 4),
        }
    }
}

impl Pace {
    /// Nothing takes time, and nobody gives way.
    pub const fn instant() -> Self {
        let zero = Latency::Constant(Duration::ZERO);
        Self {
            read: zero,
            write: zero,
            sync: zero,
            metadata: zero,
            preempt: (0, 1),
        }
    }

    /// The latency of an operation.
    pub const fn of(&self, kind: OpKind) -> Latency {
        match kind {
            OpKind::Read => self.read,
            OpKind::Write | OpKind::SetLen | OpKind::Allocate => self.write,
            OpKind::SyncAll | OpKind::SyncData | OpKind::SyncDir => self.sync,
            _ => self.metadata,
        }
    }
}
