//! What a durable change makes of older pending ones.

use crate::image::{SECTOR, Sector};
use crate::log::{MicroOp, SizeChange};

use super::atom::Atom;

/// Removes from an older atom what a newer durable change has overwritten: the older version can no longer come to light.
pub(super) fn supersede(older: &mut Atom, newer: &MicroOp) {
    if !older.changes.iter().any(|change| is_met(change, newer)) {
        return;
    }
    let mut changes = Vec::with_capacity(older.changes.len());
    for change in older.changes.drain(..) {
        match (&change, newer) {
            (
                MicroOp::Size { ino, len, change },
                MicroOp::Size {
                    ino: of,
                    len: least,
                    change: SizeChange::AtLeast,
                },
            ) if ino == of => {
                if len > least || *change != SizeChange::AtLeast {
                    changes.push(MicroOp::Size {
                        ino: *ino,
                        len: *len.max(least),
                        change: *change,
                    });
                }
            }
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
                        changes.push(cut(part(&change, start, stop), newer));
                    }
                }
            }
            _ => changes.push(change),
        }
    }
    older.changes = changes;
}

/// Whether a newer change is about what an older one is about.
fn is_met(older: &MicroOp, newer: &MicroOp) -> bool {
    match (older, newer) {
        (
            MicroOp::Name { dir, name, .. },
            MicroOp::Name {
                dir: newer_dir,
                name: newer_name,
                ..
            },
        ) => dir == newer_dir && name == newer_name,
        _ => older.file().is_some() && older.file() == newer.file(),
    }
}

/// A change without what a newer one cuts off within a sector of it: the page was written as it was before the cut, or after it, and in
/// neither case does that come to light when the file grows again.
fn cut(mut change: MicroOp, newer: &MicroOp) -> MicroOp {
    if let (MicroOp::Data { first, sectors, .. }, MicroOp::Zero { from, .. }) = (&mut change, newer)
    {
        let (whole, rest) = (from / SECTOR as u64, (from % SECTOR as u64) as usize);
        let place = whole
            .checked_sub(*first)
            .and_then(|at| usize::try_from(at).ok());
        if let Some(sector) = place.and_then(|at| sectors.get_mut(at)) {
            let mut bytes = *sector.bytes();
            if rest > 0 && bytes[rest..].iter().any(|&byte| byte != 0) {
                bytes[rest..].fill(0);
                *sector = Sector::new(bytes);
            }
        }
    }
    change
}

/// The part of a change of sectors that lies in a range of them.
fn part(change: &MicroOp, start: u64, stop: u64) -> MicroOp {
    if let Some(data) = change.new_sectors() {
        return data.part(start..stop);
    }
    match change {
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
