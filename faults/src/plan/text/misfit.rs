//! Faults that could never fire.

use crate::op_kind::OpKind;
use crate::plan::effect::{Effect, Position};
use crate::plan::fault::Fault;

/// Refuses an effect that none of the selected operations can have: the fault could never fire.
pub(in crate::plan) fn misfit(fault: &Fault) -> Option<String> {
    let (op, effect) = (fault.op, fault.effect);
    let fits = |kind: &&OpKind| op.matches(**kind) && effect.applies_to(**kind);
    let Some(_) = OpKind::ALL.iter().find(fits) else {
        return Some(match effect {
            Effect::Fail(_, Position::Partial) => {
                format!("`{op}` happens wholly or not at all; only a write can be `partial`")
            }
            Effect::Fail(_, Position::Late) => {
                format!("`{op}` is done when it returns; only a write can fail `late`")
            }
            Effect::Damage(damage) => format!("`{op}` has nothing that `{damage}` could damage"),
            Effect::Short => {
                format!("`{op}` moves no bytes; only a read or a write can be `short`")
            }
            Effect::FailSync(_, model) => {
                format!("`{op}` is no sync, and {model} is a way in which syncs fail")
            }
            Effect::Evict { .. } => {
                format!("`{op}` is of no open file; an eviction comes before a read, write or sync")
            }
            Effect::Drop => format!("`{op}` is no sync, and only a sync can be dropped"),
            _ => format!("`{op}` changes nothing, so that no error can come `after`"),
        });
    };
    let has_bytes =
        |kind: &OpKind| op.matches(*kind) && effect.applies_to(*kind) && kind.has_range();
    if fault.when.bytes.is_some() && !OpKind::ALL.iter().any(has_bytes) {
        return Some(format!("`{op}` has no range of bytes"));
    }
    let has_stripes = |kind: &OpKind| {
        op.matches(*kind) && effect.applies_to(*kind) && kind.touches_object_targets()
    };
    if fault.when.target.is_some() && !OpKind::ALL.iter().any(has_stripes) {
        return Some(format!("`{op}` touches no object target"));
    }
    if let (Some(from), Some(until)) = (fault.when.from, fault.when.until)
        && until <= from
    {
        return Some("`until` is not after `from`".to_owned());
    }
    None
}
