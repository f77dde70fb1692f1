//! The litmus tests that people know by name are there under that name.

use std::collections::BTreeMap;

use plimsoll_faults::litmus::catalogue;

/// The name, the case, and where the name comes from: the first seven are Ferrite's, the rest those of bugs and rules of thumb.
const NAMES: &[(&str, &str)] = &[
    ("PA", "append-in-block"),
    ("ordered-same-file-overwrites", "overwrite-same-file"),
    ("ordered-two-file-overwrites", "overwrite-two-files"),
    ("implied-dir-fsync", "create-fsync"),
    ("ARVR", "arvr-nosync"),
    ("ACVR", "acvr-nosync"),
    ("chrome", "chrome"),
    ("dirop-order", "dirop-order"),
    ("fdatasync-then-rename", "wal-recycle-fdatasync"),
    ("unlink-before-rename", "unlink-before-rename"),
    ("link+fsync(ancestor)", "link-fsync"),
    ("truncate-rewrite", "truncate-rewrite"),
    ("mkdir-chain", "mkdir-chain"),
    ("fallocate+crash", "fallocate"),
    ("O_DSYNC+rename", "dsync-rename"),
];

#[test]
fn every_known_name_is_in_the_sentence_of_its_case() {
    let sentences: BTreeMap<String, String> = catalogue()
        .into_iter()
        .map(|case| (case.program.name, case.program.why))
        .collect();
    for (name, case) in NAMES {
        let why = sentences
            .get(*case)
            .unwrap_or_else(|| panic!("there is no case {case}"));
        assert!(why.contains(name), "`{why}` does not name {name}");
    }
}

/// A fact that was read off real file systems: a case, a profile, what the list at the end holds, and what it must not hold.
type Fact = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// What crashes of real file systems showed, as their lists say it.
const FACTS: &[Fact] = &[
    // A synced new file survives with its new parents, although no directory was synced.
    (
        "mkdir-chain",
        "ext4-ordered",
        &["d/; d/a = n*512"],
        &["(nothing)", "d/"],
    ),
    (
        "mkdir-chain",
        "xfs",
        &["d/; d/a = n*512"],
        &["(nothing)", "d/"],
    ),
    (
        "mkdir-chain",
        "btrfs",
        &["d/; d/a = n*512"],
        &["(nothing)", "d/"],
    ),
    // A file that was renamed and then synced is there under its new name.
    (
        "rename-fsync",
        "ext4-ordered",
        &["b = o*512"],
        &["a = o*512"],
    ),
    ("rename-fsync", "xfs", &["b = o*512"], &["a = o*512"]),
    ("rename-fsync", "btrfs", &["b = o*512"], &["a = o*512"]),
    // A file that was linked and then synced has both names.
    (
        "link-fsync",
        "ext4-ordered",
        &["a = o*512 (nlink 2); d/; d/b == a"],
        &["a = o*512"],
    ),
    (
        "link-fsync",
        "xfs",
        &["a = o*512 (nlink 2); d/; d/b == a"],
        &["a = o*512"],
    ),
    (
        "link-fsync",
        "btrfs",
        &["a = o*512 (nlink 2); d/; d/b == a"],
        &["a = o*512"],
    ),
    // On ext4 and xfs the sync of one file settles all earlier names, with length zero; on btrfs only its own.
    (
        "fsync-earlier-names",
        "ext4-ordered",
        &["a = empty; c = c*512; d/"],
        &["c = c*512", "c = c*512; d/"],
    ),
    (
        "fsync-earlier-names",
        "xfs",
        &["a = empty; c = c*512; d/"],
        &["c = c*512", "c = c*512; d/"],
    ),
    ("fsync-earlier-names", "btrfs", &["c = c*512"], &[]),
    // A file that was replaced without a sync is empty on xfs once another file is synced; on ext4 the length comes with the name.
    (
        "arvr-other-fsync",
        "xfs",
        &["o = empty; x = x*512"],
        &["o = o*512; x = x*512"],
    ),
    (
        "arvr-other-fsync",
        "ext4-ordered",
        &["o = n*512; x = x*512"],
        &["o = empty; x = x*512"],
    ),
    // An append within a block shows zeros on ext4 once another file is synced, and never on xfs or btrfs.
    (
        "append-in-block",
        "ext4-ordered",
        &["a = o*512,0*512; x = x*512"],
        &["a = o*512; x = x*512"],
    ),
    (
        "append-in-block",
        "xfs",
        &["a = o*512; x = x*512"],
        &["a = o*512,0*512; x = x*512"],
    ),
    (
        "append-in-block",
        "btrfs",
        &["a = o*512; x = x*512"],
        &["a = o*512,0*512; x = x*512"],
    ),
];

#[test]
fn facts_of_real_file_systems_are_in_the_lists() {
    for (name, profile, there, absent) in FACTS {
        let cases = catalogue();
        let case = cases
            .iter()
            .find(|case| case.program.name == *name)
            .expect("there is a case");
        let end = case.points().last().expect("there is a crash point");
        let section = case
            .sections
            .iter()
            .find(|section| section.point == end && section.profile == *profile);
        let states = &section
            .unwrap_or_else(|| panic!("{name}: no list of {profile}"))
            .states;
        let holds =
            |state: &&&str| states.contains(if **state == "(nothing)" { "" } else { state });
        let missing: Vec<_> = there.iter().filter(|state| !holds(state)).collect();
        let surplus: Vec<_> = absent.iter().filter(holds).collect();
        assert!(
            missing.is_empty() && surplus.is_empty(),
            "{name} on {profile}: lacks {missing:?}, has {surplus:?}"
        );
    }
}
