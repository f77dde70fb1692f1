//! The program: a task for each request, and the end.

use std::ops::ControlFlow;
use std::sync::Arc;

use plimsoll_reference::host::Host;
use plimsoll_reference::level::Level;
use plimsoll_reference::service::protocol::{Command, Request};
use plimsoll_sim::trial::history::Pairs;

use super::bug::Bug;
use super::mode::Mode;
use super::store::Store;
use super::workers::Workers;
use crate::specimens::mends::Mends;
use crate::systems::edge::{Answered, Crowd, Doorway, Failure, Outlet, say};

/// Serves until it is asked to end, and returns the exit code.
pub(super) async fn main(host: Host, mode: Mode, mends: Mends<Bug>) -> i32 {
    let (outlet, writing) = Outlet::start(&host);
    let ended = serve(&host, mode, mends, &outlet).await;
    writing.conclude(&host, outlet, Level::Power, ended).await
}

async fn serve(host: &Host, mode: Mode, mends: Mends<Bug>, outlet: &Outlet) -> Result<u64, String> {
    let mut doorway = Doorway::open(host, outlet).map_err(|error| error.to_string())?;
    let (store, orders) = Store::open(host, mode, mends, outlet).await?;
    let workers = Workers::start(&store, orders);
    outlet.ready(host, store.tree().version);
    let crowd = Crowd::new();
    let closing = loop {
        match doorway.request().await {
            ControlFlow::Break(closing) => break closing,
            ControlFlow::Continue(Request { id, command }) => {
                let (member, store, outlet) = (crowd.join(), Arc::clone(&store), outlet.clone());
                let task = async move {
                    say(&outlet, id, answer(&store, command).await);
                    drop(member);
                };
                drop(host.spawn("request", task));
            }
        }
    };
    crowd.end().await;
    let sequence = store.close(workers).await?;
    closing.tell(outlet, Answered::durable(sequence));
    Ok(sequence)
}

async fn answer(store: &Store, command: Command) -> Result<Answered, Failure> {
    let secured = |done: Result<u64, String>| match done {
        Ok(sequence) => Ok(Answered::durable(sequence)),
        Err(message) => Err(Failure::unknown(message)),
    };
    match command {
        Command::Write(mutation) => store.commit(&[mutation]).await,
        Command::Batch(mutations) => store.commit(&mutations).await,
        Command::Get(key) => Ok(Answered::Value(store.tree().get(&key))),
        Command::Scan => {
            let tree = store.tree();
            let live = tree.table.live();
            let pairs: Pairs = live
                .map(|(key, value)| (key.to_vec(), value.to_vec()))
                .collect();
            Ok(Answered::Everything(pairs))
        }
        Command::Sync => secured(store.sync().await),
        Command::Snapshot => secured(store.snapshot().await),
        _ => Err(Failure::unsupported()),
    }
}
