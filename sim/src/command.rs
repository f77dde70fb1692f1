//! One logical step of a workload, and its text form.
//!
//! The text form is what scenario files, witnesses and reproduce lines contain; it prints back exactly what it parses.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use plimsoll_reference::digits::number;
use plimsoll_reference::mutation::ParseMutationError;
use thiserror::Error;

pub use plimsoll_reference::mutation::Mutation;

/// One logical step of a workload.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Command {
    /// One change on its own.
    Write(Mutation),
    /// Several changes that take effect together or not at all.
    Batch(Vec<Mutation>),
    /// Several changes, each a commit of its own, that writers hand in at the same time, so that they can share a sync.
    Together(Vec<Mutation>),
    /// Write a snapshot, from cut to end.
    Snapshot,
    /// Take the consistent cut of a snapshot and leave it open under this number, so that other steps overlap it.
    SnapshotBegin(u8),
    /// Write the snapshot begun under this number and begin to put it in place: behind each of the steps that follow one operation of that
    /// is done, until it is finished. What is left of it when the store is closed is done first, and the store is not told.
    SnapshotPlace(u8),
    /// Write and promote the snapshot begun under this number, as far as that is not done.
    SnapshotFinish(u8),
    /// Make everything acknowledged so far durable.
    Sync,
    /// Fold the log into the main file, so that recovery has less to do. The state stays as it is.
    Checkpoint,
    /// Rewrite the store in place without what is no longer needed. The state stays as it is.
    Compact,
    /// Write a compacted copy of the store to the place with this number, in place of what was there.
    CompactTo(u8),
    /// Write a backup of the store to the place with this number, in place of what was there.
    Export(u8),
    /// Put the copy or backup in the place with this number in place of everything that the store holds.
    Restore(u8),
    /// Open the store once more in the same process, while it is open, and keep that handle until the next restart. A store that
    /// refuses has done nothing wrong.
    OpenAnother,
    /// Let background work (log workers, interval syncs, interval snapshots) run once.
    Tick,
    /// Let virtual time pass, then run background work that is due.
    Advance(Duration),
    /// Close cleanly and open again.
    Reopen,
    /// Kill the process (the operating system survives) and open again.
    Kill,
}

impl Command {
    /// The changes this command makes to the logical state, in order.
    pub fn mutations(&self) -> &[Mutation] {
        match self {
            Self::Write(mutation) => std::slice::from_ref(mutation),
            Self::Batch(mutations) | Self::Together(mutations) => mutations,
            _ => &[],
        }
    }

    /// The number of the place where this command writes a copy of the store, or reads one.
    pub const fn place(&self) -> Option<u8> {
        match self {
            Self::CompactTo(place) | Self::Export(place) | Self::Restore(place) => Some(*place),
            _ => None,
        }
    }

    /// The number of the place where this command writes a copy of the store.
    pub const fn copies_to(&self) -> Option<u8> {
        match self {
            Self::CompactTo(place) | Self::Export(place) => Some(*place),
            _ => None,
        }
    }
}

/// A text that is no command.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "`{text}` is not a command: {reason}; commands are `put KEY VALUE`, `delete KEY`, `batch put K V; delete K`, `together put K V; delete K`, \
     `snapshot`, \
     `snapshot-begin N`, `snapshot-place N`, `snapshot-finish N`, `sync`, `checkpoint`, `compact`, `compact-to N`, `export N`, `restore N`, \
     `open-another`, `tick`, `advance N(ms|s)`, `reopen`, `kill`"
)]
pub struct ParseCommandError {
    text: String,
    reason: &'static str,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(mutation) => mutation.fmt(f),
            Self::Batch(mutations) => write_several(f, "batch", mutations),
            Self::Together(mutations) => write_several(f, "together", mutations),
            Self::Snapshot => f.write_str("snapshot"),
            Self::SnapshotBegin(slot) => write!(f, "snapshot-begin {slot}"),
            Self::SnapshotPlace(slot) => write!(f, "snapshot-place {slot}"),
            Self::SnapshotFinish(slot) => write!(f, "snapshot-finish {slot}"),
            Self::Sync => f.write_str("sync"),
            Self::Checkpoint => f.write_str("checkpoint"),
            Self::Compact => f.write_str("compact"),
            Self::CompactTo(place) => write!(f, "compact-to {place}"),
            Self::Export(place) => write!(f, "export {place}"),
            Self::Restore(place) => write!(f, "restore {place}"),
            Self::OpenAnother => f.write_str("open-another"),
            Self::Tick => f.write_str("tick"),
            Self::Advance(time) => write!(f, "advance {}ms", time.as_millis()),
            Self::Reopen => f.write_str("reopen"),
            Self::Kill => f.write_str("kill"),
        }
    }
}

fn write_several(f: &mut fmt::Formatter<'_>, word: &str, mutations: &[Mutation]) -> fmt::Result {
    f.write_str(word)?;
    for (index, mutation) in mutations.iter().enumerate() {
        f.write_str(if index == 0 { " " } else { "; " })?;
        write!(f, "{mutation}")?;
    }
    Ok(())
}

// As the text form, like that of a mutation.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    let unit = text
        .find(|c: char| !c.is_ascii_digit())
        .ok_or("a time needs a unit, `ms` or `s`")?;
    let (count, unit) = text.split_at(unit);
    let count: u64 = count.parse().map_err(|_| "a time starts with a number")?;
    match unit {
        "ms" => Ok(Duration::from_millis(count)),
        "s" => Ok(Duration::from_secs(count)),
        _ => Err("a time needs a unit, `ms` or `s`"),
    }
}

fn parse_mutation(text: &str) -> Result<Mutation, &'static str> {
    text.parse().map_err(|ParseMutationError { reason }| reason)
}

fn parse_several(text: &str) -> Result<Vec<Mutation>, &'static str> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(';')
        .map(|part| parse_mutation(part.trim()))
        .collect()
}

fn parse_command(text: &str) -> Result<Command, &'static str> {
    let (word, rest) = text
        .split_once(char::is_whitespace)
        .map_or((text, ""), |(word, rest)| (word, rest.trim()));
    let bare = |command| {
        if rest.is_empty() {
            Ok(command)
        } else {
            Err("this command takes no argument")
        }
    };
    let slot = || number::<u8>(rest).ok_or("a snapshot number is 0 to 255");
    let place = || number::<u8>(rest).ok_or("the number of a copy is 0 to 255");
    match word {
        "put" | "delete" => parse_mutation(text).map(Command::Write),
        "batch" => parse_several(rest).map(Command::Batch),
        "together" => parse_several(rest).map(Command::Together),
        "snapshot" => bare(Command::Snapshot),
        "snapshot-begin" => slot().map(Command::SnapshotBegin),
        "snapshot-place" => slot().map(Command::SnapshotPlace),
        "snapshot-finish" => slot().map(Command::SnapshotFinish),
        "sync" => bare(Command::Sync),
        "checkpoint" => bare(Command::Checkpoint),
        "compact" => bare(Command::Compact),
        "compact-to" => place().map(Command::CompactTo),
        "export" => place().map(Command::Export),
        "restore" => place().map(Command::Restore),
        "open-another" => bare(Command::OpenAnother),
        "tick" => bare(Command::Tick),
        "advance" => parse_duration(rest).map(Command::Advance),
        "reopen" => bare(Command::Reopen),
        "kill" => bare(Command::Kill),
        _ => Err("unknown word"),
    }
}

impl FromStr for Command {
    type Err = ParseCommandError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_command(text.trim()).map_err(|reason| ParseCommandError {
            text: text.trim().to_owned(),
            reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..12),
            (b'a'..=b'z', 4_usize..80).prop_map(|(byte, count)| vec![byte; count]),
        ]
    }

    fn mutation() -> impl Strategy<Value = Mutation> {
        prop_oneof![
            (bytes(), bytes()).prop_map(|(key, value)| Mutation::Put { key, value }),
            bytes().prop_map(|key| Mutation::Delete { key }),
        ]
    }

    fn command() -> impl Strategy<Value = Command> {
        prop_oneof![
            mutation().prop_map(Command::Write),
            prop::collection::vec(mutation(), 0..4).prop_map(Command::Batch),
            prop::collection::vec(mutation(), 0..4).prop_map(Command::Together),
            Just(Command::Snapshot),
            any::<u8>().prop_map(Command::SnapshotBegin),
            any::<u8>().prop_map(Command::SnapshotPlace),
            any::<u8>().prop_map(Command::SnapshotFinish),
            Just(Command::Sync),
            Just(Command::Checkpoint),
            Just(Command::Compact),
            any::<u8>().prop_map(Command::CompactTo),
            any::<u8>().prop_map(Command::Export),
            any::<u8>().prop_map(Command::Restore),
            Just(Command::OpenAnother),
            Just(Command::Tick),
            (0_u64..100_000).prop_map(|ms| Command::Advance(Duration::from_millis(ms))),
            Just(Command::Reopen),
            Just(Command::Kill),
        ]
    }

    proptest! {
        #[test]
        fn prints_back_what_it_parses(command in command()) {
            let text = command.to_string();
            prop_assert_eq!(text.parse::<Command>(), Ok(command));
        }

        #[test]
        fn never_panics_on_text(text in "\\PC{0,40}") {
            let _ = text.parse::<Command>();
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let error = "put a".parse::<Command>().expect_err("a value is missing");
        assert!(
            error.to_string().contains("`put` takes a key and a value"),
            "{error}"
        );
        let error = "puut a b".parse::<Command>().expect_err("no such command");
        assert!(error.to_string().contains("unknown word"), "{error}");
    }
}
