//! pickleDB: a dictionary that is dumped to its file after every change.

use std::sync::Arc;

use plimsoll_reference::host::{Host, Signal};
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::{Command, Request};
use plimsoll_sim::trial::history::Pairs;

use super::bug::Bug;
use crate::specimens::mends::Mends;
use crate::systems::edge::{
    Answered, Arrival, Doorway, Failure, Image, Outlet, load, overwrite, say,
};

/// The file.
pub(super) const FILE: &str = "pickle.db";

/// Serves until it is asked to end, and returns the exit code.
pub(super) async fn main(host: Host, mends: Mends<Bug>) -> i32 {
    let (outlet, writing) = Outlet::start(&host);
    let ended = serve(&host, mends, &outlet).await;
    writing.conclude(&host, outlet, Level::Process, ended).await
}

async fn serve(host: &Host, mends: Mends<Bug>, outlet: &Outlet) -> Result<u64, String> {
    let mut doorway = Doorway::open(host, outlet).map_err(|error| error.to_string())?;
    if !mends.has(Bug::S72) {
        end_at_once(host).map_err(|error| error.to_string())?;
    }
    let fs = Arc::clone(&host.fs);
    let loaded = host.blocking(move || load(&*fs, FILE)).await;
    let loaded = loaded.map_err(|failed| failed.to_string())?;
    let mut image = loaded
        .map_err(|error| error.to_string())?
        .unwrap_or_default();
    outlet.ready(host, image.revision);
    // A signal that comes while a dump is written is seen when it is done.
    while let Arrival::Request(Request { id, command }) = doorway.next().await {
        let reply = match command {
            Command::Close => {
                say(outlet, id, Ok(done(&image)));
                break;
            }
            Command::Get(key) => Ok(Answered::Value(image.pairs.get(&key).cloned())),
            Command::Scan => Ok(Answered::Everything(image.pairs.clone())),
            Command::Write(mutation) => change(host, &mut image, &[mutation]).await,
            Command::Batch(mutations) => change(host, &mut image, &mutations).await,
            _ => Err(Failure::unsupported()),
        };
        say(outlet, id, reply);
    }
    Ok(image.revision)
}

const fn done(image: &Image) -> Answered {
    Answered::Done {
        level: Level::Process,
        sequence: image.revision,
    }
}

/// Changes the dictionary, and dumps it.
async fn change(
    host: &Host,
    image: &mut Image,
    mutations: &[Mutation],
) -> Result<Answered, Failure> {
    apply(&mut image.pairs, mutations);
    image.revision += 1;
    let (fs, dumped) = (Arc::clone(&host.fs), image.clone());
    host.blocking(move || overwrite(&*fs, FILE, &dumped))
        .await??;
    Ok(done(image))
}

pub(super) fn apply(pairs: &mut Pairs, mutations: &[Mutation]) {
    for mutation in mutations {
        mutation.apply_to(pairs);
    }
}

/// An interpreter that nobody told otherwise: a signal ends it wherever it is, and it says that all is well.
fn end_at_once(host: &Host) -> std::io::Result<()> {
    let mut term = host.process.catch(Signal::Term)?;
    let mut int = host.process.catch(Signal::Int)?;
    let of = host.clone();
    let task = async move {
        tokio::select! {
            biased;
            () = term.next() => {}
            () = int.next() => {}
        }
        match of.process.exit(0).await {}
    };
    drop(host.spawn("interpreter", task));
    Ok(())
}
