//! What a system promises beyond the levels of its acknowledgements.

use std::time::Duration;

pub use super::legal::Order;

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
    /// How long a read takes at most, whatever the disk does.
    pub reads_within: Option<Duration>,
    /// How long any other request takes at most when nothing on the disk stands still.
    pub answers_within: Option<Duration>,
    /// How long it takes to end, when nothing on the disk stands still.
    pub ends_within: Option<Duration>,
    /// How much longer than its window acknowledged writes may be at risk: a commit takes time too.
    pub window_slack: Duration,
    /// Whether what an open store shows survives a power loss from then on.
    pub shows_durable: bool,
    /// After so much time without requests everything acknowledged survives the death of the process.
    pub kept_when_idle: Option<Duration>,
}

impl Default for Promise {
    fn default() -> Self {
        Self {
            order: Order::Whole,
            snapshots_on_signal: false,
            ends_on_signals: true,
            reads_within: None,
            answers_within: None,
            ends_within: None,
            window_slack: Duration::ZERO,
            shows_durable: true,
            kept_when_idle: None,
        }
    }
}
