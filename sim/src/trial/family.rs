//! Families of what may happen to a system.

use std::fmt;
use std::str::FromStr;

macro_rules! families {
    ($($name:ident, $word:literal, $doc:literal;)*) => {
        /// Something that may happen to a system. A seed draws which of the families of its case do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Family {
            $(#[doc = $doc] $name,)*
        }

        impl Family {
            /// Every family.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in scenarios.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

families! {
    Snapshots, "snapshots", "`SIGUSR1` at any time.";
    Endings, "endings", "`SIGTERM` or `SIGINT` at any time.";
    Twice, "twice", "A second signal, or the end of the input, while it ends.";
    MidLine, "mid-line", "The input ends in the middle of a line.";
    Kill, "kill", "The process dies at once.";
    Power, "power", "The power is lost.";
    Errors, "errors", "Operations on the disk fail.";
    Stalls, "stalls", "Operations on the disk stand still for seconds to minutes.";
    Slow, "slow", "The disk is slow: names and syncs take milliseconds, now and then seconds.";
    Unread, "unread", "Nobody reads its output for a while.";
    Deaf, "deaf", "Nobody reads its output any more.";
    Clock, "clock", "The wall clock steps.";
    Second, "second", "It is started a second time while it runs.";
    Idle, "idle", "Nothing is asked for seconds to an hour.";
    Restart, "restart", "It is started again when it has ended.";
    Early, "early", "Requests and signals come before it is ready.";
    Servers, "servers", "Servers of a network file system crash, or throw the client out.";
    Strangers, "strangers", "Other programs are started meanwhile, and numbers of processes that have ended are given again.";
    Interrupts, "interrupts", "Signals that it handles interrupt reads and writes.";
    Full, "full-output", "Lines that a process writes are not taken, some or any more: its output is a file, and the disk is full or fails.";
    Stopped, "stopped", "A process stands still for a while, by `SIGSTOP`.";
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Family {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|family| family.name() == text)
            .ok_or_else(|| {
                let names: Vec<&str> = Self::ALL.iter().map(|family| family.name()).collect();
                format!(
                    "`{text}` is no family of disturbances; they are `{}`",
                    names.join("`, `")
                )
            })
    }
}
