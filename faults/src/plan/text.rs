//! The text form of faults and plans, printed.

mod cursor;
mod error;
mod misfit;
mod parser;
mod space;
mod target;
mod values;
mod words;
mod writeback;

pub use error::ParseFaultError;
pub(super) use misfit::misfit;
pub use words::EFFECT_WORDS;

use std::fmt;

use super::duration::show;
use super::effect::{Damage, Effect, Position};
use super::fault::{Fault, FaultPlan, Occurrence, OpSelector};
use super::scope::Scope;
use super::space::{Freed, Space};
use super::when::{ByteRange, Chance, Phase};
use super::writeback::Writeback;
use crate::errno::Errno;

impl fmt::Display for OpSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Sync => f.write_str("sync"),
            Self::Growing => f.write_str("growing"),
            Self::Kind(kind) => kind.fmt(f),
        }
    }
}

impl fmt::Display for Occurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every => Ok(()),
            Self::Nth(n) => write!(f, "{n}"),
            Self::From(n) => write!(f, "{n}.."),
            Self::Between(first, last) => write!(f, "{first}..{last}"),
        }
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..", self.first)?;
        self.end.map_or(Ok(()), |end| end.fmt(f))
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)?;
        if self.burst > 1 {
            write!(f, "*{}", self.burst)?;
        }
        Ok(())
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Target(target) => write!(f, " {target}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Flip(bits) if *bits > 1 => write!(f, "*{bits}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail(errno, Position::Before) => errno.fmt(f),
            Self::Fail(errno, position) => write!(f, "{errno} {position}"),
            Self::FailSync(errno, model) => write!(f, "{errno} {model}"),
            Self::Drop => f.write_str("drop"),
            Self::Evict { target, silent } => {
                f.write_str(if *silent { "evict-silently" } else { "evict" })?;
                target.map_or(Ok(()), |target| write!(f, " target {target}"))
            }
            Self::Short => f.write_str("short"),
            Self::Damage(damage) => damage.fmt(f),
            Self::Delay(latency) => write!(f, "delay {latency}"),
            Self::Stall(time) => write!(f, "stall {}", show(*time)),
            Self::Hang => f.write_str("hang"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.op.fmt(f)?;
        if let Some(path) = &self.path {
            write!(f, " {}", words::quoted(path))?;
        }
        if self.occurrence != Occurrence::Every {
            write!(f, " #{}", self.occurrence)?;
        }
        if let Some(bytes) = self.when.bytes {
            write!(f, " bytes {bytes}")?;
        }
        if let Some(target) = self.when.target {
            write!(f, " target {target}")?;
        }
        if let Some(phase) = self.when.phase {
            write!(f, " in {phase}")?;
        }
        if let Some(from) = self.when.from {
            write!(f, " from {}", show(from))?;
        }
        if let Some(until) = self.when.until {
            write!(f, " until {}", show(until))?;
        }
        if let Some(chance) = self.when.chance {
            write!(f, " {chance}")?;
        }
        write!(f, " {}", self.effect)?;
        if self.scope != Scope::Operation {
            write!(f, " for {}", self.scope)?;
        }
        Ok(())
    }
}

impl fmt::Display for Writeback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "writeback {}", words::quoted(&self.path))?;
        if let Some(block) = self.block {
            write!(f, " block {block}")?;
        }
        write!(f, " {}", self.sequence)?;
        if let Some(model) = self.model {
            write!(f, " {model}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Freed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(number) => write!(f, "#{number}"),
            Self::Time(time) => f.write_str(&show(*time)),
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("space")?;
        if let Some(bytes) = self.bytes {
            write!(f, " {bytes}")?;
        }
        if let Some(inodes) = self.inodes {
            write!(f, " inodes {inodes}")?;
        }
        if self.errno != Errno::ENOSPC {
            write!(f, " {}", self.errno)?;
        }
        if self.reserved {
            f.write_str(" reserved")?;
        }
        if let Some(freed) = self.freed {
            write!(f, " freed {freed}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("; "))
    }
}
