//! What a system promises beyond the levels of its acknowledgements.

use std::time::Duration;

use plimsoll_reference::host::ExitStatus;

pub use super::filter::Filter;
pub use super::legal::Order;
use super::legal::Rules;

/// The promises of a system.
///
/// **Not covered**: how many old snapshots are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// How its writes are ordered.
    pub order: Order,
    /// Whether it handles `SIGUSR1` as a request for a snapshot.
    pub snapshots_on_signal: bool,
    /// Whether `SIGTERM` and `SIGINT` end it in good order, as the end of its input does.
    pub ends_on_signals: bool,
    /// Whether `SIGHUP` does so, too.
    pub ends_on_hangup: bool,
    /// Whether a second signal to end ends it at once where it is not ready yet, with a code that says that not all is known to be held.
    pub gives_up_opening: bool,
    /// The exit code, besides 0, that says that everything acknowledged is held: a request failed, or was not made.
    pub undone_code: Option<i32>,
    /// How long a read takes at most, whatever the disk does.
    pub reads_within: Option<Duration>,
    /// How long a write takes at most that is acknowledged in memory, whatever the disk does.
    pub writes_within: Option<Duration>,
    /// How long any other request takes at most when nothing on the disk stands still.
    pub answers_within: Option<Duration>,
    /// How long anything may take at most while the disk stands still: until then a request is answered, or fails, or the process has ended
    /// by itself, with a code that says so.
    pub gives_up_within: Option<Duration>,
    /// How long it takes to end, when nothing on the disk stands still.
    pub ends_within: Option<Duration>,
    /// How much longer than its window acknowledged writes may be at risk: a commit takes time too.
    pub window_slack: Duration,
    /// Whether what an open store shows survives a power loss from then on.
    pub shows_durable: bool,
    /// Whether what a read has shown survives the death of the process and a power loss, also where no acknowledgement covers it.
    pub reads_survive: bool,
    /// After so much time without requests everything acknowledged survives the death of the process.
    pub kept_when_idle: Option<Duration>,
    /// Whether a request may fail, with no effect, by what it asks for, as a command that a user runs may.
    pub requests_may_fail: bool,
    /// How long it waits for a process that it started before it says that time was up.
    pub patience: Option<Duration>,
    /// How many things wait at most in any of its queues.
    pub queue_max: Option<u64>,
    /// By what it drops some of what is written, where it does.
    pub filter: Option<Filter>,
    /// Whether reads are answered also when writes to the disk have failed.
    pub reads_despite_errors: bool,
}

impl Promise {
    /// What makes of its writes a state.
    pub(super) const fn rules(&self) -> Rules {
        Rules {
            order: self.order,
            filter: self.filter,
        }
    }

    /// Whether this exit says that everything acknowledged is held.
    pub(super) fn says_held(&self, status: ExitStatus) -> bool {
        status.is_success() || self.says_undone(status)
    }

    /// Whether it also says that a request failed, or was not made.
    pub(super) fn says_undone(&self, status: ExitStatus) -> bool {
        self.undone_code
            .is_some_and(|code| status == ExitStatus::Code(code))
    }
}

impl Default for Promise {
    fn default() -> Self {
        Self {
            order: Order::Whole,
            snapshots_on_signal: false,
            ends_on_signals: true,
            ends_on_hangup: false,
            gives_up_opening: false,
            undone_code: None,
            reads_within: None,
            writes_within: None,
            answers_within: None,
            gives_up_within: None,
            ends_within: None,
            window_slack: Duration::ZERO,
            shows_durable: true,
            reads_survive: false,
            kept_when_idle: None,
            requests_may_fail: false,
            patience: None,
            queue_max: None,
            filter: None,
            reads_despite_errors: false,
        }
    }
}
