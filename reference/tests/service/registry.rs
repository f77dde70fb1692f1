//! Stores by name, which come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_reference::clock::Clock;
use plimsoll_reference::host::Host;
use plimsoll_reference::level::Level;
use plimsoll_reference::native::{LogMode, Options, SyncPolicy};
use plimsoll_reference::service::protocol::{Command, Outcome};
use plimsoll_reference::service::{
    Acks, EngineOptions, Failure, Registry, RegistryOptions, Response,
};
use plimsoll_reference::sqlite;

use crate::rigged::{eio, ends, no_sync};
use crate::support::{Bench, run};

const IDLE: Duration = Duration::from_secs(301);

/// A registry of stores in memory, each in a directory of its name.
fn in_memory(host: Host) -> Registry {
    let engine = |name: &str| EngineOptions::Native(Options::new(name).log_mode(LogMode::Never));
    Registry::new(host, RegistryOptions::default(), engine).expect("the options make sense")
}

fn command(text: &str) -> Command {
    let request: plimsoll_reference::service::protocol::Request =
        format!("1 {text}").parse().expect("it is a request");
    request.command
}

/// Asks, and says in short what came of it.
async fn ask(registry: &Registry, name: &str, text: &str) -> String {
    match registry.request(name, command(text)).await {
        Response::Done {
            level, sequence, ..
        } => format!("{level} {sequence}"),
        Response::Value(Some(value)) => String::from_utf8(value).expect("UTF-8"),
        Response::Value(None) => "absent".to_owned(),
        Response::Pairs { pairs, .. } => format!("{} pairs", pairs.len()),
        Response::Failed(Failure { outcome, message }) => format!("{outcome}: {message}"),
    }
}

#[test]
fn an_idle_store_is_closed_and_comes_back_with_everything() {
    run(async {
        let bench = Bench::new();
        let registry = in_memory(bench.host());
        assert_eq!(ask(&registry, "one", "put a 1").await, "memory 1");
        assert_eq!(ask(&registry, "two", "put a 2").await, "memory 1");
        tokio::time::sleep(IDLE / 2).await;
        assert_eq!(ask(&registry, "two", "get a").await, "2");
        assert!(!bench.path("one/snapshot.plim").exists());
        tokio::time::sleep(IDLE / 2 + Duration::from_secs(1)).await;
        assert!(bench.path("one/snapshot.plim").exists());
        assert!(!bench.path("two/snapshot.plim").exists());
        assert_eq!(ask(&registry, "one", "get a").await, "1");
        assert_eq!(ask(&registry, "one", "put b 1").await, "memory 2");
        let endings = registry.close().await;
        let names: Vec<(&str, Level, u64)> = endings
            .iter()
            .map(|(name, ending)| (name.as_str(), ending.level, ending.sequence))
            .collect();
        assert_eq!(names, [("one", Level::Power, 2), ("two", Level::Power, 1)]);
        assert!(endings.iter().all(|(_, ending)| ending.failure.is_none()));
        assert!(bench.path("two/snapshot.plim").exists());
        let late = ask(&registry, "one", "get a").await;
        assert_eq!(late, "absent: the registry is closed");
    });
}

#[test]
fn requests_at_the_moment_of_closing_are_done_once() {
    run(async {
        let bench = Bench::new();
        let registry = Arc::new(in_memory(bench.host()));
        for round in 1..=10 {
            let text = format!("put {round} 1");
            let done = ask(&registry, "one", &text).await;
            assert_eq!(done, format!("memory {}", 3 * round - 2));
            // Two more come while the store is being closed, to the tick of the clock.
            tokio::time::sleep(Duration::from_secs(300)).await;
            let mut late = Vec::new();
            for _ in 0..2 {
                let (registry, text) = (Arc::clone(&registry), text.clone());
                let ask = async move { ask(&registry, "one", &text).await };
                late.push(tokio::spawn(ask));
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
            }
            for late in late {
                let done = late.await.expect("no panic");
                assert!(done.starts_with("memory "), "{done}");
            }
        }
        assert_eq!(ask(&registry, "one", "scan").await, "10 pairs");
        let endings = registry.close().await;
        assert_eq!(endings.len(), 1);
        assert_eq!(endings[0].1.sequence, 30, "nothing is done twice");
    });
}

#[test]
fn a_store_that_cannot_be_brought_to_disk_stays_open() {
    run(async {
        let bench = Bench::new();
        let registry = in_memory(bench.host());
        assert_eq!(ask(&registry, "one", "put a 1").await, "memory 1");
        bench.fs.rig(|operation, path| {
            let is_image = operation == "rename" && ends(path, "snapshot.plim");
            if is_image { Err(eio()) } else { Ok(()) }
        });
        tokio::time::sleep(IDLE + Duration::from_secs(1)).await;
        let unhealthy = registry.unhealthy();
        assert_eq!(unhealthy.len(), 1);
        assert_eq!(unhealthy[0].0, "one");
        assert!(unhealthy[0].1.contains("rename"), "{unhealthy:?}");
        assert_eq!(ask(&registry, "one", "get a").await, "1");
        bench.fs.mend();
        tokio::time::sleep(IDLE + Duration::from_secs(1)).await;
        assert_eq!(registry.unhealthy(), []);
        assert!(bench.path("one/snapshot.plim").exists());
        assert_eq!(ask(&registry, "one", "get a").await, "1");
    });
}

#[test]
fn a_store_on_disk_whose_sync_fails_stays_open_until_it_is_durable() {
    run(async {
        let bench = Bench::new();
        let engine =
            |name: &str| EngineOptions::Native(Options::new(name).sync_policy(SyncPolicy::Never));
        let registry = Registry::new(bench.host(), RegistryOptions::default(), engine)
            .expect("the options make sense");
        // The first makes the log, durably.
        assert_eq!(ask(&registry, "one", "put a 1").await, "process 1");
        assert_eq!(ask(&registry, "one", "put b 1").await, "process 2");
        bench.fs.rig(|operation, _| match operation {
            "sync" => Err(eio()),
            _ => Ok(()),
        });
        tokio::time::sleep(IDLE + Duration::from_secs(1)).await;
        let unhealthy = registry.unhealthy();
        assert_eq!(unhealthy.len(), 1, "it is not given up");
        assert_eq!(unhealthy[0].0, "one");
        bench.fs.mend();
        tokio::time::sleep(IDLE + Duration::from_secs(1)).await;
        assert_eq!(registry.unhealthy(), []);
        assert_eq!(ask(&registry, "one", "get b").await, "1");
    });
}

#[test]
fn a_store_in_memory_that_has_no_place_on_disk_is_not_closed() {
    run(async {
        let bench = Bench::new();
        let engine = |_: &str| EngineOptions::Sqlite(sqlite::Options::memory());
        let registry = Registry::new(bench.host(), RegistryOptions::default(), engine)
            .expect("the options make sense");
        assert_eq!(ask(&registry, "unused", "get a").await, "absent");
        assert_eq!(ask(&registry, "one", "put a 1").await, "memory 1");
        tokio::time::sleep(2 * IDLE).await;
        let unhealthy = registry.unhealthy();
        assert_eq!(unhealthy.len(), 1, "{unhealthy:?}");
        assert_eq!(unhealthy[0].0, "one");
        assert_eq!(ask(&registry, "one", "get a").await, "1");
        let endings = registry.close().await;
        assert!(endings.iter().all(|(_, ending)| ending.code() == 0));
    });
}

#[test]
fn a_loss_that_nobody_was_told_of_keeps_a_store_open() {
    run(async {
        let bench = Bench::new();
        let registry = windowed(&bench);
        assert_eq!(ask(&registry, "one", "put a 1").await, "window(15000ms) 1");
        assert_eq!(ask(&registry, "one", "sync").await, "power 1");
        assert_eq!(ask(&registry, "one", "put b 1").await, "window(15000ms) 2");
        bench.fs.rig(no_sync);
        tokio::time::sleep(Duration::from_secs(20)).await;
        bench.fs.mend();
        tokio::time::sleep(2 * IDLE).await;
        let unhealthy = registry.unhealthy();
        assert_eq!(unhealthy.len(), 1, "{unhealthy:?}");
        let told = ask(&registry, "one", "sync").await;
        let lost = "unknown: acknowledged writes 2 to 2 could not be committed";
        assert!(told.starts_with(lost), "{told}");
        tokio::time::sleep(2 * IDLE).await;
        assert_eq!(registry.names(), [""; 0], "it was told, and is closed");
        // Whether the write came back is as it was found.
        let again = ask(&registry, "one", "sync").await;
        assert!(again.starts_with("power "), "{again}");
    });
}

#[test]
fn nothing_is_done_behind_a_panic() {
    run(async {
        let bench = Bench::new();
        let engine = |name: &str| EngineOptions::Native(Options::new(name));
        let registry = Registry::new(bench.host(), RegistryOptions::default(), engine)
            .expect("the options make sense");
        let registry = Arc::new(registry);
        assert_eq!(ask(&registry, "one", "put a 1").await, "power 1");
        let (is_reached, is_open) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (reached, opened) = (Arc::clone(&is_reached), Arc::<AtomicBool>::clone(&is_open));
        bench.fs.rig(move |operation, _| {
            if operation == "append" && !reached.swap(true, Ordering::Relaxed) {
                while !opened.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                panic!("the disk is haunted");
            }
            Ok(())
        });
        let later = |text: &'static str| {
            let registry = Arc::clone(&registry);
            tokio::spawn(async move { ask(&registry, "one", text).await })
        };
        let first = later("put b 1");
        while !is_reached.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        let second = later("put c 1");
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        is_open.store(true, Ordering::Relaxed);
        let first = first.await.expect("no panic");
        assert!(first.starts_with("unknown: "), "{first}");
        let second = second.await.expect("no panic");
        assert!(second.starts_with("absent: "), "{second}");
        assert_eq!(ask(&registry, "one", "get a").await, "1");
        assert_eq!(ask(&registry, "one", "get c").await, "absent");
    });
}

/// A clock that fails whoever asks it, while it is broken.
struct Brittle {
    inner: Arc<dyn Clock>,
    is_broken: Arc<AtomicBool>,
}

impl Clock for Brittle {
    fn now(&self) -> Duration {
        assert!(!self.is_broken.load(Ordering::Relaxed), "it is broken");
        self.inner.now()
    }

    fn sleep(&self, time: Duration) {
        self.inner.sleep(time);
    }
}

#[test]
fn a_store_whose_task_panicked_is_forgotten() {
    run(async {
        let bench = Bench::new();
        let mut host = bench.host();
        let is_broken = Arc::new(AtomicBool::new(false));
        host.clock = Arc::new(Brittle {
            inner: host.clock,
            is_broken: Arc::clone(&is_broken),
        });
        let engine = |name: &str| EngineOptions::Native(Options::new(name));
        let registry = Registry::new(host, RegistryOptions::default(), engine)
            .expect("the options make sense");
        assert_eq!(ask(&registry, "one", "put a 1").await, "power 1");
        is_broken.store(true, Ordering::Relaxed);
        let lost = ask(&registry, "one", "put b 1").await;
        assert!(lost.starts_with("unknown: "), "{lost}");
        is_broken.store(false, Ordering::Relaxed);
        assert_eq!(ask(&registry, "one", "get a").await, "1");
    });
}

#[test]
fn a_store_that_cannot_be_opened_is_tried_again() {
    run(async {
        let bench = Bench::new();
        let registry = in_memory(bench.host());
        bench.fs.rig(|_, _| Err(eio()));
        let refused = ask(&registry, "one", "put a 1").await;
        assert!(refused.starts_with("absent: "), "{refused}");
        bench.fs.mend();
        assert_eq!(ask(&registry, "one", "put a 1").await, "memory 1");
    });
}

/// A registry of stores on disk that acknowledge what may be lost with the last seconds.
fn windowed(bench: &Bench) -> Registry {
    let engine = |name: &str| EngineOptions::Native(Options::new(name));
    let options = RegistryOptions::default().acks(Acks::Window);
    Registry::new(bench.host(), options, engine).expect("they make sense")
}

#[test]
fn dropping_a_registry_brings_everything_to_disk() {
    run(async {
        let bench = Bench::new();
        let registry = windowed(&bench);
        assert_eq!(ask(&registry, "one", "put a 1").await, "window(15000ms) 1");
        drop(registry);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let registry = in_memory(bench.host());
        assert_eq!(ask(&registry, "one", "get a").await, "1");
    });
}

#[test]
fn a_store_of_a_registry_is_not_closed_by_a_request() {
    run(async {
        let bench = Bench::new();
        let registry = in_memory(bench.host());
        let Response::Failed(failure) = registry.request("one", Command::Close).await else {
            panic!("it is refused");
        };
        assert_eq!(failure.outcome, Outcome::Unsupported);
        assert_eq!(ask(&registry, "one", "put a 1").await, "memory 1");
    });
}

#[test]
fn options_that_make_no_sense_are_refused() {
    run(async {
        let bench = Bench::new();
        let engine = |name: &str| EngineOptions::Native(Options::new(name));
        let options = RegistryOptions::default().idle_timeout(Duration::ZERO);
        let error = Registry::new(bench.host(), options, engine).expect_err("it never rests");
        assert_eq!(error.option, "idle_timeout");
    });
}
