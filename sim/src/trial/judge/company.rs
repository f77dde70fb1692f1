//! Who else may have changed what a client sees.

use crate::trial::history::{Fate, Life, Notice};

/// Whether nobody but the process that was asked can have changed the store: no other one became ready beside it, and orphans of earlier
/// lives, if there were any, had nothing to write.
pub(super) fn is_alone(life: &Life) -> bool {
    !life.has(&Notice::OtherReady) && (!life.has_orphans || orphans_were_idle(life))
}

/// Whether the lives that orphans are of wrote nothing: what such a process does at its end leaves the store as it is.
fn orphans_were_idle(life: &Life) -> bool {
    let mut next = life;
    for earlier in life.before.iter().rev() {
        if !next.has_orphans {
            return true;
        }
        if earlier
            .requests
            .iter()
            .any(|asked| !asked.mutations().is_empty() && asked.fate() != Fate::Absent)
        {
            return false;
        }
        next = earlier;
    }
    // Whose orphans they are is not known.
    !next.has_orphans
}
