//! What an acknowledgement promises.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// The promise that an acknowledgement carries, from weakest to strongest.
///
/// | level | process kill | power loss | clean close |
/// |---|---|---|---|
/// | `Memory` | everything since the last snapshot may go | same | same |
/// | `Window(t)` | at most the last `t` may go, prefix only | same | kept |
/// | `Process` | kept | a suffix may go, never a hole | kept |
/// | `Power` | kept | kept | kept |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The command is in memory only.
    Memory,
    /// At most this much time of acknowledged commands may be lost.
    Window(Duration),
    /// The command survives the death of the process.
    Process,
    /// The command survives a power loss.
    Power,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Window(window) => write!(f, "window({}ms)", window.as_millis()),
            Self::Process => f.write_str("process"),
            Self::Power => f.write_str("power"),
        }
    }
}

/// A text that is no level.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a level is `memory`, `window(Nms)`, `process` or `power`")]
pub struct ParseLevelError;

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "memory" => Ok(Self::Memory),
            "process" => Ok(Self::Process),
            "power" => Ok(Self::Power),
            _ => {
                let millis = text
                    .strip_prefix("window(")
                    .and_then(|rest| rest.strip_suffix("ms)"))
                    .filter(|millis| millis.bytes().all(|byte| byte.is_ascii_digit()))
                    .and_then(|millis| millis.parse().ok())
                    .ok_or(ParseLevelError)?;
                Ok(Self::Window(Duration::from_millis(millis)))
            }
        }
    }
}

/// A store's observed promise for one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ack {
    /// How much the command, and every command before it, is promised to survive.
    pub level: Level,
}

impl Ack {
    /// An acknowledgement at `level`.
    pub const fn at(level: Level) -> Self {
        Self { level }
    }
}
