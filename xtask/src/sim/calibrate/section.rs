//! The sections of the calibration.

use clap::ValueEnum;

/// A section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Section {
    /// What disks allow small programs to leave behind, against the lists of the litmus tests
    Litmus,
    /// Every sync of the reference, left out in turn
    SyncDeletion,
    /// Every sync failing in turn in each of the ways F1 to F11, in stores that go on, stop or write anew
    FsyncFailures,
    /// Commits that SQLite loses in a power loss, against recordings from real file systems
    Sqlite,
}

impl Section {
    /// Every section, in the order of the page.
    pub(super) const ALL: &'static [Self] = &[
        Self::Litmus,
        Self::SyncDeletion,
        Self::FsyncFailures,
        Self::Sqlite,
    ];

    /// The name in machine-readable output.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Litmus => "litmus",
            Self::SyncDeletion => "sync-deletion",
            Self::FsyncFailures => "fsync-failures",
            Self::Sqlite => "sqlite",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_asked_for_by_the_name_that_machines_read() {
        for &section in Section::value_variants() {
            let name = section.to_possible_value().expect("none is hidden");
            assert_eq!(name.get_name(), section.name());
            assert!(Section::ALL.contains(&section));
        }
    }
}
