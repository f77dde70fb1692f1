//! Signals that a process may or may not handle.

use std::io;

use plimsoll_reference::host::{Disposition, Host, Signal, Signals};

/// Notices of one signal; none ever come while it is not caught.
#[derive(Default)]
pub(super) struct Caught(Option<Box<dyn Signals>>);

impl Caught {
    pub(super) fn catch(host: &Host, signal: Signal) -> io::Result<Self> {
        host.process.catch(signal).map(|caught| Self(Some(caught)))
    }

    pub(super) async fn next(&mut self) {
        match &mut self.0 {
            Some(signals) => signals.next().await,
            None => std::future::pending().await,
        }
    }
}

/// The signals that ask for an end.
#[derive(Default)]
pub(super) struct Endings {
    term: Caught,
    int: Caught,
}

impl Endings {
    pub(super) fn catch(host: &Host) -> io::Result<Self> {
        Ok(Self {
            term: Caught::catch(host, Signal::Term)?,
            int: Caught::catch(host, Signal::Int)?,
        })
    }

    /// Only `SIGINT` is handled, and `SIGTERM` has no effect.
    pub(super) fn without_term(host: &Host) -> io::Result<Self> {
        host.process
            .set_disposition(Signal::Term, Disposition::Ignore)?;
        Ok(Self {
            term: Caught::default(),
            int: Caught::catch(host, Signal::Int)?,
        })
    }

    /// Waits for one of them.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            biased;
            () = self.term.next() => {}
            () = self.int.next() => {}
        }
    }
}

/// The next signal that asks for an end ends the process at once.
pub(super) fn stop_catching(host: &Host) {
    for signal in [Signal::Term, Signal::Int] {
        // Both can be reset.
        let _ = host.process.set_disposition(signal, Disposition::Default);
    }
}
