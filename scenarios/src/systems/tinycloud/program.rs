//! The program: a task for each request, and the end.

use std::ops::ControlFlow;
use std::sync::Arc;

use plimsoll_reference::host::Host;
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::Command;

use super::bug::Bug;
use super::cached::Cached;
use super::options::{Form, Options};
use super::registry::Ask;
use super::service::Service;
use crate::systems::edge::{Answered, Crowd, Doorway, Failure, Outlet, say};

/// The service in one of its forms.
enum Serving {
    Actors(Service),
    Cached(Cached),
}

/// Serves until it is asked to end, and returns the exit code.
pub(super) async fn main(host: Host, options: Options) -> i32 {
    let (outlet, writing) = Outlet::start(&host);
    let ended = run(&host, options, &outlet).await;
    writing.conclude(&host, outlet, Level::Power, ended).await
}

async fn run(host: &Host, options: Options, outlet: &Outlet) -> Result<u64, String> {
    let mut doorway = Doorway::open(host, outlet).map_err(|error| error.to_string())?;
    let serving = Arc::new(match options.form {
        Form::InMemory { threshold, acks } => {
            Serving::Actors(Service::new(host, options.mends, threshold, acks))
        }
        Form::Cached => Serving::Cached(Cached::new(host, options.mends)),
    });
    outlet.ready(host, 0);
    let crowd = Crowd::new();
    let closing = loop {
        match doorway.request().await {
            ControlFlow::Break(closing) => break closing,
            ControlFlow::Continue(request) => {
                let (member, serving) = (crowd.join(), Arc::clone(&serving));
                let outlet = outlet.clone();
                let task = async move {
                    let reply = answer(&serving, request.command).await;
                    say(&outlet, request.id, reply);
                    drop(serving);
                    drop(member);
                };
                drop(host.spawn("request", task));
            }
        }
    };
    crowd.end().await;
    let sequence = stop(serving, options).await?;
    closing.tell(outlet, Answered::durable(sequence));
    Ok(sequence)
}

/// Ends the service, and says the number of its last write.
async fn stop(serving: Arc<Serving>, options: Options) -> Result<u64, String> {
    let sequence = match &*serving {
        Serving::Actors(service) => service.sequence(),
        Serving::Cached(cached) => cached.sequence(),
    };
    if !options.mends.has(Bug::R1) {
        return Ok(sequence);
    }
    let troubles = match Arc::into_inner(serving) {
        Some(Serving::Actors(service)) => service.stop().await,
        // Everything is in the object store.
        Some(Serving::Cached(_)) => Vec::new(),
        None => vec!["a request is still under way".to_owned()],
    };
    if troubles.is_empty() {
        Ok(sequence)
    } else {
        Err(troubles.join("; "))
    }
}

async fn answer(serving: &Serving, command: Command) -> Result<Answered, Failure> {
    let mutations = match command {
        Command::Write(mutation) => vec![mutation],
        Command::Batch(mutations) => mutations,
        Command::Get(key) => {
            let name = database(&key)?;
            return match serving {
                Serving::Actors(service) => service.call(&name, Ask::Query(key)).await,
                Serving::Cached(cached) => cached.read(&name, &key).await,
            };
        }
        Command::Scan => {
            return match serving {
                Serving::Actors(service) => service.export().await,
                Serving::Cached(cached) => cached.export().await,
            };
        }
        _ => return Err(Failure::unsupported()),
    };
    let mut names = mutations.iter().map(Mutation::key).map(database);
    let name = names
        .next()
        .unwrap_or_else(|| Err(Failure::absent("there is nothing to do")))?;
    if names.any(|other| other.ok().as_ref() != Some(&name)) {
        return Err(Failure::absent("a batch is for one database"));
    }
    match serving {
        Serving::Actors(service) => service.call(&name, Ask::Execute(mutations)).await,
        Serving::Cached(cached) => cached.write(&name, mutations).await,
    }
}

/// The database of a key: what is before its `/`.
fn database(key: &[u8]) -> Result<String, Failure> {
    let name = key.split(|&byte| byte == b'/').next().unwrap_or_default();
    let is_plain = !name.is_empty() && name.iter().all(u8::is_ascii_alphanumeric);
    match String::from_utf8(name.to_vec()) {
        Ok(name) if is_plain => Ok(name),
        _ => Err(Failure::absent("the database has no plain name")),
    }
}
