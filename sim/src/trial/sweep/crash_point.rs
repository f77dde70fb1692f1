//! A crash that did not happen.

use std::fmt;

use plimsoll_faults::crash::CrashKind;

/// Where a crash is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashPoint {
    /// Losses of power before it.
    pub era: usize,
    /// Entries of the op log of that era before it.
    pub position: usize,
    /// What died.
    pub kind: CrashKind,
    /// The operation that it follows; nothing at the beginning of an era.
    pub after: Option<String>,
    /// The write that it comes within, and the byte of the file that this came to.
    pub within: Option<(String, u64)>,
    /// What had been done and did not reach the disk.
    pub lost: Vec<String>,
    /// What came then, where it is not what was left that shows it.
    pub then: Option<Then>,
}

/// What came of what a crash had left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// The system was started on it.
    Started,
    /// The system was started on it, and crashed again before it had ended, at a position of the op log since that start.
    Crashed(Box<CrashPoint>),
}

impl fmt::Display for CrashPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at @{}", self.kind, self.position)?;
        if self.era > 0 {
            write!(f, " of era {}", self.era + 1)?;
        }
        match (&self.within, &self.after) {
            (Some((write, end)), _) => write!(f, ", within {write}, which came to byte {end}")?,
            (None, Some(operation)) => write!(f, ", after {operation}")?,
            (None, None) => f.write_str(", before anything")?,
        }
        match &self.then {
            None => Ok(()),
            Some(then) => write!(f, "; then {then}"),
        }
    }
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("it was started"),
            Self::Crashed(crash) => write!(f, "it was started, and crashed: {crash}"),
        }
    }
}
