//! What a parent waits for.

use std::io;
use std::time::Duration;

use crate::host::{ExitStatus, Signal};

use super::super::source::Asked;
use super::Parent;
use super::stage::Stage;

/// Bytes of answers that may wait before no further request is taken.
const BACKLOG_BYTES_MAX: usize = 1 << 20;

/// Least time between two remarks about a silent server.
const PATIENCE_MIN: Duration = Duration::from_secs(1);

/// Something that a parent waits for.
pub(super) enum Event {
    Signal(Signal),
    /// The server said something.
    Said(String),
    /// It said something that cannot be read, and why.
    Garbled(String),
    /// It says nothing any more.
    Mute,
    /// It ended.
    Ended(io::Result<ExitStatus>),
    /// Some of what waited for an output was written.
    Written,
    /// Nobody reads the answers any longer.
    Unheard,
    /// Something came from the source of requests.
    Asked(Asked),
    /// For some time the server said nothing.
    Silence,
}

impl Parent {
    /// Waits for whatever comes first. Signals come before everything else, and new requests after it.
    pub(super) async fn event(&mut self) -> Event {
        let takes_requests = self.takes_requests();
        let is_mute = self.stage == Stage::Reaping;
        let silence = self.silence();
        let is_waiting = self.stage != Stage::Serving || self.ledger.open() > 0;
        tokio::select! {
            biased;
            signal = self.signals.next() => Event::Signal(signal),
            said = self.words.next(), if !is_mute => match said {
                Ok(Some(line)) => Event::Said(line),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    Event::Garbled(error.to_string())
                }
                Ok(None) | Err(_) => Event::Mute,
            },
            status = self.child.wait(), if is_mute => Event::Ended(status),
            // A server that does not read will end, and that is seen elsewhere.
            _ = self.orders.pump() => Event::Written,
            written = self.answers.pump() => match written {
                Ok(()) => Event::Written,
                Err(_) => Event::Unheard,
            },
            _ = self.notes.pump() => Event::Written,
            asked = self.source.next(), if takes_requests => Event::Asked(asked),
            () = self.host.sleep(silence), if is_waiting => Event::Silence,
        }
    }

    fn takes_requests(&self) -> bool {
        self.stage == Stage::Serving
            && self.orders.len() == 0
            && self.answers.len() < BACKLOG_BYTES_MAX
            && self.ledger.open() < self.source.open_max()
    }

    /// How long the server may still be silent until something is done about it.
    fn silence(&self) -> Duration {
        let since = self.heard_at.max(self.told_at);
        let told = since.saturating_add(self.options.patience.max(PATIENCE_MIN));
        let due = match self.options.give_up_after {
            Some(time) => told.min(self.heard_at.saturating_add(time)),
            None => told,
        };
        due.saturating_sub(self.host.clock.now())
    }
}
