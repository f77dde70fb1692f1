//! A whole service on the standard input and output of its process.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::host::{Failed, Host, Later, Lines, Signal, patience};

use super::actor::{Actor, MAILBOX_LEN, Stop};
use super::ending::Ending;
use super::engine::Engine;
use super::failure::Failure;
use super::notes::Notes;
use super::options::ServiceOptions;
use super::outlet::Outlet;
use super::protocol::Answer;
use super::reader::Reader;
use super::response::Response;
use super::signals::Handlers;
use super::worker::Worker;

/// How long the end waits for answers to be read. What nobody has read then is given up: to the client its outcome is unknown.
pub const END_TIME: Duration = Duration::from_secs(5);

/// How long the end waits for notes to be read.
const NOTES_TIME: Duration = Duration::from_secs(1);

/// Serves until standard input ends, `SIGTERM` or `SIGINT` arrives, a `close` is asked for, standard output is closed or a job panics;
/// then ends in order and returns the exit code, by which the caller has to end the process. The [`protocol`](super::protocol) has the
/// words.
///
/// * 0: everything that was acknowledged is on disk at the level that was promised; in memory mode, in the final snapshot. That holds also
///   where nobody reads the last line.
/// * 1: it is not, or may not be; or the store could not be opened.
/// * 2: the options make no sense.
///
/// A second signal while it ends is noted, and the end goes on. One while the store is still being opened leaves that to itself: nothing was
/// asked for by then, and it is as if the process were killed. Whoever drops the future, or the runtime below it, kills the service.
pub async fn serve(host: Host, options: ServiceOptions) -> i32 {
    let (notes, noted) = Notes::start(&host);
    let code = match options.validate() {
        Ok(()) => serve_valid(&host, &options, &notes).await,
        Err(error) => {
            notes.note(&error.to_string());
            2
        }
    };
    drop(notes);
    patience(&host, NOTES_TIME, noted).await;
    code
}

async fn serve_valid(host: &Host, options: &ServiceOptions, notes: &Notes) -> i32 {
    let (answers, written) = Outlet::start(host, "answers", host.process.stdout());
    let ending = match Handlers::install(host) {
        Ok(handlers) => run(host, options, &answers, notes, handlers).await,
        Err(error) => Ending::failed(format!("the signals cannot be caught: {error}")),
    };
    if let Some(message) = &ending.failure {
        notes.note(message);
    }
    answers.send(ending.answer().to_string());
    drop(answers);
    if patience(host, END_TIME, written).await.is_none() {
        notes.note("nobody reads the output; the last answers were given up");
    }
    ending.code()
}

/// Opens the store and serves it to its end.
async fn run(
    host: &Host,
    options: &ServiceOptions,
    answers: &Outlet,
    notes: &Notes,
    mut handlers: Handlers,
) -> Ending {
    let (engine, told) = match open(host, options, notes, &mut handlers).await {
        Ok(opened) => opened,
        Err(failure) => return Ending::failed(failure.message),
    };
    let ready = Answer::Ready {
        pid: host.process.id(),
        sequence: engine.sequence(),
    };
    answers.send(ready.to_string());
    let lines = Some(answers.clone());
    let worker = Worker::new(host, options, engine, lines, notes);
    let serving = Serving::start(host, worker, answers, notes, handlers);
    if let Some(signal) = told {
        serving.end(&format!("{signal}; the service ends"));
    }
    serving.watch().await
}

/// Opens the store, and says which signal asked for the end meanwhile. That waits for the store; a second one does not, as there are disks on
/// which nothing ever comes of opening it.
async fn open(
    host: &Host,
    options: &ServiceOptions,
    notes: &Notes,
    handlers: &mut Handlers,
) -> Result<(Engine, Option<Signal>), Failure> {
    let (to_open, engine_options) = (host.clone(), options.engine.clone());
    let mut opening = pin!(host.blocking(move || Engine::open(&to_open, &engine_options, 0)));
    let mut told = None;
    loop {
        tokio::select! {
            biased;
            opened = &mut opening => return Ok((opened??, told)),
            signal = handlers.next() => {
                if told.is_some() {
                    notes.note(&format!("{signal} again; this no longer waits"));
                    return Err(Failure::absent(format!(
                        "{signal} came again while the store was being opened; nothing was asked of it"
                    )));
                }
                notes.note(&format!(
                    "{signal}: the store is being opened, and this ends when it is; a second signal leaves it to itself"
                ));
                told = Some(signal);
            }
        }
    }
}

/// The tasks of a service, as seen from outside of them.
struct Serving {
    handlers: Handlers,
    answers: Outlet,
    notes: Notes,
    actor: Later<'static, Result<(), Failed>>,
    reader: Later<'static, Result<(), Failed>>,
    ending: oneshot::Receiver<Ending>,
    /// Tells the reader to end, and with it the actor.
    stop: watch::Sender<bool>,
}

impl Serving {
    fn start(
        host: &Host,
        worker: Worker,
        answers: &Outlet,
        notes: &Notes,
        mut handlers: Handlers,
    ) -> Self {
        let (orders, mailbox) = mpsc::channel(MAILBOX_LEN);
        let (ended, ending) = oneshot::channel();
        let (stop, is_told) = watch::channel(false);
        let actor = Actor {
            worker,
            mailbox,
            signals: handlers.take_snapshots(),
            stop: None,
        };
        let reader = Reader {
            lines: Lines::new(host.process.stdin()),
            orders,
            answers: answers.clone(),
            notes: notes.clone(),
            stop: is_told,
            held: None,
        };
        Self {
            handlers,
            answers: answers.clone(),
            notes: notes.clone(),
            actor: host.spawn("actor", act(actor, ended)),
            reader: host.spawn("reader", reader.run()),
            ending,
            stop,
        }
    }

    /// Passes on what arrives from outside until the actor has ended.
    async fn watch(mut self) -> Ending {
        let ended = loop {
            let is_ending = *self.stop.borrow();
            tokio::select! {
                biased;
                ended = &mut self.actor => break ended,
                signal = self.handlers.next() => match signal {
                    signal if is_ending => {
                        self.notes.note(&format!("{signal} again; the end goes on"));
                    }
                    signal => self.end(&format!("{signal}; the service ends")),
                },
                () = self.answers.broken(), if !is_ending => {
                    self.end("nobody reads the output; the service ends");
                }
            }
        };
        self.stop.send_replace(true);
        // The reader stops at once.
        let ended = ended.and(self.reader.await);
        match (self.ending.try_recv(), ended) {
            (Ok(ending), Ok(())) => ending,
            (_, Err(failed)) => Ending::failed(format!("the service failed: {failed}")),
            (Err(_), Ok(())) => Ending::failed("the service failed and does not say why"),
        }
    }

    fn end(&self, why: &str) {
        self.notes.note(why);
        self.stop.send_replace(true);
    }
}

/// The task of the actor: serves, then ends in order.
async fn act(mut actor: Actor, ended: oneshot::Sender<Ending>) {
    let stop = actor.run(None).await;
    let closer = match stop {
        Stop::Asked(caller) => Some(caller),
        Stop::Told | Stop::Idle | Stop::Panic => None,
    };
    // What is left was asked behind a `close` or after a panic: at the end of the input nothing is.
    actor.refuse_rest().await;
    actor.take_signals().await;
    let secured = actor.worker.secure().await;
    let ending = actor.worker.close(secured).await;
    if let Some(caller) = closer {
        caller.answer(closed(&ending));
    }
    // Whoever started this has gone only if the process ends.
    let _ = ended.send(ending);
}

/// What a `close` is answered.
fn closed(ending: &Ending) -> Response {
    match &ending.failure {
        None => Response::Done {
            level: ending.level,
            sequence: ending.sequence,
            path: None,
        },
        Some(message) => Response::Failed(Failure::unknown(message)),
    }
}
