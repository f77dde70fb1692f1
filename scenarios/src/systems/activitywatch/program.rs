//! The program: requests into the queue, a task that waits for each reply, and the end.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::Duration;

use plimsoll_reference::host::{Failed, Host, Later, timeout};
use plimsoll_reference::level::Level;
use plimsoll_reference::service::protocol::{Command, Request};
use tokio::sync::{mpsc, oneshot, watch};

use super::bug::Bug;
use super::queue::{Ask, Order, Reply};
use super::worker::Worker;
use crate::specimens::mends::Mends;
use crate::systems::edge::{Answered, Crowd, Doorway, Failure, Outlet, say};

/// How long whoever asked waits for the worker.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves until it is asked to end, and returns the exit code.
pub(super) async fn main(host: Host, mends: Mends<Bug>, has_rules: bool) -> i32 {
    let (outlet, writing) = Outlet::start(&host);
    let ended = run(&host, mends, has_rules, &outlet).await;
    writing.conclude(&host, outlet, Level::Power, ended).await
}

async fn run(
    host: &Host,
    mends: Mends<Bug>,
    has_rules: bool,
    outlet: &Outlet,
) -> Result<u64, String> {
    let mut doorway = Doorway::open(host, outlet).map_err(|error| error.to_string())?;
    let (queue, orders) = mpsc::unbounded_channel();
    let worker = Worker::open(host, mends, has_rules, orders, outlet).await;
    let worker = worker.map_err(|error| error.to_string())?;
    let working = host.spawn("worker", async move {
        worker.run().await;
    });
    outlet.ready(host, 0);
    let callers = Callers::new(host, outlet);
    let closing = loop {
        match doorway.request().await {
            ControlFlow::Break(closing) => break closing,
            ControlFlow::Continue(request) => callers.ask(&queue, request),
        }
    };
    if !mends.has(Bug::R2) {
        callers.end().await;
        return Ok(0);
    }
    if !mends.has(Bug::R13) {
        callers.give_up();
    }
    let sequence = close(&queue, working).await;
    callers.end().await;
    let sequence = sequence?;
    closing.tell(outlet, Answered::durable(sequence));
    Ok(sequence)
}

/// Has the worker close the database, and waits for its end. Says the number of the last change.
async fn close(
    queue: &mpsc::UnboundedSender<Order>,
    working: Later<'static, Result<(), Failed>>,
) -> Result<u64, String> {
    let (reply, closed) = oneshot::channel();
    let ask = Ask::Close;
    let (_, told) = oneshot::channel();
    let _ = queue.send(Order { ask, reply, told });
    let closed = closed.await;
    working.await.map_err(|failed| failed.to_string())?;
    match closed {
        Ok(Ok(Answered::Done { sequence, .. })) => Ok(sequence),
        Ok(Ok(_)) => Err("the datastore has not closed".to_owned()),
        Ok(Err(failure)) => Err(format!("{failure:?}")),
        Err(_) => Err("the datastore worker is gone".to_owned()),
    }
}

/// Those who wait for a reply.
struct Callers {
    host: Host,
    outlet: Outlet,
    crowd: Crowd,
    /// Whether they are to stop waiting.
    gives_up: watch::Sender<bool>,
}

impl Callers {
    fn new(host: &Host, outlet: &Outlet) -> Self {
        Self {
            host: host.clone(),
            outlet: outlet.clone(),
            crowd: Crowd::new(),
            gives_up: watch::Sender::new(false),
        }
    }

    /// Puts a request into the queue, and has its reply waited for.
    fn ask(&self, queue: &mpsc::UnboundedSender<Order>, Request { id, command }: Request) {
        let Some(ask) = asked(command) else {
            return say(&self.outlet, id, Err(Failure::unsupported()));
        };
        let (reply, replied) = oneshot::channel();
        let (telling, told) = oneshot::channel();
        if queue.send(Order { ask, reply, told }).is_err() {
            let gone = Failure::absent("the datastore worker is gone");
            return say(&self.outlet, id, Err(gone));
        }
        let (host, outlet) = (self.host.clone(), self.outlet.clone());
        let (member, gives_up) = (self.crowd.join(), self.gives_up.subscribe());
        let task = async move {
            let reply = timeout(&host, PATIENCE, wait(replied, gives_up)).await;
            let late = || Err(Failure::unknown("the datastore worker does not answer"));
            say(&outlet, id, reply.unwrap_or_else(late));
            drop::<oneshot::Sender<Infallible>>(telling);
            drop(member);
        };
        drop(self.host.spawn("caller", task));
    }

    fn give_up(&self) {
        self.gives_up.send_replace(true);
    }

    /// Waits until nobody waits any more.
    async fn end(self) {
        self.crowd.end().await;
    }
}

async fn wait(replied: oneshot::Receiver<Reply>, mut gives_up: watch::Receiver<bool>) -> Reply {
    tokio::select! {
        biased;
        reply = replied => match reply {
            Ok(reply) => reply,
            Err(_) => Err(Failure::unknown("the datastore worker died while handling this")),
        },
        Ok(_) = gives_up.wait_for(|&gives_up| gives_up) => {
            Err(Failure::absent("the datastore is closing"))
        }
    }
}

fn asked(command: Command) -> Option<Ask> {
    Some(match command {
        Command::Write(mutation) => Ask::Insert(mutation),
        Command::Batch(mutations) => Ask::Import(mutations),
        Command::Get(key) => Ask::Get(key),
        Command::Scan => Ask::Scan,
        Command::Sync => Ask::ForceCommit,
        Command::Snapshot | Command::Checkpoint | Command::Compact | Command::Close => {
            return None;
        }
    })
}
