//! The scenarios that ship.

use crate::registry::Registry;
use crate::scenario::Scenario;

/// A file of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct CatalogueFile {
    /// Its folder.
    pub group: &'static str,
    /// Its name without ending.
    pub name: &'static str,
    /// Its content.
    pub text: &'static str,
}

impl CatalogueFile {
    /// Its path in the repository.
    pub fn path(&self) -> String {
        format!("scenarios/catalogue/{}/{}.toml", self.group, self.name)
    }
}

macro_rules! files {
    ($($group:literal: $($name:literal)*;)*) => {
        &[$($(
            CatalogueFile {
                group: $group,
                name: $name,
                text: include_str!(concat!("../catalogue/", $group, "/", $name, ".toml")),
            },
        )*)*]
    };
}

/// Every file of the catalogue, by group, in the order in which they run. A test holds this list to the directory.
pub const CATALOGUE: &[CatalogueFile] = files! {
    "fsync":
        "fsync-block"
        "fsync-block-fixed"
        "fsync-dirty"
        "fsync-hole"
        "fsync-hole-fixed"
        "fsync-models"
        "fsync-models-fixed"
        "fsync-retried"
        "fsync-retried-fixed"
        "fsync-served"
        "fsync-served-fixed"
        "fsync-trusted"
        "fsync-trusted-fixed";
    "reference":
        "ref-async"
        "ref-async-errors"
        "ref-closed-restore"
        "ref-closed-restore-all-errors"
        "ref-closed-restore-errors"
        "ref-closed-restore-space"
        "ref-custom-paths"
        "ref-custom-paths-errors"
        "ref-failed-segment-then-snapshot"
        "ref-failed-sync-takes-no-freed-block"
        "ref-maintenance"
        "ref-maintenance-all-errors"
        "ref-maintenance-errors"
        "ref-maintenance-exhaustive"
        "ref-maintenance-process"
        "ref-maintenance-process-errors"
        "ref-maintenance-process-exhaustive"
        "ref-maintenance-snapshot-only"
        "ref-maintenance-space"
        "ref-maintenance-unreadable-copy"
        "ref-memory"
        "ref-memory-errors"
        "ref-operations-all-errors"
        "ref-overlapping-errors"
        "ref-placing"
        "ref-placing-errors"
        "ref-placing-power-errors"
        "ref-placing-process"
        "ref-placing-random"
        "ref-power"
        "ref-power-all-errors"
        "ref-power-damage"
        "ref-power-errors"
        "ref-power-exhaustive"
        "ref-power-groups"
        "ref-power-groups-errors"
        "ref-power-lying"
        "ref-power-lz4"
        "ref-power-lz4-errors"
        "ref-power-segments"
        "ref-power-segments-errors"
        "ref-power-segments-exhaustive"
        "ref-power-space"
        "ref-process"
        "ref-process-custom-paths-errors"
        "ref-process-errors"
        "ref-process-exhaustive"
        "ref-process-space"
        "ref-second-handle"
        "ref-segments-all-errors"
        "ref-snapshot-name-unsure"
        "ref-snapshot-only"
        "ref-snapshot-only-errors"
        "ref-snapshot-only-exhaustive"
        "ref-window"
        "ref-window-errors"
        "ref-window-exhaustive"
        "ref-window-slow";
    "network":
        "net-mx-directory-commits"
        "net-mx-directory-noop"
        "net-nfs-async-server-crash"
        "net-ref-process-evicted"
        "net-ref-evicted"
        "net-ref-evicted-silently"
        "net-ref-evicted-stripe"
        "net-ref-evicted-stripe-silently"
        "net-ref-lost-replies"
        "net-ref-snapshot-only"
        "net-ref-snapshots";
    "modelvault":
        "mv-created-in-place"
        "mv-created-in-place-fixed"
        "mv-r1-two-renames"
        "mv-r1-two-renames-fixed"
        "mv-r1-restore"
        "mv-r1-restore-fixed"
        "mv-r2-reopening-fails"
        "mv-r2-reopening-fails-fixed"
        "mv-r5-torn-tail"
        "mv-r5-torn-tail-fixed"
        "mv-r9-failed-commit-appears"
        "mv-r9-failed-commit-appears-fixed"
        "mv-r9-sync-fails-once"
        "mv-r9-sync-fails-once-fixed"
        "mv-r14-garbage-restored"
        "mv-r14-garbage-restored-fixed"
        "mv-r15-bare-name"
        "mv-r15-bare-name-fixed"
        "mv-r16-directory-sync-fails"
        "mv-r16-directory-sync-fails-fixed"
        "mv-r17-export"
        "mv-r17-export-fixed"
        "mv-r17-compact-to"
        "mv-r17-compact-to-fixed"
        "mv-r18-leftover-temporaries"
        "mv-r18-leftover-temporaries-fixed"
        "mv-r19-stat-fails"
        "mv-r19-stat-fails-fixed"
        "mv-r20-superblock-first"
        "mv-r20-superblock-first-fixed"
        "mv-r22-new-database"
        "mv-r22-new-database-fixed"
        "mv-h1-lock-dropped"
        "mv-h1-lock-dropped-fixed"
        "mv-seen-then-lost"
        "mv-seen-then-lost-fixed"
        "mv-r15-portability"
        "mv-r22-portability"
        "mv-fixed-random"
        "mv-fixed-network"
        "mv-fixed-errors-compaction"
        "mv-fixed-errors-copies"
        "mv-fixed-errors-random"
        "mv-fixed-space";
    "redb":
        "redb-created-in-place"
        "redb-honest"
        "redb-honest-random"
        "redb-lying"
        "redb-sync-fails";
    "reference-sqlite":
        "ref-sqlite-all-errors"
        "ref-sqlite-closed-restore"
        "ref-sqlite-closed-restore-errors"
        "ref-sqlite-closed-restore-exdev"
        "ref-sqlite-closed-restore-space"
        "ref-sqlite-copies"
        "ref-sqlite-copy-errors"
        "ref-sqlite-copy-sync-fails"
        "ref-sqlite-snapshot-name-unsure"
        "ref-sqlite-cut-log"
        "ref-sqlite-disk"
        "ref-sqlite-disk-errors"
        "ref-sqlite-memory"
        "ref-sqlite-memory-closed"
        "ref-sqlite-memory-errors"
        "ref-sqlite-memory-random"
        "ref-sqlite-memory-snapshot-errors"
        "ref-sqlite-memory-snapshots"
        "ref-sqlite-memory-space"
        "ref-sqlite-move-errors"
        "ref-sqlite-move-exdev"
        "ref-sqlite-move-rename-fails"
        "ref-sqlite-move-rename-fails-late"
        "ref-sqlite-move-space"
        "ref-sqlite-nested"
        "ref-sqlite-network"
        "ref-sqlite-operations-errors"
        "ref-sqlite-operations-exdev"
        "ref-sqlite-operations-space"
        "ref-sqlite-overlapping"
        "ref-sqlite-overlapping-errors"
        "ref-sqlite-overlapping-memory"
        "ref-sqlite-overlapping-memory-errors"
        "ref-sqlite-placing"
        "ref-sqlite-placing-errors"
        "ref-sqlite-placing-memory"
        "ref-sqlite-random"
        "ref-sqlite-rollback"
        "ref-sqlite-rollback-errors"
        "ref-sqlite-snapshot-errors"
        "ref-sqlite-snapshot-rename-fails"
        "ref-sqlite-snapshot-rename-fails-late"
        "ref-sqlite-snapshots"
        "ref-sqlite-space";
    "retried-rename":
        "retried-rename"
        "retried-rename-fixed";
    "sqlite":
        "sqlite-delete-extra"
        "sqlite-delete-extra-lying"
        "sqlite-delete-extra-random"
        "sqlite-delete-extra-shown-then-lost"
        "sqlite-delete-full"
        "sqlite-delete-full-as-power"
        "sqlite-off-kill"
        "sqlite-persist-full"
        "sqlite-persist-full-shown-then-lost"
        "sqlite-truncate-full"
        "sqlite-truncate-full-lying"
        "sqlite-truncate-full-shown-then-lost"
        "sqlite-wal-full"
        "sqlite-wal-full-log-comes-back"
        "sqlite-wal-full-lying"
        "sqlite-wal-full-random"
        "sqlite-wal-full-shown-then-lost"
        "sqlite-wal-full-without-psow"
        "sqlite-wal-normal"
        "sqlite-wal-normal-as-power";
    "surrealmx":
        "mx-fixed-async-everyappend"
        "mx-fixed-errors"
        "mx-fixed-snapshot-only"
        "mx-fixed-sync-everyappend"
        "mx-fixed-sync-interval"
        "mx-fixed-sync-never"
        "mx-r1-torn-tail"
        "mx-r1-torn-tail-fixed"
        "mx-r2-torn-commit"
        "mx-r2-torn-commit-fixed"
        "mx-r3-queue-dropped"
        "mx-r3-queue-dropped-fixed"
        "mx-r6-visible-before-logged"
        "mx-r6-visible-before-logged-fixed"
        "mx-r10-rename-before-sync"
        "mx-r10-rename-before-sync-fixed"
        "mx-r11-tail-not-synced"
        "mx-r11-tail-not-synced-fixed"
        "mx-r12-copy-back-fails"
        "mx-r12-copy-back-fails-fixed"
        "mx-r12-truncated-in-place"
        "mx-r12-truncated-in-place-fixed"
        "mx-r14-overlapping-snapshots"
        "mx-r14-overlapping-snapshots-fixed"
        "mx-r33-no-final-snapshot"
        "mx-r33-no-final-snapshot-fixed"
        "mx-r37-directory-not-synced"
        "mx-r37-directory-not-synced-fixed"
        "mx-r37-portability"
        "mx-r41-leftover-temporaries"
        "mx-r41-leftover-temporaries-fixed";
    "activitywatch":
        "aw-h1-answered-before-the-commit"
        "aw-h1-answered-before-the-commit-fixed"
        "aw-h2-closed-without-a-commit"
        "aw-h2-closed-without-a-commit-fixed"
        "aw-r1-timer-needs-a-request"
        "aw-r1-timer-needs-a-request-fixed"
        "aw-r6-commit-fails"
        "aw-r6-commit-fails-fixed"
        "aw-r7-half-a-request"
        "aw-r7-half-a-request-fixed"
        "aw-r9-commits-again"
        "aw-r9-commits-again-fixed"
        "aw-fixed-random"
        "aw-fixed-all-errors"
        "aw-fixed-errors"
        "aw-fixed-errors-in-place"
        "aw-fixed-space"
        "aw-fixed-sync-failures"
        "aw-last-close-says-nothing"
        "aw-last-close-says-nothing-fixed";
    "tinycloud":
        "tiny-h3-paced-copy"
        "tiny-h3-paced-copy-fixed"
        "tiny-h5-one-temporary"
        "tiny-h5-one-temporary-fixed"
        "tiny-r7-ends-all-the-same"
        "tiny-r7-ends-all-the-same-fixed"
        "tiny-r10-request-waits"
        "tiny-r10-request-waits-fixed"
        "tiny-r14-directories-not-synced"
        "tiny-r14-directories-not-synced-fixed"
        "tiny-r8-copied-in-place"
        "tiny-r8-copied-in-place-fixed"
        "tiny-fixed-random"
        "tiny-fixed-space"
        "tiny-fixed-cached-random"
        "tiny-fixed-all-errors"
        "tiny-fixed-cached-errors"
        "tiny-fixed-cached-space"
        "tiny-fixed-errors"
        "tiny-fixed-errors-nightly";
    "torc":
        "torc-h1-private-databases"
        "torc-h1-private-databases-fixed"
        "torc-h4-claims-a-log"
        "torc-h4-claims-a-log-fixed"
        "torc-h5-no-way-back"
        "torc-h5-no-way-back-fixed"
        "torc-h6-colon-in-a-path"
        "torc-h6-colon-in-a-path-fixed"
        "torc-h7-bare-url"
        "torc-h7-bare-url-fixed"
        "torc-h9-pool-closes-the-database"
        "torc-h9-pool-closes-the-database-fixed"
        "torc-h12-no-directory"
        "torc-h12-no-directory-fixed"
        "torc-r8-failure-is-logged"
        "torc-r8-failure-is-logged-fixed"
        "torc-r9-killed-between-renames"
        "torc-r9-killed-between-renames-fixed"
        "torc-r10-history-given-up"
        "torc-r10-history-given-up-fixed"
        "torc-r14-directory-not-synced"
        "torc-r14-directory-not-synced-fixed"
        "torc-r15-uri-in-a-path"
        "torc-r15-uri-in-a-path-fixed"
        "torc-r15-other-spelling"
        "torc-r15-other-spelling-fixed"
        "torc-goes-on-in-doubt"
        "torc-goes-on-in-doubt-fixed"
        "torc-fixed-disk-space"
        "torc-fixed-random"
        "torc-fixed-space"
        "torc-fixed-three-errors"
        "torc-fixed-disk-random"
        "torc-fixed-all-errors"
        "torc-fixed-disk-errors"
        "torc-fixed-errors"
        "torc-fixed-errors-nightly";
};

/// Every scenario that ships.
pub fn catalogue() -> Vec<Scenario> {
    let registry = Registry::shipped();
    CATALOGUE
        .iter()
        .map(|file| {
            let mut scenario = Scenario::parse(&file.path(), file.text, &registry)
                .unwrap_or_else(|error| panic!("the catalogue is tested: {error}"));
            file.group.clone_into(&mut scenario.group);
            scenario
        })
        .collect()
}
