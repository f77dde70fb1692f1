//! Rules of a profile that could be stricter and still allow everything that was seen.

use std::collections::BTreeSet;

use super::archive::Observed;
use super::comparison::Comparison;
use crate::litmus::tightened;
use crate::profile::Profile;

/// Rules that could be stricter and still allow everything that was seen: model, rule, and why it is not.
const REASONS: &[(&str, &str, &str)] = &[
    (
        "ext4-ordered",
        "size_grows_by_block = false",
        "the length follows each extent that is mapped, and a write on a fragmented disk gets several; the recorded disks were empty",
    ),
    (
        "ext4-writeback",
        "size_grows_by_block = false",
        "the length follows each extent that is mapped, and a write on a fragmented disk gets several; the recorded disks were empty",
    ),
    (
        "xfs",
        "size_grows_by_block = false",
        "the length is set when an I/O ends and a long append is several, but the recorded appends are of a few blocks, written at once",
    ),
    (
        "xfs",
        "fdatasync_covers with AllMetadata",
        "the log is forced up to the last change of the file; no recording lost what others changed between that and its fdatasync",
    ),
    (
        "xfs",
        "fsync_dir_covers with OwnNames",
        "no looser at all: the name of a directory was logged before its last change, which `prior-metadata` covers",
    ),
    (
        "xfs",
        "fsync_dir_covers with AllMetadata",
        "the log is forced up to the last change of the directory, so one that has not changed covers nothing, which was seen; no \
         recording has a changed one with later changes elsewhere that were lost",
    ),
    (
        "btrfs",
        "size_grows_by_block = false",
        "the length is set when an ordered extent ends and a long append may be several, but the recorded appends are of a few blocks",
    ),
    (
        "btrfs",
        "fsync_dir_covers with OwnNames",
        "no looser at all: a log that holds a directory's entries holds the names that lead to it",
    ),
];

/// One rule made one step stricter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looseness {
    /// What was changed.
    pub rule: String,
    /// Something that was seen and that the stricter profile forbids.
    pub refuted: Option<String>,
    /// Why the rule stays looser than everything that was seen, where it does.
    pub reason: Option<&'static str>,
}

impl Looseness {
    /// Whether the rule is as it must be: what is seen needs it, or there is a reason, and not both.
    pub const fn is_explained(&self) -> bool {
        self.refuted.is_some() != self.reason.is_some()
    }
}

/// Every rule of a profile that [could be stricter](tightened), with what was seen that speaks against it. What the profile forbids
/// itself, listed in `known`, says nothing.
pub fn looseness(
    profile: &Profile,
    recordings: &[Observed],
    known: &BTreeSet<String>,
) -> Vec<Looseness> {
    let mut all = Vec::new();
    for (rule, stricter) in tightened(profile) {
        let refuted = recordings
            .iter()
            .find_map(|observed| refutes(observed, &stricter, known));
        let reason = REASONS
            .iter()
            .find(|(model, label, _)| *model == profile.name && *label == rule);
        all.push(Looseness {
            rule,
            refuted,
            reason: reason.map(|(_, _, why)| *why),
        });
    }
    all
}

/// Something that was seen and that this profile forbids.
fn refutes(observed: &Observed, profile: &Profile, known: &BTreeSet<String>) -> Option<String> {
    for (after, states) in observed.intervals.iter().enumerate() {
        let allowed = Comparison::allowed(observed, after, profile)?;
        for state in states {
            if !known.contains(&observed.line(after, state))
                && !allowed.iter().any(|allowed| allowed.contains(state))
            {
                let name = &observed.program.name;
                return Some(format!("{name} after {after}: {}", state.render()));
            }
        }
    }
    None
}
