//! What a durable change makes of older pending ones.

use crate::image::SECTOR;
use crate::log::MicroOp;

use super::atom::Atom;

/// Removes from an older atom what a newer durable change has overwritten: the older version can no longer come to light.
pub(super) fn supersede(older: &mut Atom, newer: &MicroOp) {
    let mut changes = Vec::with_capacity(older.changes.len());
    for change in older.changes.drain(..) {
        match (&change, newer) {
            (MicroOp::Size { ino, .. }, MicroOp::Size { ino: newer, .. }) if ino == newer => {}
            (
                MicroOp::Name { dir, name, .. },
                MicroOp::Name {
                    dir: newer_dir,
                    name: newer_name,
                    ..
                },
            ) if dir == newer_dir && name == newer_name => {}
            (
                MicroOp::Data { .. } | MicroOp::Garbage { .. },
                MicroOp::Data { .. } | MicroOp::Zero { .. },
            ) if newer.file() == change.file() => {
                let (first, end) = sector_range(&change);
                let (from, to) = sector_range(newer);
                let head = from.clamp(first, end);
                let tail = to.clamp(first, end);
                for (start, stop) in [(first, head), (tail.max(head), end)] {
                    if start < stop {
                        changes.push(part(&change, start, stop));
                    }
                }
            }
            _ => changes.push(change),
        }
    }
    older.changes = changes;
}

/// The part of a change of sectors that lies in a range of them.
fn part(change: &MicroOp, start: u64, stop: u64) -> MicroOp {
    match change {
        MicroOp::Data {
            ino,
            first,
            sectors,
        } => MicroOp::Data {
            ino: *ino,
            first: start,
            sectors: sectors[(start - first) as usize..(stop - first) as usize].to_vec(),
        },
        MicroOp::Garbage { ino, .. } => MicroOp::Garbage {
            ino: *ino,
            first: start,
            count: stop - start,
        },
        other => other.clone(),
    }
}

fn sector_range(change: &MicroOp) -> (u64, u64) {
    match change {
        MicroOp::Data { first, sectors, .. } => (*first, first + sectors.len() as u64),
        MicroOp::Garbage { first, count, .. } => (*first, first + count),
        MicroOp::Zero { from, .. } => (from.div_ceil(SECTOR as u64), u64::MAX),
        _ => (0, 0),
    }
}
