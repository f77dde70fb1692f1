//! What was asked of a system in one life, what it answered, and how the life ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_reference::host::{ExitStatus, Signal};
use plimsoll_reference::level::Level;

use crate::command::Mutation;
use crate::sut::Outcome;

/// All that a store holds.
pub type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// When something happened: its place among all events of a world, and the virtual time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Number of the event; no two events share one, and later ones have larger ones.
    pub event: u64,
    /// Virtual time since the world began.
    pub now: Duration,
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Changes that take effect together.
    Write(Vec<Mutation>),
    /// The value of a key.
    Get(Vec<u8>),
    /// Everything.
    Scan,
    /// To make everything before it durable.
    Sync,
    /// A snapshot that holds everything acknowledged before.
    Snapshot,
    /// To fold or rewrite what is on disk; the state stays as it is.
    Maintain,
    /// An orderly end.
    Close,
}

/// What a system answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A write or sync at a level, or a snapshot; with the sequence number that the system gives it, where it gives any.
    Done {
        /// How much it is promised to survive.
        level: Level,
        /// Number of the last write that it covers.
        sequence: Option<u64>,
    },
    /// The value of a key, if it has one.
    Value(Option<Vec<u8>>),
    /// Everything.
    State(Pairs),
    /// An error.
    Failed(Outcome),
}

/// A request and what became of it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// When the client had handed it over.
    pub at: Moment,
    /// What was asked.
    pub request: Request,
    /// What the client read, and when; nothing if it never read an answer.
    pub answer: Option<(Moment, Answer)>,
    /// Whether the client was told later that what was acknowledged is lost, or may be.
    pub was_taken_back: bool,
}

impl Asked {
    /// The changes it asks for.
    pub fn mutations(&self) -> &[Mutation] {
        match &self.request {
            Request::Write(mutations) => mutations,
            _ => &[],
        }
    }

    /// What is known of its effect.
    pub(super) fn fate(&self) -> Fate {
        if self.was_taken_back {
            return Fate::Unknown;
        }
        match &self.answer {
            None => Fate::Pending,
            Some((_, Answer::Failed(Outcome::Absent | Outcome::Unsupported))) => Fate::Absent,
            Some((_, Answer::Failed(Outcome::Unknown))) => Fate::Unknown,
            Some(_) => Fate::Applied,
        }
    }
}

/// Takes note that writes with these numbers are lost, or may be, which were acknowledged at a level that allows it. What was made safe
/// since then, as an answer or a line about a snapshot has said, stays promised.
pub fn take_back(requests: &mut [Asked], notices: &[(Moment, Notice)], first: u64, last: u64) {
    let answered = requests
        .iter()
        .filter_map(|asked| match (&asked.request, &asked.answer) {
            (
                Request::Sync | Request::Snapshot,
                Some((
                    at,
                    Answer::Done {
                        level: Level::Power,
                        sequence: Some(covered),
                    },
                )),
            ) => Some((*at, *covered)),
            _ => None,
        });
    let announced = notices.iter().filter_map(|(at, notice)| match notice {
        Notice::SnapshotDone(Some(covered)) => Some((*at, *covered)),
        _ => None,
    });
    let safe: Vec<(Moment, u64)> = answered.chain(announced).collect();
    for asked in requests {
        if let Some((
            done,
            Answer::Done {
                level: Level::Memory | Level::Window(_) | Level::Process,
                sequence: Some(number),
            },
        )) = asked.answer
        {
            let is_safe = |(at, covered): &(Moment, u64)| *at > done && *covered >= number;
            let is_named = (first..=last).contains(&number);
            asked.was_taken_back |= is_named && !safe.iter().any(is_safe);
        }
    }
}

/// What is known of the effect of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It took effect.
    Applied,
    /// It did not.
    Absent,
    /// It may have.
    Unknown,
    /// Nobody was told; it may have.
    Pending,
}

/// Something else that a system said, or that happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It is ready: from here on signals are handled and requests are read.
    Ready,
    /// A snapshot was said to be in place that covers the writes up to this number, where it was said.
    SnapshotDone(Option<u64>),
    /// A snapshot was said to have failed.
    SnapshotFailed,
    /// Another process of the same store was started: plans mean that one from here on.
    OtherStarted,
    /// Another process of the same store said that it is ready, while this one ran.
    OtherReady,
    /// Something came to the other process by which it may end.
    OtherAsked,
    /// The other process has ended.
    OtherEnded,
    /// It said that writes with these numbers, which it had acknowledged, are lost, or may be.
    Lost {
        /// The first of them.
        first: u64,
        /// The last.
        last: u64,
    },
    /// A signal was sent to it.
    Signalled(Signal),
    /// A signal reached it. Where nobody can see that, nobody notes it.
    Arrived(Signal),
    /// A handler ran that is code of it, or of a process that it started, on top of what its signal interrupted.
    Handled {
        /// Its signal.
        signal: Signal,
        /// The signal of the handler that it ran inside of.
        inside: Option<Signal>,
        /// When it returned; nothing if it never did.
        returned: Option<Duration>,
    },
    /// A line was begun on its standard input that never gets its end.
    InputCut,
    /// Its standard input was closed.
    InputClosed,
    /// Nobody reads its standard output any longer.
    OutputClosed,
    /// Nobody reads its standard output for now; whoever started it notes that.
    ReadingStopped,
    /// Somebody reads it again.
    ReadingAgain,
    /// It said something that the protocol does not allow there.
    Strange(String),
    /// Writes to its standard output fail, from now on or now and then.
    OutputFailed,
    /// A process that it had started has ended.
    ChildEnded(ExitStatus),
    /// A process of it sent a signal to one that has nothing to do with the store.
    StrangerSignalled(Signal),
    /// It said how much waits in one of its queues.
    Queued(u64),
    /// Its last line: everything is held at this level, or is not.
    LastLine(Option<Level>),
    /// Why not everything is held, as its last line says.
    Claimed(Claim),
    /// The disk was read by itself, while the system ran or not, as a reader that knows nothing of it would.
    Inspected(Found),
}

impl Notice {
    /// Whether lines that it writes from here on may never be read.
    pub(super) const fn is_unheard(&self) -> bool {
        matches!(self, Self::OutputClosed | Self::OutputFailed)
    }
}

/// What a last line says of why not everything is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Time was up before an answer came.
    TimedOut,
    /// A process that was needed has ended.
    ChildEnded,
}

/// What a reader found on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This.
    Store(Pairs),
    /// Nothing at all.
    Nothing,
    /// Something that is no store, or cannot be read.
    Unreadable(String),
}

/// How a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The process ended: by itself, or by a signal that it was sent.
    Exited(ExitStatus),
    /// The harness killed it at once, the machine goes on.
    Killed,
    /// The machine lost its power, or a crash of the servers of its disk ended it.
    PowerLost,
    /// It still ran when the world ended.
    Running,
}

impl Life {
    /// A life that begins with this on the disk, of which nothing is known as yet.
    pub const fn new(base: Pairs, began: Moment) -> Self {
        Self {
            base,
            before: Vec::new(),
            has_orphans: false,
            began,
            requests: Vec::new(),
            notices: Vec::new(),
            end: (began, End::Running),
            left: Vec::new(),
            stalled: None,
        }
    }

    /// Whether something was noted.
    pub(super) fn has(&self, wanted: &Notice) -> bool {
        self.notices.iter().any(|(_, notice)| notice == wanted)
    }

    /// Whether every line that it wrote could be read.
    pub(super) fn is_heard(&self) -> bool {
        !self.notices.iter().any(|(_, notice)| notice.is_unheard())
    }
}

/// One life of a system, from its start to its end.
#[derive(Clone, Debug)]
pub struct Life {
    /// What the disk held when it began.
    pub base: Pairs,
    /// The lives before it since power was last lost, oldest first, each with those before it. What the disk held when the oldest began
    /// was durable.
    pub before: Vec<Arc<Life>>,
    /// Whether processes of an earlier life still ran when it began, and had the store.
    pub has_orphans: bool,
    /// When it began.
    pub began: Moment,
    /// What was asked, in the order in which it was handed over.
    pub requests: Vec<Asked>,
    /// What else happened, in order.
    pub notices: Vec<(Moment, Notice)>,
    /// When and how it ended.
    pub end: (Moment, End),
    /// What was found on the disk when it had ended: one way if processes died, and several if the power was lost.
    pub left: Vec<Found>,
    /// From when to when operations on the disk stood still, where that is known; else what is known is what was
    /// [planned](super::judge::Disturbed::delayed_by).
    pub stalled: Option<Vec<(Duration, Duration)>>,
}
