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
        "fsync-hole"
        "fsync-hole-fixed"
        "fsync-retried"
        "fsync-retried-fixed"
        "fsync-trusted"
        "fsync-trusted-fixed";
    "reference":
        "ref-async"
        "ref-async-errors"
        "ref-custom-paths"
        "ref-custom-paths-errors"
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
        "net-ref-evicted"
        "net-ref-evicted-silently"
        "net-ref-lost-replies"
        "net-ref-snapshot-only"
        "net-ref-snapshots";
    "redb":
        "redb-created-in-place"
        "redb-honest"
        "redb-honest-random"
        "redb-lying"
        "redb-sync-fails";
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
