//! The way in: requests, and what asks for the end.

use std::io;
use std::ops::ControlFlow;

use plimsoll_reference::host::{Host, Lines, Signal, Signals};
use plimsoll_reference::service::protocol::{Answer, Command, Outcome, Request};

use super::closing::Closing;
use super::outlet::Outlet;

/// Something that arrives from outside.
#[derive(Debug)]
pub(in crate::systems) enum Arrival {
    /// A request.
    Request(Request),
    /// The end of the input, or a signal to end.
    End,
}

/// Where requests and signals arrive.
pub(in crate::systems) struct Doorway {
    lines: Lines,
    /// The signals that ask for an end.
    endings: Option<[Box<dyn Signals>; 2]>,
    outlet: Outlet,
}

impl Doorway {
    /// Catches the signals, and begins to read.
    pub(in crate::systems) fn open(host: &Host, outlet: &Outlet) -> io::Result<Self> {
        let term = host.process.catch(Signal::Term)?;
        let int = host.process.catch(Signal::Int)?;
        Ok(Self {
            endings: Some([term, int]),
            ..Self::without_signals(host, outlet)
        })
    }

    /// Begins to read. Signals do what they do to who thinks of none.
    pub(in crate::systems) fn without_signals(host: &Host, outlet: &Outlet) -> Self {
        Self {
            lines: Lines::new(host.process.stdin()),
            endings: None,
            outlet: outlet.clone(),
        }
    }

    /// Waits for what comes next. What is no request is refused on the way.
    pub(in crate::systems) async fn next(&mut self) -> Arrival {
        loop {
            let line = tokio::select! {
                biased;
                () = asked(&mut self.endings) => return Arrival::End,
                line = self.lines.next() => line,
            };
            match line {
                Ok(Some(line)) => match line.parse::<Request>() {
                    Ok(request) => return Arrival::Request(request),
                    Err(error) => self.refuse(error.id, error.reason),
                },
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    self.refuse(0, error.to_string());
                }
                Ok(None) | Err(_) => return Arrival::End,
            }
        }
    }

    /// Waits for the next request; breaks off with who asked for the end.
    pub(in crate::systems) async fn request(&mut self) -> ControlFlow<Closing, Request> {
        match self.next().await {
            Arrival::End => ControlFlow::Break(Closing::UNASKED),
            Arrival::Request(Request {
                id,
                command: Command::Close,
            }) => ControlFlow::Break(Closing::by(id)),
            Arrival::Request(request) => ControlFlow::Continue(request),
        }
    }

    fn refuse(&self, id: u64, message: String) {
        self.outlet.say(&Answer::Failed {
            id,
            outcome: Outcome::Absent,
            message,
        });
    }
}

/// Waits for a signal that asks for an end.
async fn asked(endings: &mut Option<[Box<dyn Signals>; 2]>) {
    let Some([term, int]) = endings else {
        return std::future::pending().await;
    };
    tokio::select! {
        biased;
        () = term.next() => {}
        () = int.next() => {}
    }
}
