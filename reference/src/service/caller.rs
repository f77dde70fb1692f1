//! Whoever waits for what comes of a request.

use tokio::sync::oneshot;

use crate::host::LINE_MAX;

use super::failure::Failure;
use super::outlet::Outlet;
use super::protocol::{Answer, Command};
use super::response::Response;

/// Whoever waits for what comes of a request. There is an answer for each, exactly one: a caller that is dropped is told that nobody knows.
#[derive(Debug)]
pub(super) struct Caller {
    way: Option<Way>,
}

#[derive(Debug)]
enum Way {
    Channel(oneshot::Sender<Response>),
    Lines { id: u64, answers: Outlet },
}

/// A request on its way to the actor.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) command: Command,
    pub(super) caller: Caller,
}

impl Caller {
    /// One in this process.
    pub(super) const fn channel(sender: oneshot::Sender<Response>) -> Self {
        Self {
            way: Some(Way::Channel(sender)),
        }
    }

    /// One who reads lines.
    pub(super) const fn lines(id: u64, answers: Outlet) -> Self {
        Self {
            way: Some(Way::Lines { id, answers }),
        }
    }

    /// Says what came of it. Whoever has stopped waiting is not missed.
    pub(super) fn answer(mut self, response: impl Into<Response>) {
        self.give(response.into());
    }

    fn give(&mut self, response: Response) {
        match self.way.take() {
            None => {}
            Some(Way::Channel(sender)) => drop(sender.send(response)),
            Some(Way::Lines { id, answers }) => say(&answers, id, response),
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let lost = "the service failed before it could say what came of this";
        self.give(Failure::unknown(lost).into());
    }
}

fn say(answers: &Outlet, id: u64, response: Response) {
    match response {
        Response::Done {
            level,
            sequence,
            path,
        } => answers.send(
            Answer::Done {
                id,
                level,
                sequence,
                path,
            }
            .to_string(),
        ),
        Response::Value(None) => answers.send(Answer::Absent { id }.to_string()),
        Response::Value(Some(value)) => {
            if !send_short(answers, &Answer::Value { id, value }) {
                refuse(answers, id);
            }
        }
        Response::Pairs { pairs, sequence } => {
            let count = pairs.len() as u64;
            for (key, value) in pairs {
                if !send_short(answers, &Answer::Key { id, key, value }) {
                    return refuse(answers, id);
                }
            }
            let end = Answer::Scanned {
                id,
                count,
                sequence,
            };
            answers.send(end.to_string());
        }
        Response::Failed(Failure { outcome, message }) => answers.send(
            Answer::Failed {
                id,
                outcome,
                message,
            }
            .to_string(),
        ),
    }
}

/// Sends a line that is not longer than whoever reads it takes.
fn send_short(answers: &Outlet, answer: &Answer) -> bool {
    let line = answer.to_string();
    let is_short = line.len() <= LINE_MAX;
    if is_short {
        answers.send(line);
    }
    is_short
}

fn refuse(answers: &Outlet, id: u64) {
    let failure = Failure::absent(format!("a value does not fit a line of {LINE_MAX} bytes"));
    say(answers, id, failure.into());
}
