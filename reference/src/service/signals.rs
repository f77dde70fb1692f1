//! The signals of a service.

use std::io;

use crate::host::{Host, Signal, Signals};

/// The signals of a service, which are caught from the moment this is there.
pub(super) struct Handlers {
    usr1: Box<dyn Signals>,
    term: Box<dyn Signals>,
    int: Box<dyn Signals>,
}

impl Handlers {
    pub(super) fn install(host: &Host) -> io::Result<Self> {
        let catch = |signal| host.process.catch(signal);
        Ok(Self {
            usr1: catch(Signal::Usr1)?,
            term: catch(Signal::Term)?,
            int: catch(Signal::Int)?,
        })
    }

    /// Waits for the next one. Dropping the future loses nothing. A snapshot that was asked for comes before the end.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            () = self.usr1.next() => Signal::Usr1,
            () = self.term.next() => Signal::Term,
            () = self.int.next() => Signal::Int,
        }
    }
}
