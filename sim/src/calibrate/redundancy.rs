//! Why a sync that was dropped made no difference.

use std::fmt;

/// An operation of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number, from 1, as a trace shows it.
    pub operation: usize,
    /// What it was.
    pub text: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operation {} ({})", self.operation, self.text)
    }
}

/// Why a sync is redundant on a disk.
///
/// [`Idle`](Self::Idle) and [`Earlier`](Self::Earlier) say that it changes nothing of what a crash may leave. The other proofs say that
/// every crash of the run without it was compared with those of the run with it: what recovery shows is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redundancy {
    /// Nothing that it covers was changed before.
    Idle,
    /// What it covers was durable already, by this earlier operation.
    Earlier(Call),
    /// Nobody can tell; what it covers becomes durable by this later operation, and nothing is promised for a power loss in between.
    Later(Call),
    /// Nobody can tell; the file that it covers is removed by this later operation, and nothing is promised for a power loss in between.
    Gone(Call),
    /// Nobody can tell; everything that it covers was promised for a power loss before, by the acknowledgement of this step, at a time
    /// when none of it was durable: the promise rests on something else, such as a snapshot.
    Promised(u32),
    /// Nobody can tell, although what it covers may be missing when something is promised: whatever recovery shows then, it may show
    /// with the sync too.
    Alike,
    /// Without it a crash may leave what shows something else, or there are more states than were looked at. That no promise is broken
    /// may be up to what the recovery makes of that; only that another disk notices tells that the sync has a purpose.
    Needed,
}

impl Redundancy {
    /// Whether this alone explains that nobody notices.
    pub const fn is_proof(&self) -> bool {
        match self {
            Self::Idle
            | Self::Earlier(_)
            | Self::Later(_)
            | Self::Gone(_)
            | Self::Promised(_)
            | Self::Alike => true,
            Self::Needed => false,
        }
    }

    /// The name in machine-readable output.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Earlier(_) => "earlier",
            Self::Later(_) => "later",
            Self::Gone(_) => "gone",
            Self::Promised(_) => "promised",
            Self::Alike => "alike",
            Self::Needed => "needed",
        }
    }
}

impl fmt::Display for Redundancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("nothing that it covers was changed"),
            Self::Earlier(call) => write!(f, "{call} had made durable what it covers"),
            Self::Later(call) => write!(
                f,
                "{call} makes durable what it covers, before anything is promised for a power loss"
            ),
            Self::Gone(call) => write!(
                f,
                "{call} removes the file, before anything is promised for a power loss"
            ),
            Self::Promised(step) => write!(
                f,
                "what it covers was promised before, by #{step}, and that promise rests on something else"
            ),
            Self::Alike => f.write_str("recovery shows nothing that it may not show with it"),
            Self::Needed => {
                f.write_str("recovery may show something else, which breaks no promise")
            }
        }
    }
}
