//! The length of a file as it changes: what of that the log holds.

use crate::image::{Content, Ino};
use crate::log::{MicroOp, SizeChange};

/// Bytes that a file system allocates at a time.
const BLOCK: u64 = 4096;

/// The change of length of a write to a file of `len` bytes that ends at `end`.
pub(super) fn grown(ino: Ino, len: u64, end: u64) -> Option<MicroOp> {
    (end > len).then(|| {
        let allocated = len.div_ceil(BLOCK) * BLOCK;
        MicroOp::Size {
            ino,
            len: end,
            change: if end <= allocated {
                SizeChange::InBlock
            } else {
                SizeChange::NewBlocks
            },
        }
    })
}

/// What setting the length changes: cutting also zeroes what it cuts off, so that a later extension reads zeros.
pub(super) fn truncation(ino: Ino, content: &Content, len: u64) -> Vec<MicroOp> {
    let mut changes = Vec::new();
    if len < content.len() {
        let end = (len.div_ceil(BLOCK) * BLOCK).min(content.len());
        if end > len {
            let zeros = vec![0; (end - len) as usize];
            let (first, sectors) = content.patch(&zeros, len);
            changes.push(MicroOp::Data {
                ino,
                first,
                sectors,
            });
        }
        changes.push(MicroOp::Zero { ino, from: len });
    }
    changes.push(MicroOp::Size {
        ino,
        len,
        change: SizeChange::Set,
    });
    changes
}
