//! When writes are committed, and when they are acknowledged.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_reference::service::{Acks, ServiceOptions};

use crate::rigged::ends;
use crate::support::{Bench, Session, native, on_sqlite, run};

/// Counts the writes to the log, one for each commit once there is a log.
fn count_commits(bench: &Bench) -> Arc<AtomicU64> {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    bench
        .fs
        .rig(move |operation: &str, path: &Path| -> io::Result<()> {
            if operation == "append" && ends(path, ".log.tmp") {
                counted.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
    count
}

fn window() -> ServiceOptions {
    ServiceOptions::new(native()).acks(Acks::Window)
}

#[test]
fn what_is_asked_at_once_is_committed_at_once() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, ServiceOptions::new(native()), 0).await;
        session.asked("1 put a 1", "1 ok power 1").await;
        let commits = count_commits(&bench);
        let lines: Vec<String> = (2..=21).map(|id| format!("{id} put a {id}")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        session.ask(&lines).await;
        for id in 2..=21 {
            session.says(&format!("{id} ok power {id}")).await;
        }
        assert_eq!(commits.load(Ordering::Relaxed), 1, "twenty share a commit");
        session.end("end 21 power").await;
    });
}

#[test]
fn writes_of_as_many_bytes_as_a_batch_may_have_are_committed_together() {
    run(async {
        for engine in [native(), on_sqlite()] {
            let bench = Bench::new();
            let options = ServiceOptions::new(engine).acks(Acks::Window);
            let mut session = Session::start(&bench, options, 0).await;
            // With their keys they are 64 MiB; what an engine puts around them is not counted.
            for number in 1..=4 {
                let line = format!("{number} put {number} x*16777215");
                let answer = format!("{number} ok window(15000ms) {number}");
                session.asked(&line, &answer).await;
            }
            session.asked("5 sync", "5 ok power 4").await;
            session.end("end 4 power").await;
        }
    });
}

#[test]
fn a_window_is_acknowledged_at_once_and_closes_by_itself() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, window(), 0).await;
        session.asked("0 put a/0 1", "0 ok window(15000ms) 1").await;
        session.asked("1 sync", "1 ok power 1").await;
        let commits = count_commits(&bench);
        session.asked("2 put a 1", "2 ok window(15000ms) 2").await;
        session.asked("3 get a", "3 value 1").await;
        session.ask(&["4 scan"]).await;
        session.says("4 key a 1").await;
        session.says("4 key a/0 1").await;
        session.says("4 end 2 2").await;
        tokio::time::sleep(Duration::from_millis(14_900)).await;
        assert_eq!(commits.load(Ordering::Relaxed), 0);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(commits.load(Ordering::Relaxed), 1, "nobody asked");
        session.asked("5 put a 2", "5 ok window(15000ms) 3").await;
        session.asked("6 sync", "6 ok power 3").await;
        assert_eq!(commits.load(Ordering::Relaxed), 2);
        session.end("end 3 power").await;
    });
}

#[test]
fn a_window_closes_when_it_is_full_and_at_another_bucket() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, window(), 0).await;
        session.asked("0 put a/0 1", "0 ok window(15000ms) 1").await;
        session.asked("1 sync", "1 ok power 1").await;
        let commits = count_commits(&bench);
        for id in 1..100 {
            let answer = format!("{id} ok window(15000ms) {}", id + 1);
            session.asked(&format!("{id} put a/{id} 1"), &answer).await;
        }
        assert_eq!(commits.load(Ordering::Relaxed), 0);
        session
            .asked("100 put a/x 1", "100 ok window(15000ms) 101")
            .await;
        session
            .asked("101 put a/x 1", "101 ok window(15000ms) 102")
            .await;
        assert_eq!(commits.load(Ordering::Relaxed), 1, "a hundred changes");
        session
            .asked("102 put b/x 1", "102 ok window(15000ms) 103")
            .await;
        assert_eq!(commits.load(Ordering::Relaxed), 2, "another bucket");
        session.asked("103 get b/x", "103 value 1").await;
        session.end("end 103 power").await;
        assert_eq!(commits.load(Ordering::Relaxed), 4, "the end, and its mark");
    });
}

#[test]
fn the_end_keeps_what_a_window_holds() {
    run(async {
        for engine in [native(), on_sqlite()] {
            let bench = Bench::new();
            let options = ServiceOptions::new(engine).acks(Acks::Window);
            let mut session = Session::start(&bench, options.clone(), 0).await;
            session.asked("1 put a 1", "1 ok window(15000ms) 1").await;
            session.end("end 1 power").await;
            let mut session = Session::begin(&bench, options);
            session.begins("ready").await;
            session.asked("1 get a", "1 value 1").await;
        }
    });
}
