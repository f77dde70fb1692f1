//! Whose a violation is: the store's on the disks it is meant for, or that of a disk it was never meant for.

use std::fmt;

/// The class of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It can be reached on a disk that is declared as a target.
    Bug,
    /// It can be reached only on disks that are no target: the store relies on what its targets do and others need not.
    ///
    /// The distinction is that of Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014).
    Portability,
}

impl Class {
    /// The name in reports, scenarios and machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bug => "bug",
            Self::Portability => "portability",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
