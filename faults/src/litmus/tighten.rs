//! Profiles that allow less than a given one.

use crate::profile::{Cover, DirOrder, Exposure, Profile, ReplaceWaits};

/// Every profile that keeps one rule more than `base`, or one rule one step more strictly, with what was changed in words. A profile
/// whose every tightening is refuted by something that was seen is as strict as it can be.
///
/// **Not covered**: the tear of a write, and `in_block_size_journalled`, which is neither stricter nor looser either way.
pub fn tightened(base: &Profile) -> Vec<(String, Profile)> {
    let mut all = Vec::new();
    values(&mut all, base);
    switches(&mut all, base);
    covers(&mut all, base);
    all
}

fn add(all: &mut Vec<(String, Profile)>, base: &Profile, label: &str, to: impl Fn(&mut Profile)) {
    let mut changed = base.clone();
    to(&mut changed);
    if changed != *base {
        all.push((label.to_owned(), changed));
    }
}

fn values(all: &mut Vec<(String, Profile)>, base: &Profile) {
    match base.extend_exposes {
        Exposure::Garbage => add(all, base, "extend_exposes = zeros", |p| {
            p.extend_exposes = Exposure::Zeros;
        }),
        Exposure::Zeros => add(all, base, "extend_exposes = none", |p| {
            p.extend_exposes = Exposure::None;
        }),
        Exposure::None => {}
    }
    match base.dirop_order {
        DirOrder::None => add(all, base, "dirop_order = per-dir", |p| {
            p.dirop_order = DirOrder::PerDir;
        }),
        DirOrder::PerDir => add(all, base, "dirop_order = global", |p| {
            p.dirop_order = DirOrder::Global;
        }),
        DirOrder::Global => {}
    }
    match base.rename_replace_waits {
        ReplaceWaits::Nothing => add(all, base, "rename_replace_waits = size", |p| {
            p.rename_replace_waits = ReplaceWaits::Size;
        }),
        ReplaceWaits::Size => add(all, base, "rename_replace_waits = data", |p| {
            p.rename_replace_waits = ReplaceWaits::Data;
        }),
        ReplaceWaits::Data => {}
    }
}

fn switches(all: &mut Vec<(String, Profile)>, base: &Profile) {
    add(all, base, "size_after_new_block_data = true", |p| {
        p.size_after_new_block_data = true;
    });
    add(all, base, "size_grows_by_block = false", |p| {
        p.size_grows_by_block = false;
    });
    add(all, base, "same_file_meta_ordered = true", |p| {
        p.same_file_meta_ordered = true;
    });
    add(all, base, "truncate_atomic = true", |p| {
        p.truncate_atomic = true
    });
    add(all, base, "reuse_waits_for_commit = true", |p| {
        p.reuse_waits_for_commit = true;
    });
    add(all, base, "dirop_atomic = true", |p| p.dirop_atomic = true);
    add(all, base, "sync_escapes_order = false", |p| {
        p.sync_escapes_order = false;
    });
}

/// What a sync could cover besides. A file has no entries and a directory no data; the rest of [`Cover`] follows from these.
fn covers(all: &mut Vec<(String, Profile)>, base: &Profile) {
    type List = fn(&mut Profile) -> &mut Vec<Cover>;
    let lists: [(&str, List, &[Cover]); 3] = [
        (
            "fsync_covers",
            |p| &mut p.fsync_covers,
            &[Cover::OwnNames, Cover::PriorMetadata, Cover::AllMetadata],
        ),
        (
            "fdatasync_covers",
            |p| &mut p.fdatasync_covers,
            &[Cover::OwnNames, Cover::PriorMetadata, Cover::AllMetadata],
        ),
        (
            "fsync_dir_covers",
            |p| &mut p.fsync_dir_covers,
            &[Cover::OwnNames, Cover::PriorMetadata, Cover::AllMetadata],
        ),
    ];
    for (name, list, more) in lists {
        let present = list(&mut base.clone()).clone();
        for &cover in more {
            // What covers all metadata covers the rest.
            if !present.contains(&cover) && !present.contains(&Cover::AllMetadata) {
                add(all, base, &format!("{name} with {cover:?}"), |p| {
                    list(p).push(cover)
                });
            }
        }
    }
}
