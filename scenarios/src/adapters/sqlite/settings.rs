//! How SQLite is set up, and what it then promises.

use std::fmt;

use plimsoll_reference::level::Level;

/// `PRAGMA journal_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalMode {
    /// The rollback journal is removed at a commit.
    Delete,
    /// It is cut to length zero.
    Truncate,
    /// Its header is overwritten.
    Persist,
    /// It is held in memory.
    Memory,
    /// Commits go to a write-ahead log.
    Wal,
    /// There is none.
    Off,
}

/// `PRAGMA synchronous`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronous {
    /// No sync at all.
    Off,
    /// Syncs at the most critical moments.
    Normal,
    /// Syncs at every commit.
    Full,
    /// As `Full`, and the directory after a journal was removed.
    Extra,
}

impl JournalMode {
    const ALL: [Self; 6] = [
        Self::Delete,
        Self::Truncate,
        Self::Persist,
        Self::Memory,
        Self::Wal,
        Self::Off,
    ];

    /// The name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Truncate => "truncate",
            Self::Persist => "persist",
            Self::Memory => "memory",
            Self::Wal => "wal",
            Self::Off => "off",
        }
    }
}

impl Synchronous {
    const ALL: [Self; 4] = [Self::Off, Self::Normal, Self::Full, Self::Extra];

    /// The name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Normal => "normal",
            Self::Full => "full",
            Self::Extra => "extra",
        }
    }
}

/// How SQLite is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `PRAGMA journal_mode`.
    pub journal_mode: JournalMode,
    /// `PRAGMA synchronous`.
    pub synchronous: Synchronous,
    /// Whether the disk is said to have power-safe overwrites.
    pub powersafe_overwrite: bool,
    /// Whether every commit is claimed to survive a power loss, whatever SQLite documents.
    pub claims_power: bool,
}

const PREFIX: &str = "sqlite-";
const CLAIMS_POWER: &str = "-as-power";
const WITHOUT_PSOW: &str = "-without-psow";

impl Settings {
    /// Reads the name of a store: `sqlite-MODE-SYNC`, then `-without-psow` and `-as-power` where they hold.
    pub fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix(PREFIX)?;
        let (rest, claims_power) = match rest.strip_suffix(CLAIMS_POWER) {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (rest, powersafe_overwrite) = match rest.strip_suffix(WITHOUT_PSOW) {
            Some(rest) => (rest, false),
            None => (rest, true),
        };
        let (mode, sync) = rest.split_once('-')?;
        Some(Self {
            journal_mode: JournalMode::ALL
                .into_iter()
                .find(|known| known.name() == mode)?,
            synchronous: Synchronous::ALL
                .into_iter()
                .find(|known| known.name() == sync)?,
            powersafe_overwrite,
            claims_power,
        })
    }

    /// Every mode as SQLite documents it, on a disk with power-safe overwrites.
    pub fn documented_modes() -> impl Iterator<Item = Self> {
        JournalMode::ALL.into_iter().flat_map(|journal_mode| {
            Synchronous::ALL.into_iter().map(move |synchronous| Self {
                journal_mode,
                synchronous,
                powersafe_overwrite: true,
                claims_power: false,
            })
        })
    }

    /// What a commit is acknowledged as.
    pub const fn level(&self) -> Level {
        if self.claims_power {
            Level::Power
        } else {
            self.documented()
        }
    }

    /// What SQLite documents of a commit, at `PRAGMA synchronous` and `PRAGMA journal_mode`:
    ///
    /// * A journal in memory, or none, leaves the database at the mercy of a crash in a transaction: nothing is promised.
    /// * In WAL mode `FULL` syncs the log at each commit, and with `NORMAL` a commit may roll back in a power loss.
    /// * In DELETE mode it takes `EXTRA` for a commit to be durable when the power fails soon after it; with `FULL` the removal of
    ///   the journal may be lost, and the commit with it. The other rollback modes sync what they do to the journal from `FULL` on.
    pub const fn documented(&self) -> Level {
        match (self.journal_mode, self.synchronous) {
            (JournalMode::Memory | JournalMode::Off, _) => Level::Memory,
            (_, Synchronous::Extra) => Level::Power,
            (
                JournalMode::Truncate | JournalMode::Persist | JournalMode::Wal,
                Synchronous::Full,
            ) => Level::Power,
            _ => Level::Process,
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{PREFIX}{}-{}{}{}",
            self.journal_mode.name(),
            self.synchronous.name(),
            if self.powersafe_overwrite {
                ""
            } else {
                WITHOUT_PSOW
            },
            if self.claims_power { CLAIMS_POWER } else { "" },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_the_settings_and_back() {
        for documented in Settings::documented_modes() {
            for powersafe_overwrite in [false, true] {
                for claims_power in [false, true] {
                    let settings = Settings {
                        powersafe_overwrite,
                        claims_power,
                        ..documented
                    };
                    assert_eq!(Settings::parse(&settings.to_string()), Some(settings));
                }
            }
        }
    }

    #[test]
    fn other_names_are_none_of_these() {
        for name in [
            "sqlite",
            "sqlite-wal",
            "sqlite-wal-ful",
            "sqlite-wal-full-",
            "sqlite-wal-full-as-power-without-psow",
            "redb",
        ] {
            assert_eq!(Settings::parse(name), None, "{name}");
        }
    }
}
