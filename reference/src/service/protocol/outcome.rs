//! What is known of a request that failed.

use std::fmt;
use std::str::FromStr;

/// What is known of the effect of a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It certainly has none, now and after every recovery.
    Absent,
    /// It may have one: it is there or appears after a restart, whole, or never.
    Unknown,
    /// The service has no such thing, as it was started. It has no effect.
    Unsupported,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Absent, Self::Unknown, Self::Unsupported];

    const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Unknown => "unknown",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Outcome {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.name() == text)
            .ok_or("an outcome is `absent`, `unknown` or `unsupported`")
    }
}

impl From<crate::native::Outcome> for Outcome {
    fn from(outcome: crate::native::Outcome) -> Self {
        match outcome {
            crate::native::Outcome::Absent => Self::Absent,
            crate::native::Outcome::Unknown => Self::Unknown,
        }
    }
}
