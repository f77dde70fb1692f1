//! Snapshots beside everything else.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_reference::host::Signal;
use plimsoll_reference::native::read_snapshot;
use plimsoll_reference::service::{EngineOptions, ServiceOptions};
use plimsoll_reference::sqlite::read_image;

use crate::rigged::{eio, ends};
use crate::support::{Bench, Session, native, native_in_memory, on_sqlite, run, sqlite_in_memory};

/// Keeps snapshots from being written, or put in place, until it is opened.
struct Gate {
    is_reached: Arc<AtomicBool>,
    is_open: Arc<AtomicBool>,
}

impl Gate {
    fn shut(bench: &Bench) -> Self {
        Self::at(bench, |operation| matches!(operation, "append" | "write"))
    }

    /// One before operations of this name.
    fn before(bench: &Bench, name: &'static str) -> Self {
        Self::at(bench, move |operation| operation == name)
    }

    fn at(bench: &Bench, is_held: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        let gate = Self {
            is_reached: Arc::default(),
            is_open: Arc::default(),
        };
        let (reached, opened) = (Arc::clone(&gate.is_reached), Arc::clone(&gate.is_open));
        bench.fs.rig(move |operation, path| {
            let is_image = path.to_str().is_some_and(|path| path.contains("snapshot"));
            if is_held(operation) && is_image {
                reached.store(true, Ordering::Relaxed);
                while !opened.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
            }
            Ok(())
        });
        gate
    }

    /// Returns once something waits for it.
    async fn is_reached(&self) {
        while !self.is_reached.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
    }

    fn open(&self) {
        self.is_open.store(true, Ordering::Relaxed);
    }
}

/// The keys in the snapshot.
fn keys_in(bench: &Bench, path: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut visit = |key: &[u8], _: &[u8]| keys.push(String::from_utf8_lossy(key).into_owned());
    let (host, path) = (bench.host(), Path::new(path));
    if ends(path, ".db") {
        assert!(read_image(&host, path, &mut visit).expect("it is whole"));
    } else {
        read_snapshot(&*host.fs, path, &mut visit).expect("it is whole");
    }
    keys
}

#[test]
fn writers_go_on_and_nobody_is_answered_by_an_older_cut() {
    run(overlap(native(), "data/snapshot.plim"));
    run(overlap(on_sqlite(), "snapshots/store.db"));
}

async fn overlap(engine: EngineOptions, path: &str) {
    let bench = Bench::new();
    let mut session = Session::start(&bench, ServiceOptions::new(engine), 0).await;
    session.asked("1 put a 1", "1 ok power 1").await;
    let gate = Gate::shut(&bench);
    session.ask(&["2 snapshot"]).await;
    session.asked("3 put b 1", "3 ok power 2").await;
    session.raise(Signal::Usr1);
    session.raise(Signal::Usr1);
    session.ask(&["4 snapshot"]).await;
    session.asked("5 get b", "5 value 1").await;
    gate.open();
    session
        .says(&format!("snapshot 1 request done 1 {path}"))
        .await;
    session.says(&format!("2 ok power 1 {path}")).await;
    session
        .says(&format!("snapshot 2 signal done 2 {path}"))
        .await;
    session.says(&format!("4 ok power 2 {path}")).await;
    assert_eq!(keys_in(&bench, path), ["a", "b"]);
    session.end("end 2 power").await;
}

#[test]
fn reads_and_commits_in_memory_go_on_while_a_name_stands_still() {
    for operation in ["rename", "sync"] {
        run(stand_still(
            native_in_memory(),
            "data/snapshot.plim",
            operation,
        ));
    }
    for operation in ["rename", "sync", "sync_dir", "hard_link"] {
        run(stand_still(
            sqlite_in_memory(),
            "snapshots/store.db",
            operation,
        ));
    }
}

/// The second snapshot stands still at an operation of this name. Maintenance of an engine that does that by a snapshot is one more.
async fn stand_still(engine: EngineOptions, path: &str, operation: &'static str) {
    let bench = Bench::new();
    let is_native = matches!(engine, EngineOptions::Native(_));
    let mut session = Session::start(&bench, ServiceOptions::new(engine), 0).await;
    session.asked("1 put a 1", "1 ok memory 1").await;
    session.ask(&["2 snapshot"]).await;
    session
        .says(&format!("snapshot 1 request done 1 {path}"))
        .await;
    session.says(&format!("2 ok power 1 {path}")).await;
    session.asked("3 put b 1", "3 ok memory 2").await;
    let gate = Gate::before(&bench, operation);
    session.ask(&["4 snapshot"]).await;
    gate.is_reached().await;
    session.asked("5 put c 1", "5 ok memory 3").await;
    session.asked("6 get c", "6 value 1").await;
    if is_native {
        session.ask(&["7 compact"]).await;
    } else {
        session.asked("7 compact", "7 ok memory 3").await;
    }
    session.asked("8 get a", "8 value 1").await;
    gate.open();
    session
        .says(&format!("snapshot 2 request done 2 {path}"))
        .await;
    session.says(&format!("4 ok power 2 {path}")).await;
    if is_native {
        session
            .says(&format!("snapshot 3 request done 3 {path}"))
            .await;
        session.says("7 ok power 3").await;
        session.asked("9 checkpoint", "9 ok power 3").await;
    } else {
        session.ask(&["9 snapshot"]).await;
        session
            .says(&format!("snapshot 3 request done 3 {path}"))
            .await;
        session.says(&format!("9 ok power 3 {path}")).await;
    }
    assert_eq!(keys_in(&bench, path), ["a", "b", "c"]);
    session.end("end 3 power").await;
}

#[test]
fn a_compaction_on_disk_waits_until_the_snapshot_is_in_place() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, ServiceOptions::new(native()), 0).await;
        session.asked("1 put a 1", "1 ok power 1").await;
        let gate = Gate::before(&bench, "rename");
        session.ask(&["2 snapshot"]).await;
        gate.is_reached().await;
        session.ask(&["3 compact"]).await;
        session.asked("4 put b 1", "4 ok power 2").await;
        gate.open();
        let path = "data/snapshot.plim";
        session
            .says(&format!("snapshot 1 request done 1 {path}"))
            .await;
        session.says(&format!("2 ok power 1 {path}")).await;
        session.says("3 ok power 2").await;
        assert_eq!(keys_in(&bench, path), ["a", "b"]);
        session.end("end 2 power").await;
    });
}

#[test]
fn an_end_waits_until_the_snapshot_is_in_place() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, ServiceOptions::new(sqlite_in_memory()), 0).await;
        session.asked("1 put a 1", "1 ok memory 1").await;
        let gate = Gate::before(&bench, "rename");
        session.ask(&["2 snapshot"]).await;
        gate.is_reached().await;
        session.asked("3 put b 1", "3 ok memory 2").await;
        session.raise(Signal::Term);
        gate.open();
        let path = "snapshots/store.db";
        session
            .says(&format!("snapshot 1 request done 1 {path}"))
            .await;
        session.says(&format!("2 ok power 1 {path}")).await;
        session
            .says(&format!("snapshot 2 final done 2 {path}"))
            .await;
        assert_eq!(session.ended().await, ("end 2 power".to_owned(), 0));
        assert_eq!(keys_in(&bench, path), ["a", "b"]);
    });
}

#[test]
fn an_interval_saves_what_is_new() {
    run(async {
        let bench = Bench::new();
        let second = Duration::from_secs(1);
        let options = ServiceOptions::new(native_in_memory()).snapshot_interval(second);
        let mut session = Session::start(&bench, options, 0).await;
        session.asked("1 put a 1", "1 ok memory 1").await;
        let path = "data/snapshot.plim";
        session
            .says(&format!("snapshot 1 interval done 1 {path}"))
            .await;
        tokio::time::sleep(5 * second).await;
        session.asked("2 put b 1", "2 ok memory 2").await;
        session
            .says(&format!("snapshot 2 interval done 2 {path}"))
            .await;
        assert_eq!(keys_in(&bench, path), ["a", "b"]);
        session.end_input();
        // The one in place holds everything: there is no final one.
        assert_eq!(session.ended().await, ("end 2 power".to_owned(), 0));
    });
}

#[test]
fn a_failure_has_a_line_of_its_own_and_the_service_goes_on() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, ServiceOptions::new(native()), 0).await;
        session.asked("1 put a 1", "1 ok power 1").await;
        bench.fs.rig(|operation, path| {
            let is_image = operation == "rename" && ends(path, "snapshot.plim");
            if is_image { Err(eio()) } else { Ok(()) }
        });
        session.ask(&["2 snapshot"]).await;
        session.begins("snapshot 1 request failed rename").await;
        session.begins("2 failed unknown rename").await;
        bench.fs.mend();
        session.asked("3 put b 1", "3 ok power 2").await;
        session.raise(Signal::Usr1);
        session
            .says("snapshot 2 signal done 2 data/snapshot.plim")
            .await;
        session.end("end 2 power").await;
    });
}

#[test]
fn a_service_in_memory_goes_on_from_its_final_snapshot() {
    run(async {
        for engine in [native_in_memory(), sqlite_in_memory()] {
            let bench = Bench::new();
            let options = ServiceOptions::new(engine);
            let mut session = Session::start(&bench, options.clone(), 0).await;
            session.asked("1 put a 1", "1 ok memory 1").await;
            session.raise(Signal::Term);
            session.begins("snapshot 1 final done 1 ").await;
            assert_eq!(session.ended().await, ("end 1 power".to_owned(), 0));
            let mut session = Session::begin(&bench, options);
            session.begins("ready ").await;
            session.asked("1 get a", "1 value 1").await;
        }
    });
}

#[test]
fn a_place_for_snapshots_is_not_invented() {
    run(async {
        let bench = Bench::new();
        let engine = plimsoll_reference::sqlite::Options::memory();
        let engine = EngineOptions::Sqlite(engine);
        let mut session = Session::start(&bench, ServiceOptions::new(engine), 0).await;
        session.asked("1 put a 1", "1 ok memory 1").await;
        session.ask(&["2 snapshot"]).await;
        session
            .begins("snapshot 1 request failed there is no place")
            .await;
        session
            .begins("2 failed unsupported there is no place")
            .await;
        session.end("end 1 memory").await;
    });
}
