//! One store of a registry.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::host::Host;

use super::actor::{Actor, MAILBOX_LEN, Stop};
use super::caller::Order;
use super::ending::Ending;
use super::engine::Engine;
use super::failure::Failure;
use super::notes::Notes;
use super::options::ServiceOptions;
use super::worker::Worker;

/// How the store of one name can be reached.
#[derive(Clone, Debug)]
pub(super) enum Door {
    /// It takes requests.
    Open(mpsc::Sender<Order>),
    /// It is bringing everything to disk. It opens again or is gone.
    Closing,
    /// It is closed, and its lock is free.
    Gone(Ending),
}

/// What can be seen of a store from outside.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) door: Door,
    /// Why the store could not be closed when it was idle, if it could not.
    pub(super) trouble: Option<String>,
}

/// What the task of one store has.
pub(super) struct Tenant {
    pub(super) host: Host,
    pub(super) options: ServiceOptions,
    pub(super) idle_timeout: Duration,
    pub(super) notes: Notes,
    pub(super) name: String,
    pub(super) mailbox: mpsc::Receiver<Order>,
    /// Ready, or dropped, when the store is to be closed.
    pub(super) stop: oneshot::Receiver<()>,
    pub(super) view: watch::Sender<View>,
}

impl Tenant {
    /// Opens the store, serves it until it is idle or told to stop, and closes it.
    pub(super) async fn run(self) {
        let (host, engine_options) = (self.host.clone(), self.options.engine.clone());
        let opening = self
            .host
            .blocking(move || Engine::open(&host, &engine_options, 0))
            .await;
        let opened = opening.unwrap_or_else(|failed| Err(failed.into()));
        match opened {
            Ok(engine) => self.serve(engine).await,
            Err(failure) => self.refuse(failure).await,
        }
    }

    /// Tells everybody that there is no store. The next request tries again.
    async fn refuse(mut self, failure: Failure) {
        self.show(Door::Closing, None);
        self.mailbox.close();
        // Nothing was done, whatever the store could not do when it was opened.
        let absent = Failure::absent(failure.message);
        while let Some(Order { caller, .. }) = self.mailbox.recv().await {
            caller.answer(absent.clone());
        }
        self.show(Door::Gone(Ending::failed(absent.message)), None);
    }

    async fn serve(self, engine: Engine) {
        let worker = Worker::new(&self.host, &self.options, engine, None, &self.notes);
        let Self {
            idle_timeout,
            notes,
            name,
            mailbox,
            stop,
            view,
            ..
        } = self;
        let mut actor = Actor {
            worker,
            mailbox,
            signals: None,
            stop: Some(stop),
        };
        let mut trouble = None;
        let secured = loop {
            let why = actor.run(Some(idle_timeout)).await;
            let idle = matches!(why, Stop::Idle);
            if let Stop::Asked(caller) = why {
                caller.answer(Failure::unsupported(
                    "a store of a registry closes when it is idle",
                ));
                continue;
            }
            show(&view, Door::Closing, trouble.clone());
            match why {
                Stop::Panic => actor.refuse_rest().await,
                _ => drain(&mut actor).await,
            }
            let secured = actor.worker.secure().await;
            let closable = match idle {
                true => secured.clone().and_then(|()| actor.worker.would_lose()),
                false => Ok(()),
            };
            match closable {
                Ok(()) => break secured,
                // Closing what could not be brought to disk would lose it.
                Err(failure) => {
                    notes.note(&format!("`{name}` stays open: {failure}"));
                    let (sender, mailbox) = mpsc::channel(MAILBOX_LEN);
                    actor.mailbox = mailbox;
                    trouble = Some(failure.message);
                    show(&view, Door::Open(sender), trouble.clone());
                }
            }
        };
        let ending = actor.worker.close(secured).await;
        if let Some(failure) = &ending.failure {
            notes.note(&format!("`{name}`: {failure}"));
        }
        show(&view, Door::Gone(ending), None);
    }

    fn show(&self, door: Door, trouble: Option<String>) {
        show(&self.view, door, trouble);
    }
}

fn show(view: &watch::Sender<View>, door: Door, trouble: Option<String>) {
    view.send_replace(View { door, trouble });
}

/// Does what came while the store was being closed. From here on nothing comes.
async fn drain(actor: &mut Actor) {
    actor.mailbox.close();
    while let Some(order) = actor.mailbox.recv().await {
        if let Some(caller) = actor.worker.take(order).await {
            caller.answer(Failure::unsupported(
                "a store of a registry closes when it is idle",
            ));
        }
    }
}
