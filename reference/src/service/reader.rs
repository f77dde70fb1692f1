//! Requests from standard input.

use std::io;

use tokio::sync::{mpsc, watch};

use crate::host::Lines;

use super::caller::{Caller, Order};
use super::failure::Failure;
use super::notes::Notes;
use super::outlet::Outlet;
use super::protocol::{Answer, Outcome, ParseRequestError, Request};

/// The task that reads requests. It ends at the end of the input, and when it is told to; the actor then has no sender any more.
pub(super) struct Reader {
    pub(super) lines: Lines,
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) answers: Outlet,
    pub(super) notes: Notes,
    /// True when it is to end.
    pub(super) stop: watch::Receiver<bool>,
    /// A request that was read and for which there is no room as yet.
    pub(super) held: Option<Order>,
}

impl Reader {
    pub(super) async fn run(mut self) {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            // Whoever is gone has told it by that.
            _ = stop.wait_for(|&is_told| is_told) => {}
            () = self.read() => {}
        }
        if let Some(Order { caller, .. }) = self.held {
            caller.answer(ending());
        }
    }

    /// Reads to the end. Dropping the future loses no request that was read.
    async fn read(&mut self) {
        loop {
            self.answers.room().await;
            match self.lines.next().await {
                Ok(Some(line)) => match line.parse() {
                    Ok(Request { id, command }) => {
                        let caller = Caller::lines(id, self.answers.clone());
                        self.held = Some(Order { command, caller });
                        let Ok(place) = self.orders.reserve().await else {
                            return self.refuse_rest().await;
                        };
                        if let Some(order) = self.held.take() {
                            place.send(order);
                        }
                    }
                    Err(ParseRequestError { id, reason }) => self.refuse(id, reason),
                },
                Ok(None) => {
                    if !self.lines.rest().is_empty() {
                        let note = "the input ended inside of a line, which was not executed";
                        self.notes.note(note);
                    }
                    return;
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    self.refuse(0, error.to_string());
                }
                Err(error) => {
                    self.notes
                        .note(&format!("the input cannot be read: {error}"));
                    return;
                }
            }
        }
    }

    fn refuse(&self, id: u64, message: String) {
        let answer = Answer::Failed {
            id,
            outcome: Outcome::Absent,
            message,
        };
        self.answers.send(answer.to_string());
    }

    /// Answers what comes behind a `close`, until the end of that.
    async fn refuse_rest(&mut self) {
        if let Some(Order { caller, .. }) = self.held.take() {
            caller.answer(ending());
        }
        while let Ok(Some(line)) = self.lines.next().await {
            let id = match line.parse() {
                Ok(Request { id, .. }) => id,
                Err(ParseRequestError { id, .. }) => id,
            };
            self.refuse(id, ending().message);
            self.answers.room().await;
        }
    }
}

/// What is said to whoever asks too late.
pub(super) fn ending() -> Failure {
    Failure::absent("the service is ending")
}
