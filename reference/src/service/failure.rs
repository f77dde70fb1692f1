//! Why a request was not done, or may not have been.

use std::error::Error;
use std::fmt;

use crate::error_text::with_causes;
use crate::host::Failed;
use crate::{native, sqlite};

use super::protocol::Outcome;

/// Why a request was not done, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is known of its effect.
    pub outcome: Outcome,
    /// The error with its causes, for people.
    pub message: String,
}

impl Failure {
    /// A request that certainly has no effect.
    pub fn absent(message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Absent,
            message: message.into(),
        }
    }

    /// A request that may have an effect.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Unknown,
            message: message.into(),
        }
    }

    /// A request for something that the service does not have.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Unsupported,
            message: message.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

impl From<native::StoreError> for Failure {
    fn from(error: native::StoreError) -> Self {
        Self {
            outcome: error.outcome().into(),
            message: with_causes(&error),
        }
    }
}

impl From<sqlite::StoreError> for Failure {
    fn from(error: sqlite::StoreError) -> Self {
        Self {
            outcome: error.outcome().into(),
            message: with_causes(&error),
        }
    }
}

/// A job that did not return: nobody knows how far it came.
impl From<Failed> for Failure {
    fn from(failed: Failed) -> Self {
        Self::unknown(failed.to_string())
    }
}
