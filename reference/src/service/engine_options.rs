//! Which engine a service has, and how it is opened.

use crate::native::CreatePolicy;
use crate::{native, sqlite};

use super::options::InvalidOption;

/// Which engine a service has, and how it is opened.
#[derive(Clone, Debug)]
pub enum EngineOptions {
    /// The native engine.
    Native(native::Options),
    /// The engine on SQLite.
    Sqlite(sqlite::Options),
}

impl EngineOptions {
    /// The same, but a store that is not there is an error: a store that is opened again was there.
    #[must_use]
    pub(super) fn of_existing(self) -> Self {
        match self {
            Self::Native(options) => {
                Self::Native(options.create_policy(CreatePolicy::OpenExisting))
            }
            Self::Sqlite(options) => {
                Self::Sqlite(options.create_policy(CreatePolicy::OpenExisting))
            }
        }
    }

    pub(super) fn validate(&self) -> Result<(), InvalidOption> {
        match self {
            Self::Native(options) if options.has_own_snapshots() => Err(InvalidOption {
                option: "snapshot_policy",
                reason: "a service takes snapshots itself; use its own interval",
            }),
            _ => Ok(()),
        }
    }
}
