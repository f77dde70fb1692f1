//! Profiles from bytes, for property tests and fuzzing. Every profile that is made here parses once it is printed.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::network::STRIPES_MAX;
use super::{
    AtomicUnit, Cover, DirOrder, Exposure, Interrupted, Namespace, Network, Profile, ReplaceWaits,
    Replay, Tear,
};
use crate::crash::CrashKind;
use crate::fsync_failure::{ErrorReport, FsyncFailure};

/// Blocks of 4,096 bytes in the longest stripe.
const STRIPE_BLOCKS_MAX: u64 = 64;

/// Letters of the longest name.
const NAME_CHARS_MAX: usize = 12;

/// One of `values`.
fn one<T: Copy>(u: &mut Unstructured<'_>, values: &[T]) -> Result<T> {
    u.choose(values).copied()
}

/// Some of `values`, each at most once, in any order.
fn some<T: Copy>(u: &mut Unstructured<'_>, values: &[T]) -> Result<Vec<T>> {
    let mut rest = values.to_vec();
    let mut chosen = Vec::new();
    for _ in 0..u.int_in_range(0..=values.len())? {
        let index = u.choose_index(rest.len())?;
        chosen.push(rest.remove(index));
    }
    Ok(chosen)
}

/// Any text, also with quotes, line ends and control characters: a user may name a profile as he likes.
fn text(u: &mut Unstructured<'_>) -> Result<String> {
    let count = u.int_in_range(0..=NAME_CHARS_MAX)?;
    (0..count).map(|_| u.arbitrary::<char>()).collect()
}

impl<'a> Arbitrary<'a> for Profile {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            version: 1,
            name: text(u)?,
            title: text(u)?,
            tear: one(u, Tear::ALL)?,
            atomic_unit: one(u, &[AtomicUnit::Sector, AtomicUnit::Block])?,
            interrupted_sector: one(u, &[Interrupted::None, Interrupted::Garbage])?,
            powersafe_overwrite: u.arbitrary()?,
            extend_exposes: one(u, Exposure::ALL)?,
            size_after_new_block_data: u.arbitrary()?,
            size_grows_by_block: u.arbitrary()?,
            same_file_meta_ordered: u.arbitrary()?,
            in_block_size_journalled: u.arbitrary()?,
            truncate_atomic: u.arbitrary()?,
            cut_zeroes_late: u.arbitrary()?,
            reuse_waits_for_commit: u.arbitrary()?,
            dirop_atomic: u.arbitrary()?,
            dirop_order: one(u, DirOrder::ALL)?,
            rename_replace_waits: one(u, ReplaceWaits::ALL)?,
            fsync_covers: some(u, Cover::ALL)?,
            fdatasync_covers: some(u, Cover::ALL)?,
            fsync_dir_covers: some(u, Cover::ALL)?,
            sync_escapes_order: u.arbitrary()?,
            fsync_failure: one(u, FsyncFailure::ALL)?,
            error_report: one(u, ErrorReport::ALL)?,
            network: u.arbitrary()?,
        })
    }
}

impl<'a> Arbitrary<'a> for Network {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let is_of_network =
            |kind: &CrashKind| !matches!(kind, CrashKind::Lying | CrashKind::PowerLoss);
        let kinds: Vec<CrashKind> = CrashKind::ALL
            .iter()
            .copied()
            .filter(is_of_network)
            .collect();
        let mut crashes = some(u, &kinds)?;
        if crashes.is_empty() {
            crashes.push(CrashKind::SitePowerLoss);
        }
        Ok(Self {
            crashes,
            stripe_bytes: u.int_in_range(1..=STRIPE_BLOCKS_MAX)? * 4096,
            stripe_count: u.int_in_range(1..=STRIPES_MAX)?,
            namespace: one(u, &[Namespace::Journal, Namespace::StableOnReply])?,
            metadata_replay: one(u, &[Replay::Complete, Replay::MayFail])?,
            async_export: u.arbitrary()?,
            silly_rename: u.arbitrary()?,
            close_covers: some(u, Cover::ALL)?,
        })
    }
}
