//! The signals of a parent.

use std::io;

use crate::host::{ProcessOps, Signal, Signals};

/// The signals that a parent handles: three ask it to end, one asks for a snapshot.
pub(super) struct Caught {
    streams: [(Signal, Box<dyn Signals>); 4],
}

impl Caught {
    /// Handles them from now on.
    pub(super) fn install(process: &dyn ProcessOps) -> io::Result<Self> {
        let catch = |signal| Ok::<_, io::Error>((signal, process.catch(signal)?));
        Ok(Self {
            streams: [
                catch(Signal::Term)?,
                catch(Signal::Int)?,
                catch(Signal::Hup)?,
                catch(Signal::Usr1)?,
            ],
        })
    }

    /// Waits for the next one. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Signal {
        let [term, int, hup, usr1] = &mut self.streams;
        tokio::select! {
            biased;
            () = term.1.next() => term.0,
            () = int.1.next() => int.0,
            () = hup.1.next() => hup.0,
            () = usr1.1.next() => usr1.0,
        }
    }
}
