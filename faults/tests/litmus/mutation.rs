//! Profiles that differ from a given one in one parameter.

use plimsoll_faults::profile::{
    AtomicUnit, Cover, DirOrder, Exposure, Interrupted, Profile, ReplaceWaits, Tear,
};

/// Changes without effect, with the reason.
pub(crate) const INERT: &[(&str, &str)] = &[
    (
        "posix-minimal: cut_zeroes_late = true",
        "the profile's truncation is not atomic",
    ),
    (
        "posix-minimal: in_block_size_journalled = true",
        "the profile has no journal",
    ),
    (
        "posix-minimal: reuse_waits_for_commit = true",
        "freed blocks are followed only where a journal frees them: truncations are atomic there",
    ),
    (
        "posix-minimal: fsync_covers with Entries",
        "files have no entries",
    ),
    (
        "posix-minimal: fsync_covers with PriorMetadata",
        "the profile has no journal for it to cover",
    ),
    (
        "posix-minimal: fsync_covers with AllMetadata",
        "the profile has no journal for it to cover",
    ),
    (
        "posix-minimal: fsync_covers with PriorMetadataIfSize",
        "the profile has no journal for it to cover",
    ),
    (
        "posix-minimal: fsync_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "posix-minimal: fdatasync_covers with Entries",
        "files have no entries",
    ),
    (
        "posix-minimal: fdatasync_covers with PriorMetadata",
        "the profile has no journal for it to cover",
    ),
    (
        "posix-minimal: fdatasync_covers with AllMetadata",
        "the profile has no journal for it to cover",
    ),
    (
        "posix-minimal: fdatasync_covers with PriorMetadataIfSize",
        "the profile has no journal for it to cover",
    ),
    (
        "posix-minimal: fdatasync_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "posix-minimal: fsync_dir_covers with Data",
        "directories have no content",
    ),
    (
        "posix-minimal: fsync_dir_covers with Size",
        "directories have no content",
    ),
    (
        "posix-minimal: fsync_dir_covers with PriorMetadata",
        "the profile has no journal for it to cover",
    ),
    (
        "posix-minimal: fsync_dir_covers with AllMetadata",
        "the profile has no journal for it to cover",
    ),
    (
        "posix-minimal: fsync_dir_covers with PriorMetadataIfSize",
        "the profile has no journal for it to cover",
    ),
    (
        "posix-minimal: fsync_dir_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "ext4-ordered: fsync_covers without OwnNames",
        "the journal that `prior-metadata` covers holds it",
    ),
    (
        "ext4-ordered: fsync_covers with Entries",
        "files have no entries",
    ),
    (
        "ext4-ordered: fsync_covers with PriorMetadataIfSize",
        "the journal that `prior-metadata` covers holds it",
    ),
    (
        "ext4-ordered: fsync_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "ext4-ordered: fdatasync_covers with Entries",
        "files have no entries",
    ),
    (
        "ext4-ordered: fdatasync_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "ext4-ordered: fsync_dir_covers with Data",
        "directories have no content",
    ),
    (
        "ext4-ordered: fsync_dir_covers with Size",
        "directories have no content",
    ),
    (
        "ext4-ordered: fsync_dir_covers with OwnNames",
        "the journal that `all-metadata` covers holds it",
    ),
    (
        "ext4-ordered: fsync_dir_covers without Entries",
        "the journal that `all-metadata` covers holds it",
    ),
    (
        "ext4-ordered: fsync_dir_covers with PriorMetadata",
        "the journal that `all-metadata` covers holds it",
    ),
    (
        "ext4-ordered: fsync_dir_covers with PriorMetadataIfSize",
        "directories have no length to ask about",
    ),
    (
        "ext4-ordered: fsync_dir_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "ext4-writeback: fsync_covers without OwnNames",
        "the journal that `prior-metadata` covers holds it",
    ),
    (
        "ext4-writeback: fsync_covers with Entries",
        "files have no entries",
    ),
    (
        "ext4-writeback: fsync_covers with PriorMetadataIfSize",
        "the journal that `prior-metadata` covers holds it",
    ),
    (
        "ext4-writeback: fsync_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "ext4-writeback: fdatasync_covers with Entries",
        "files have no entries",
    ),
    (
        "ext4-writeback: fdatasync_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "ext4-writeback: fsync_dir_covers with Data",
        "directories have no content",
    ),
    (
        "ext4-writeback: fsync_dir_covers with Size",
        "directories have no content",
    ),
    (
        "ext4-writeback: fsync_dir_covers with OwnNames",
        "the journal that `all-metadata` covers holds it",
    ),
    (
        "ext4-writeback: fsync_dir_covers without Entries",
        "the journal that `all-metadata` covers holds it",
    ),
    (
        "ext4-writeback: fsync_dir_covers with PriorMetadata",
        "the journal that `all-metadata` covers holds it",
    ),
    (
        "ext4-writeback: fsync_dir_covers with PriorMetadataIfSize",
        "directories have no length to ask about",
    ),
    (
        "ext4-writeback: fsync_dir_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "xfs: size_after_new_block_data = false",
        "`extend_exposes = none` says so for every length",
    ),
    (
        "xfs: fsync_covers without OwnNames",
        "the journal that `prior-metadata` covers holds it",
    ),
    ("xfs: fsync_covers with Entries", "files have no entries"),
    (
        "xfs: fsync_covers with PriorMetadataIfSize",
        "the journal that `prior-metadata` covers holds it",
    ),
    (
        "xfs: fsync_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "xfs: fdatasync_covers without OwnNames",
        "the journal that `prior-metadata` covers holds it",
    ),
    (
        "xfs: fdatasync_covers with Entries",
        "files have no entries",
    ),
    (
        "xfs: fdatasync_covers with PriorMetadataIfSize",
        "the journal that `prior-metadata` covers holds it",
    ),
    (
        "xfs: fdatasync_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "xfs: fsync_dir_covers with Data",
        "directories have no content",
    ),
    (
        "xfs: fsync_dir_covers with Size",
        "directories have no content",
    ),
    (
        "xfs: fsync_dir_covers with OwnNames",
        "the journal that `prior-metadata` covers holds it",
    ),
    (
        "xfs: fsync_dir_covers without Entries",
        "the order of the journal brings along the same changes",
    ),
    (
        "xfs: fsync_dir_covers without PriorMetadata",
        "the order of the journal brings along the same changes",
    ),
    (
        "xfs: fsync_dir_covers with PriorMetadataIfSize",
        "directories have no length to ask about",
    ),
    (
        "xfs: fsync_dir_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "btrfs: atomic_unit = Block",
        "writes are torn at the edges of blocks anyway",
    ),
    (
        "btrfs: size_after_new_block_data = false",
        "`extend_exposes = none` says so for every length",
    ),
    ("btrfs: fsync_covers with Entries", "files have no entries"),
    (
        "btrfs: fsync_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "btrfs: fdatasync_covers with Entries",
        "files have no entries",
    ),
    (
        "btrfs: fdatasync_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
    (
        "btrfs: fsync_dir_covers with Data",
        "directories have no content",
    ),
    (
        "btrfs: fsync_dir_covers with Size",
        "directories have no content",
    ),
    (
        "btrfs: fsync_dir_covers with OwnNames",
        "the log holds the names of a directory that lead to its entries",
    ),
    (
        "btrfs: fsync_dir_covers with PriorMetadataIfSize",
        "directories have no length to ask about",
    ),
    (
        "btrfs: fsync_dir_covers with AllMetadataIfAsked",
        "only the client of a network file system asks",
    ),
];

/// Every profile that differs from `base` in one parameter, or in one element of a list, with a label that names the change.
pub(crate) fn of(base: &Profile) -> Vec<(String, Profile)> {
    let mut all = Vec::new();
    for &tear in Tear::ALL {
        add(&mut all, base, &format!("tear = {tear:?}"), |p| {
            p.tear = tear
        });
    }
    add(&mut all, base, "atomic_unit = Block", |p| {
        p.atomic_unit = AtomicUnit::Block;
    });
    add(&mut all, base, "interrupted_sector = Garbage", |p| {
        p.interrupted_sector = Interrupted::Garbage;
    });
    for &shown in Exposure::ALL {
        add(
            &mut all,
            base,
            &format!("extend_exposes = {shown:?}"),
            |p| p.extend_exposes = shown,
        );
    }
    for &order in DirOrder::ALL {
        add(&mut all, base, &format!("dirop_order = {order:?}"), |p| {
            p.dirop_order = order
        });
    }
    for &waits in ReplaceWaits::ALL {
        add(
            &mut all,
            base,
            &format!("rename_replace_waits = {waits:?}"),
            |p| {
                p.rename_replace_waits = waits;
            },
        );
    }
    switches(&mut all, base);
    lists(&mut all, base);
    all
}

fn add(
    all: &mut Vec<(String, Profile)>,
    base: &Profile,
    label: &str,
    change: impl FnOnce(&mut Profile),
) {
    let mut changed = base.clone();
    change(&mut changed);
    if changed != *base {
        all.push((label.to_owned(), changed));
    }
}

fn switches(all: &mut Vec<(String, Profile)>, base: &Profile) {
    type Switch = fn(&mut Profile) -> &mut bool;
    let switches: [(&str, Switch); 10] = [
        ("powersafe_overwrite", |p| &mut p.powersafe_overwrite),
        ("cut_zeroes_late", |p| &mut p.cut_zeroes_late),
        ("size_after_new_block_data", |p| {
            &mut p.size_after_new_block_data
        }),
        ("size_grows_by_block", |p| &mut p.size_grows_by_block),
        ("same_file_meta_ordered", |p| &mut p.same_file_meta_ordered),
        ("in_block_size_journalled", |p| {
            &mut p.in_block_size_journalled
        }),
        ("truncate_atomic", |p| &mut p.truncate_atomic),
        ("dirop_atomic", |p| &mut p.dirop_atomic),
        ("reuse_waits_for_commit", |p| &mut p.reuse_waits_for_commit),
        ("sync_escapes_order", |p| &mut p.sync_escapes_order),
    ];
    for (name, switch) in switches {
        let value = !*switch(&mut base.clone());
        add(all, base, &format!("{name} = {value}"), |p| {
            *switch(p) = value
        });
    }
}

fn lists(all: &mut Vec<(String, Profile)>, base: &Profile) {
    type List = fn(&mut Profile) -> &mut Vec<Cover>;
    let lists: [(&str, List); 3] = [
        ("fsync_covers", |p| &mut p.fsync_covers),
        ("fdatasync_covers", |p| &mut p.fdatasync_covers),
        ("fsync_dir_covers", |p| &mut p.fsync_dir_covers),
    ];
    for (name, list) in lists {
        for &cover in Cover::ALL {
            if list(&mut base.clone()).contains(&cover) {
                add(all, base, &format!("{name} without {cover:?}"), |p| {
                    list(p).retain(|&kept| kept != cover);
                });
            } else {
                add(all, base, &format!("{name} with {cover:?}"), |p| {
                    list(p).push(cover)
                });
            }
        }
    }
}
