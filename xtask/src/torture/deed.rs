//! What is done to a process.

use std::fmt;
use std::time::Duration;

use plimsoll_reference::host::Signal;
use plimsoll_reference::mutation::Text;
use plimsoll_sim::trial::history::Request;

/// Who gets a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// The process that was started.
    Process,
    /// It and its children.
    Group,
    /// The server that it started.
    Server,
}

/// Something that is done to a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// A request is handed over.
    Ask(Request),
    /// Nothing, for so long.
    Wait(Duration),
    /// A signal is sent.
    Signal(Signal, Target),
    /// It stands still for so long.
    Stop(Duration),
    /// Its output is not read for so long.
    Deafen(Duration),
    /// The snapshot is read by another process.
    Inspect,
    /// Its input ends.
    CloseInput,
    /// Its input ends within a line.
    CutInput,
    /// Its output is closed.
    CloseOutput,
}

impl Deed {
    /// What counts of it, for people; nothing of what happens all the time.
    pub(super) fn kind(&self) -> Option<String> {
        Some(match self {
            Self::Ask(Request::Close) => "close".to_owned(),
            Self::Ask(_) | Self::Wait(_) => return None,
            Self::Signal(signal, target) => match target {
                Target::Process => signal.to_string(),
                Target::Group => format!("{signal} to the group"),
                Target::Server => format!("{signal} to the server"),
            },
            Self::Stop(_) => "SIGSTOP and SIGCONT".to_owned(),
            Self::Deafen(_) => "output not read".to_owned(),
            Self::Inspect => "snapshot read".to_owned(),
            Self::CloseInput => "end of input".to_owned(),
            Self::CutInput => "end of input within a line".to_owned(),
            Self::CloseOutput => "output closed".to_owned(),
        })
    }
}

/// A request in the words of the protocol.
pub(super) struct Words<'a>(pub(super) &'a Request);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Request::Write(mutations) => {
                if let [mutation] = &mutations[..] {
                    return write!(f, "{mutation}");
                }
                let changes: Vec<String> = mutations.iter().map(ToString::to_string).collect();
                write!(f, "batch {}", changes.join("; "))
            }
            Request::Get(key) => write!(f, "get {}", Text(key)),
            Request::Scan => f.write_str("scan"),
            Request::Sync => f.write_str("sync"),
            Request::Snapshot => f.write_str("snapshot"),
            Request::Maintain => f.write_str("compact"),
            Request::Close => f.write_str("close"),
        }
    }
}
