//! What fails, and who is told.

use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll_reference::service::{Acks, ServiceOptions};

use crate::rigged::no_sync;
use crate::support::{Bench, Session, native, on_sqlite, run};

#[test]
fn a_failed_commit_reaches_everybody_and_the_store_is_opened_again() {
    run(async {
        for engine in [native(), on_sqlite()] {
            let bench = Bench::new();
            let mut session = Session::start(&bench, ServiceOptions::new(engine), 0).await;
            session.asked("1 put a 1", "1 ok power 1").await;
            bench.fs.rig(no_sync);
            session
                .ask(&["2 put b 1", "3 put c 1", "4 delete a", "5 get a"])
                .await;
            session.begins("2 failed unknown").await;
            session.begins("3 failed unknown").await;
            session.begins("4 failed unknown").await;
            // The store may refuse to be read, but shows nothing that may vanish.
            let shown = session.begins("5 ").await;
            assert!(
                shown == "5 value 1" || shown.starts_with("5 failed absent"),
                "{shown}"
            );
        }
    });
}

#[test]
fn a_database_that_vanished_is_not_opened_again_as_an_empty_one() {
    run(async {
        let bench = Bench::new();
        let options = || ServiceOptions::new(on_sqlite());
        let mut session = Session::start(&bench, options(), 0).await;
        session.asked("1 put a 1", "1 ok power 1").await;
        session.end("end 1 power").await;
        let mut session = Session::start(&bench, options(), 0).await;
        let files = ["store.db", "store.db-wal"].map(|name| bench.path(name));
        bench.fs.rig(move |operation, path| {
            let failed = no_sync(operation, path);
            if failed.is_err() {
                for file in &files {
                    // At the second failure they are gone.
                    let _ = std::fs::remove_file(file);
                }
            }
            failed
        });
        session.ask(&["1 put b 1"]).await;
        session.begins("1 failed unknown").await;
        bench.fs.mend();
        session.ask(&["2 get a"]).await;
        session.begins("2 failed absent").await;
        assert!(!bench.path("store.db").exists(), "none was made");
    });
}

/// Fails the next sync of the log, and no other.
fn fail_once(bench: &Bench) {
    let has_failed = AtomicBool::new(false);
    bench
        .fs
        .rig(move |operation, path| match no_sync(operation, path) {
            Err(error) if !has_failed.swap(true, Ordering::Relaxed) => Err(error),
            _ => Ok(()),
        });
}

#[test]
fn a_read_that_depends_on_an_unknown_outcome_waits_until_that_is_settled() {
    run(async {
        for (engine, is_native) in [(native(), true), (on_sqlite(), false)] {
            let bench = Bench::new();
            let options = ServiceOptions::new(engine);
            let mut session = Session::start(&bench, options.clone(), 0).await;
            session.asked("1 put a 1", "1 ok power 1").await;
            // The first failure is settled at once; after that the store may not be opened again for a second.
            fail_once(&bench);
            session.ask(&["2 put b 1"]).await;
            session.begins("2 failed unknown").await;
            session.ask(&["3 get b", "4 get b"]).await;
            let first = session.line().await;
            assert!(!first.contains("failed"), "{first}");
            assert_eq!(session.line().await.get(2..), first.get(2..));
            fail_once(&bench);
            session
                .ask(&["5 put b 2", "6 get b", "7 scan", "8 get a"])
                .await;
            session.begins("5 failed unknown").await;
            session.begins("6 failed absent").await;
            session.begins("7 failed absent").await;
            match is_native {
                true => session.says("8 value 1").await,
                false => drop(session.begins("8 failed absent").await),
            }
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            session.ask(&["9 get b"]).await;
            let settled = session.line().await;
            assert!(!settled.contains("failed"), "{settled}");
            session.end_input();
            let (last, code) = session.ended().await;
            assert!(last.starts_with("end ") && code == 0, "{last}");
            let mut session = Session::begin(&bench, options);
            session.begins("ready").await;
            session.asked("9 get b", &settled).await;
        }
    });
}

#[test]
fn a_store_that_failed_takes_writes_again_once_the_disk_does() {
    run(async {
        for engine in [native(), on_sqlite()] {
            let bench = Bench::new();
            let options = ServiceOptions::new(engine);
            let mut session = Session::start(&bench, options.clone(), 0).await;
            session.asked("1 put a 1", "1 ok power 1").await;
            bench.fs.rig(no_sync);
            session.ask(&["2 put b 1"]).await;
            session.begins("2 failed unknown").await;
            session.ask(&["3 put c 1"]).await;
            session.begins("3 failed absent").await;
            bench.fs.mend();
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            session.ask(&["4 put c 2"]).await;
            session.begins("4 ok power").await;
            session.end_input();
            let (last, code) = session.ended().await;
            assert!(last.starts_with("end ") && code == 0, "{last}");
            let mut session = Session::begin(&bench, options);
            session.begins("ready").await;
            session.asked("1 get a", "1 value 1").await;
            session.asked("2 get c", "2 value 2").await;
        }
    });
}

#[test]
fn what_a_window_lost_is_told_by_the_next_sync_and_by_the_end() {
    run(async {
        let bench = Bench::new();
        let options = ServiceOptions::new(native()).acks(Acks::Window);
        let mut session = Session::start(&bench, options, 0).await;
        session.asked("1 put a 1", "1 ok window(15000ms) 1").await;
        session.asked("2 sync", "2 ok power 1").await;
        session.asked("3 put b 1", "3 ok window(15000ms) 2").await;
        bench.fs.rig(no_sync);
        session.ask(&["4 sync"]).await;
        session
            .begins("lost 2 2 acknowledged writes 2 to 2 could not be committed")
            .await;
        session.begins("4 failed unknown").await;
        bench.fs.mend();
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        session.ask(&["5 put c 1", "6 sync"]).await;
        session.begins("5 ok window(15000ms)").await;
        session.begins("6 ok power").await;
        session.end_input();
        let (last, code) = session.ended().await;
        let lost = "end failed acknowledged writes 2 to 2 could not be committed";
        assert!(last.starts_with(lost), "{last}");
        assert_eq!(code, 1);
    });
}
