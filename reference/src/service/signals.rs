//! The signals of a service.

use std::io;

use crate::host::{Host, Signal, Signals};

/// The signals of a service, which are caught from the moment this is there.
pub(super) struct Handlers {
    /// Requests for snapshots, until the actor has them: what arrived before a request to end it must see before that.
    snapshots: Option<Box<dyn Signals>>,
    term: Box<dyn Signals>,
    int: Box<dyn Signals>,
}

impl Handlers {
    pub(super) fn install(host: &Host) -> io::Result<Self> {
        let catch = |signal| host.process.catch(signal);
        Ok(Self {
            snapshots: Some(catch(Signal::Usr1)?),
            term: catch(Signal::Term)?,
            int: catch(Signal::Int)?,
        })
    }

    /// Takes the requests for snapshots out. The signal stays caught when nobody looks any more.
    pub(super) const fn take_snapshots(&mut self) -> Option<Box<dyn Signals>> {
        self.snapshots.take()
    }

    /// Waits for the next signal that asks for the end. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            () = self.term.next() => Signal::Term,
            () = self.int.next() => Signal::Int,
        }
    }
}
