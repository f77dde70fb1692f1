//! The named checks.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

macro_rules! oracles {
    ($($name:ident, $claim:literal, $doc:literal;)*) => {
        /// A named check of what must hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Oracle {
            $(#[doc = $doc] $name,)*
        }

        impl Oracle {
            /// Every oracle.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The short name, such as `D1`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// What a violation of it says, in one phrase.
            pub const fn claim(self) -> &'static str {
                match self { $(Self::$name => $claim,)* }
            }
        }
    };
}

oracles! {
    D1, "acknowledged write lost", "Every command whose acknowledgement promised durability is there after recovery, or superseded by a later one.";
    D2, "a command took effect in part", "A batch is there as a whole or not at all; a value is the old or the new one, never a mixture.";
    D3, "a hole in history", "The recovered state is the state after some prefix of the commands.";
    D4, "a deleted key came back", "A key whose delete is durable never reappears.";
    D5, "a value that nobody wrote", "Every recovered pair was written, with that key.";
    D6, "a value that was read vanished", "A command of unknown outcome may be in or out, but what a recovery has shown stays.";
    D7, "history went backwards", "A later recovery never shows an earlier state than the one before it.";
    D8, "a value was served before it was durable", "Where every write is promised to survive a power loss, what a read has shown stays, also what no acknowledgement covers.";
    R1, "recovering twice differs from recovering once", "Recovery is idempotent.";
    R2, "lost by a crash during recovery", "A crash at any operation of a recovery loses nothing either.";
    R3, "refused to open after a legal crash", "Recovery succeeds after every legal crash, and never panics.";
    R4, "damage silently dropped", "Damage to synced data is reported, never taken for a torn tail.";
    R5, "foreign bytes accepted", "An empty, short or foreign file gives a typed error.";
    R7, "an existing store was taken for a new one", "Opening a store that is there never makes an empty one of it.";
    C1, "the canonical path has no complete image", "At every instant an independent reader finds a complete old or new image.";
    C2, "an older snapshot was given up for nothing", "As many snapshots as are kept stay until a newer one is in place.";
    L1, "leftover files or handles", "Temporaries are gone after the next successful open, and closing closes every handle.";
    F1, "acknowledged after a failed sync", "After a failed sync nothing is acknowledged at that level until it was rewritten.";
    F3, "a full disk cost more than space", "Out of space, a store can still be read; once there is space again, it opens and takes writes.";
    B1, "lost more than the window", "No more is lost than the acknowledgement's window allows.";
    B2, "lost by a mere process kill", "What reached the operating system survives the death of the process.";
    B3, "a write was answered too late", "A write is answered within the time that the store promises.";
    V1, "an acknowledged write cannot be read", "Every read shows what was acknowledged before it was asked for, or something later.";
    V2, "a request failed for nothing", "A process that met no fault and is not asked to end does what it is asked.";
    V3, "it said what makes no sense", "Every line is one of the protocol, and every request is answered once, in the way of its kind.";
    S1, "a signal ended it", "A process that is ready dies of no signal that it is to handle.";
    S2, "a request for a snapshot was forgotten", "After the last request or signal a snapshot is taken that holds everything acknowledged before it.";
    S3, "a signal hit a stranger", "Signals are sent to the processes of the store, and never to whoever has the number of one that has ended.";
    S7, "a handler did not return", "A handler of a signal returns or ends its process in time: it never waits for what it interrupted.";
    T1, "a read was answered too late", "Reads are answered within their bound, also while a snapshot, a sync or a target of the file system stands still.";
    T2, "a request was never answered", "Every request of a living process is answered, or fails, within its bound.";
    T3, "it did not end", "Asked to end, a process ends within its bound.";
    T5, "a queue grew without bound", "What waits inside of a process stays within the bound that it promises.";
    E1, "exit code and outcome disagree", "A process that says that all went well has lost nothing, and one that met no fault does not fail.";
    E2, "it is not as it was last seen", "After an end that went well, what the next start finds is what the last one showed, and what was acknowledged since.";
    F4, "two writers at once", "No two processes or handles write the same store at the same time.";
    X1, "two equal runs differed", "The same seed gives the same fingerprint.";
}

impl fmt::Display for Oracle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no oracle.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not an oracle")]
pub struct ParseOracleError(String);

impl FromStr for Oracle {
    type Err = ParseOracleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|oracle| oracle.name() == text)
            .ok_or_else(|| ParseOracleError(text.to_owned()))
    }
}
