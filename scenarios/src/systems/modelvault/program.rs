//! The application.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use plimsoll_reference::host::Host;
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::{Command, Request};
use plimsoll_sim::sut::CommandError;

use crate::specimens::modelvault::store::Store;
use crate::specimens::modelvault::{Mends, Options};
use crate::systems::edge::{Answered, Doorway, Failure, Outlet, say};

/// How often an application looks whether the database is free, and how many times.
const RETRY: Duration = Duration::from_millis(5);
const RETRIES: u32 = 2000;

/// Serves until it is asked to end, and returns the exit code.
pub(super) async fn main(host: Host, mends: Mends) -> i32 {
    let (outlet, writing) = Outlet::start(&host);
    let ended = serve(&host, mends, &outlet).await;
    writing.conclude(&host, outlet, Level::Power, ended).await
}

async fn serve(host: &Host, mends: Mends, outlet: &Outlet) -> Result<u64, String> {
    let mut doorway = Doorway::open(host, outlet).map_err(|error| error.to_string())?;
    let store = open(host, mends).await.map_err(|error| error.to_string())?;
    let mut seat = Seat {
        host: host.clone(),
        store: Some(store),
        sequence: 0,
    };
    outlet.ready(host, 0);
    let closing = loop {
        match doorway.request().await {
            ControlFlow::Break(closing) => break closing,
            ControlFlow::Continue(Request { id, command }) => {
                say(outlet, id, seat.answer(command).await);
            }
        }
    };
    let sequence = seat.sequence;
    seat.close()
        .await
        .map_err(|failure| format!("{failure:?}"))?;
    closing.tell(outlet, Answered::durable(sequence));
    Ok(sequence)
}

/// Opens the database, once nobody else has it.
async fn open(host: &Host, mends: Mends) -> io::Result<Store> {
    let mut tries = 0;
    loop {
        let of = host.clone();
        let opened = host
            .blocking(move || Store::open(&of, Options::usual(), mends))
            .await
            .map_err(io::Error::other)?;
        match opened {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && tries < RETRIES => {
                tries += 1;
                host.sleep(RETRY).await;
            }
            opened => return opened,
        }
    }
}

/// What has the database while no job has it.
struct Seat {
    host: Host,
    /// None after a job that panicked.
    store: Option<Store>,
    /// Number of the last write.
    sequence: u64,
}

impl Seat {
    async fn answer(&mut self, command: Command) -> Result<Answered, Failure> {
        match command {
            Command::Get(key) => {
                let pairs = self.store.as_ref().map(|store| &store.pairs);
                Ok(Answered::Value(
                    pairs.and_then(|pairs| pairs.get(&key)).cloned(),
                ))
            }
            Command::Scan => {
                let pairs = self.store.as_ref().map(|store| store.pairs.clone());
                Ok(Answered::Everything(pairs.unwrap_or_default()))
            }
            Command::Write(mutation) => self.commit(vec![mutation]).await,
            Command::Batch(mutations) => self.commit(mutations).await,
            Command::Checkpoint => self.work(Store::checkpoint).await,
            Command::Compact => {
                self.work(|store| store.begin_compaction(0)).await?;
                self.work(|store| store.finish_compaction(0)).await
            }
            _ => Err(Failure::unsupported()),
        }
    }

    async fn commit(&mut self, mutations: Vec<Mutation>) -> Result<Answered, Failure> {
        self.work(move |store| store.commit(&mutations)).await?;
        self.sequence += 1;
        Ok(self.done())
    }

    const fn done(&self) -> Answered {
        Answered::durable(self.sequence)
    }

    /// Has the database do something, in a job.
    async fn work<F>(&mut self, work: F) -> Result<Answered, Failure>
    where
        F: FnOnce(&mut Store) -> Result<(), CommandError> + Send + 'static,
    {
        let Some(mut store) = self.store.take() else {
            return Err(Failure::absent("the database is gone"));
        };
        let job = move || {
            let done = work(&mut store);
            (store, done)
        };
        let (store, done) = self.host.blocking(job).await?;
        self.store = Some(store);
        done?;
        Ok(self.done())
    }

    async fn close(self) -> Result<(), Failure> {
        match self.store {
            Some(store) => Ok(self.host.blocking(move || store.close()).await??),
            None => Err(Failure::unknown("the database is gone")),
        }
    }
}
