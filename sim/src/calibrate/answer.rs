//! What a harness must say of a store whose syncs fail.

use std::fmt;

/// What should come of a store under a model of failing syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It goes on where it must not: some run violates something.
    Caught,
    /// It does what can be done: no run violates anything.
    Clean,
    /// Nothing that the store can see tells it of the failure: no run is held against it. That the failure is there shows when the
    /// store is held to what it acknowledged, as on a lying disk.
    Unknowable,
}

impl Answer {
    /// The name in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Clean => "clean",
            Self::Unknowable => "unknowable",
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caught => "caught",
            Self::Clean => "not reported",
            Self::Unknowable => "no store can know: judged as a lying disk",
        })
    }
}
