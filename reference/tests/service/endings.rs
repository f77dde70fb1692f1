//! Every way out is an end in order.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_reference::host::Signal;
use plimsoll_reference::native::Options;
use plimsoll_reference::service::{Acks, END_TIME, EngineOptions, ServiceOptions};

use crate::rigged::{eio, ends};
use crate::support::{Bench, Session, native, native_in_memory, run};

fn in_memory() -> ServiceOptions {
    ServiceOptions::new(native_in_memory())
}

/// Fails whatever would put a snapshot in place.
fn no_snapshot(operation: &str, path: &Path) -> io::Result<()> {
    if operation == "rename" && ends(path, "snapshot.plim") {
        return Err(eio());
    }
    Ok(())
}

#[test]
fn a_final_snapshot_that_fails_is_tried_again_and_then_told() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, in_memory(), 0).await;
        session.asked("1 put a 1", "1 ok memory 1").await;
        bench.fs.rig(no_snapshot);
        session.raise(Signal::Int);
        session.begins("snapshot 1 final failed rename").await;
        session.raise(Signal::Term);
        session.begins("snapshot 2 final failed rename").await;
        let (last, code) = session.ended().await;
        assert!(last.starts_with("end failed rename"), "{last}");
        assert_eq!(code, 1);
        assert!(session.notes().contains("SIGTERM again; the end goes on"));
    });
}

#[test]
fn a_final_snapshot_that_fails_once_is_no_failure() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, in_memory(), 0).await;
        session.asked("1 put a 1", "1 ok memory 1").await;
        bench.fs.rig(no_snapshot);
        session.ask(&["2 close"]).await;
        session.begins("snapshot 1 final failed rename").await;
        bench.fs.mend();
        session.begins("snapshot 2 final done 1").await;
        session.says("2 ok power 1").await;
        assert_eq!(session.ended().await, ("end 1 power".to_owned(), 0));
    });
}

#[test]
fn the_end_waits_for_the_snapshot_in_progress() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, ServiceOptions::new(native()), 0).await;
        session.asked("1 put a 1", "1 ok power 1").await;
        session.ask(&["2 snapshot"]).await;
        session.end_input();
        session.begins("snapshot 1 request done 1").await;
        session.begins("2 ok power 1").await;
        assert_eq!(session.ended().await, ("end 1 power".to_owned(), 0));
    });
}

#[test]
fn an_output_that_nobody_reads_any_longer_ends_the_service() {
    run(async {
        let bench = Bench::new();
        let options = ServiceOptions::new(native()).acks(Acks::Window);
        let mut session = Session::start(&bench, options.clone(), 0).await;
        session.asked("1 put a 1", "1 ok window(15000ms) 1").await;
        session.close_output();
        session.ask(&["2 put b 1"]).await;
        assert_eq!(session.code().await, 0, "everything is on disk");
        let mut session = Session::start(&bench, options, 2).await;
        session.asked("1 get b", "1 value 1").await;
    });
}

#[test]
fn a_full_output_stops_the_reading_and_not_the_end() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, in_memory(), 0).await;
        session
            .asked(
                &format!("1 put a {}", "bc".repeat(100_000)),
                "1 ok memory 1",
            )
            .await;
        // Far more than the output, the backlog and the mailbox hold.
        let gets = "2 get a\n".repeat(5000);
        let mut stdin = session.stdin.take().expect("it is open");
        let write = async {
            use tokio::io::AsyncWriteExt;
            for _ in 0..20 {
                stdin.write_all(gets.as_bytes()).await.expect("it is read");
            }
        };
        let second = Duration::from_secs(1);
        let written = tokio::time::timeout(60 * second, write).await;
        assert!(written.is_err(), "it reads no more");
        let since = tokio::time::Instant::now();
        session.raise(Signal::Term);
        assert_eq!(session.code().await, 0, "the snapshot is in place");
        assert!(since.elapsed() >= END_TIME);
        assert!(since.elapsed() < END_TIME + second);
        let mut session = Session::start(&bench, in_memory(), 1).await;
        session.ask(&["1 get a"]).await;
        session.begins("1 value bc").await;
    });
}

#[test]
fn a_panic_saves_what_is_left_and_says_that_it_was_one() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, in_memory(), 0).await;
        session.asked("1 put a 1", "1 ok memory 1").await;
        let fired = AtomicBool::new(false);
        bench.fs.rig(move |operation, _| {
            let is_first = !fired.swap(true, Ordering::Relaxed);
            assert!(!(is_first && operation == "open"), "the disk is haunted");
            Ok(())
        });
        session.ask(&["2 snapshot"]).await;
        let failed = "failed the service failed: the disk is haunted";
        session
            .begins(&format!("snapshot 1 request {failed}"))
            .await;
        session.begins("2 failed unknown").await;
        session.begins("snapshot 2 final done 1").await;
        let (last, code) = session.ended().await;
        assert!(last.starts_with("end failed the service failed"), "{last}");
        assert_eq!(code, 1);
        let mut session = Session::start(&bench, in_memory(), 1).await;
        session.asked("1 get a", "1 value 1").await;
    });
}

#[test]
fn a_panic_on_disk_costs_nothing_that_was_acknowledged() {
    run(async {
        let bench = Bench::new();
        let engine = EngineOptions::Native(Options::new("data").segment_bytes_max(256));
        let options = ServiceOptions::new(engine).acks(Acks::Window);
        let mut session = Session::start(&bench, options.clone(), 0).await;
        for number in 1..=4 {
            let put = format!("{number} put {number} x*200");
            let answer = format!("{number} ok window(15000ms) {number}");
            session.asked(&put, &answer).await;
            session.ask(&["0 sync"]).await;
            session.begins("0 ok power").await;
        }
        let [is_reached, is_open, is_haunted] = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
        let flags = [&is_reached, &is_open, &is_haunted].map(Arc::clone);
        bench.fs.rig(move |operation, path| {
            let [reached, open, haunted] = &flags;
            if operation == "rename" && ends(path, "snapshot.plim") {
                reached.store(true, Ordering::Relaxed);
                while !open.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
            }
            if operation == "remove_file" && ends(path, ".log") {
                let is_first = !haunted.swap(true, Ordering::Relaxed);
                assert!(!is_first, "the disk is haunted");
            }
            Ok(())
        });
        session.ask(&["5 snapshot"]).await;
        while !is_reached.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        // It is in no commit when the panic comes.
        session.asked("6 put z 1", "6 ok window(15000ms) 5").await;
        is_open.store(true, Ordering::Relaxed);
        session.begins("snapshot 1 request failed").await;
        session.begins("5 failed unknown").await;
        let (last, code) = session.ended().await;
        assert!(last.starts_with("end failed the service failed"), "{last}");
        assert_eq!(code, 1);
        assert!(
            session.notes().contains("opened again"),
            "{}",
            session.notes()
        );
        let mut session = Session::start(&bench, options, 5).await;
        session.asked("1 get z", "1 value 1").await;
    });
}

#[test]
fn what_cannot_be_opened_is_never_ready() {
    run(async {
        let bench = Bench::new();
        bench.fs.rig(|_, _| Err(eio()));
        let mut session = Session::begin(&bench, ServiceOptions::new(native()));
        let (last, code) = session.ended().await;
        assert!(last.starts_with("end failed "), "{last}");
        assert_eq!(code, 1);
    });
}

#[test]
fn options_that_make_no_sense_are_refused_before_anything_is_done() {
    run(async {
        let bench = Bench::new();
        let options = ServiceOptions::new(native()).snapshot_interval(Duration::ZERO);
        let mut session = Session::begin(&bench, options);
        assert_eq!(session.code().await, 2);
        assert!(session.notes().contains("`snapshot_interval`"));
        assert!(!bench.path("data").exists());
    });
}

#[test]
fn an_end_without_a_store_answers_who_waits_for_a_snapshot() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, ServiceOptions::new(native()), 0).await;
        session.asked("1 put a 1", "1 ok power 1").await;
        let [is_reached, is_open, is_broken] = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
        let flags = [&is_reached, &is_open, &is_broken].map(Arc::clone);
        bench.fs.rig(move |operation, path| {
            let [reached, open, broken] = &flags;
            if operation == "rename" && ends(path, "snapshot.plim") {
                reached.store(true, Ordering::Relaxed);
                while !open.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
            }
            match broken.load(Ordering::Relaxed) && matches!(operation, "sync" | "open") {
                true => Err(eio()),
                false => Ok(()),
            }
        });
        session.ask(&["2 snapshot"]).await;
        while !is_reached.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        is_broken.store(true, Ordering::Relaxed);
        session.ask(&["3 put b 1"]).await;
        session.begins("3 failed unknown").await;
        session.raise(Signal::Usr1);
        session.ask(&["4 snapshot", "5 close"]).await;
        is_open.store(true, Ordering::Relaxed);
        session.begins("snapshot 1 request ").await;
        session.begins("2 ").await;
        session.begins("snapshot 2 signal failed ").await;
        session.begins("4 failed absent ").await;
        session.begins("5 failed ").await;
        let (last, code) = session.ended().await;
        assert!(last.starts_with("end failed "), "{last}");
        assert_eq!(code, 1);
    });
}

/// Lets nothing happen on the disk until what this returns is dropped.
fn hold(bench: &Bench) -> std::sync::mpsc::Sender<()> {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = std::sync::Mutex::new(receiver);
    bench.fs.rig(move |_, _| {
        // It fails when the other end is gone, which is what is waited for.
        let _ = receiver.lock().expect("no panic while locked").recv();
        Ok(())
    });
    sender
}

/// Waits until people were told this.
async fn noted(session: &Session, text: &str) {
    for _ in 0..100_000 {
        if session.notes().contains(text) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("`{text}` is not in: {}", session.notes());
}

#[test]
fn a_store_that_does_not_open_is_left_when_told_twice() {
    run(async {
        let bench = Bench::new();
        let opened = hold(&bench);
        let mut session = Session::begin(&bench, ServiceOptions::new(native()));
        session.raise(Signal::Term);
        noted(&session, "SIGTERM: the store is being opened").await;
        session.raise(Signal::Int);
        noted(&session, "SIGINT again").await;
        let (last, code) = session.ended().await;
        drop(opened);
        assert!(last.starts_with("end failed "), "{last}");
        assert_eq!(code, 1);
    });
}

#[test]
fn a_signal_while_the_store_is_opened_ends_it_once_it_is() {
    run(async {
        let bench = Bench::new();
        let opened = hold(&bench);
        let mut session = Session::begin(&bench, ServiceOptions::new(native()));
        session.raise(Signal::Term);
        noted(&session, "SIGTERM: the store is being opened").await;
        drop(opened);
        session.begins("ready ").await;
        assert_eq!(session.ended().await, ("end 0 power".to_owned(), 0));
    });
}
