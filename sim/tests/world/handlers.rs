//! Handlers that are code: what they interrupt, what interrupts them, and what they wait for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_reference::host::{ExitStatus, Handler, Host, Signal};
use plimsoll_sim::world::{Run, Setup};
use tokio::sync::{Mutex, Notify};

use crate::support::{SECOND, all_lines, completed, get, instant, put, say, start, usual, world};

/// A handler that says when it begins and when it returns, a second later.
fn speaking(host: &Host, name: &'static str) -> Handler {
    let host = host.clone();
    Handler::new(move || {
        let host = host.clone();
        async move {
            say(&host, &format!("{name} begins")).await;
            host.sleep(SECOND).await;
            say(&host, &format!("{name} returns")).await;
        }
    })
}

/// What a process says that handles both signals in this way, and counts seconds beside it, when they are sent half a second apart.
fn said(handlers: impl Fn(&Host) -> [(Signal, Handler); 2] + Send + Sync + 'static) -> Vec<String> {
    let world = world(instant(1), move |host, _| {
        for (signal, handler) in handlers(&host) {
            host.process
                .handle(signal, handler)
                .expect("it can be caught");
        }
        Box::pin(async move {
            for second in 1..=4 {
                host.sleep(SECOND).await;
                say(&host, &format!("second {second}")).await;
            }
            0
        })
    });
    let (lines, run) = completed(&world, |control| async move {
        let process = start(&control);
        control.sleep(SECOND + SECOND / 4).await;
        control.signal(process, Signal::Usr1).expect("it lives");
        control.sleep(SECOND / 2).await;
        control.signal(process, Signal::Term).expect("it lives");
        all_lines(&control, process).await
    });
    assert_eq!(run.handled.len(), 2);
    assert!(run.handled.iter().all(|handled| handled.returned.is_some()));
    lines
}

#[test]
fn a_handler_runs_inside_another_and_nothing_else_does() {
    let lines = said(|host| {
        [
            (Signal::Usr1, speaking(host, "usr1")),
            (Signal::Term, speaking(host, "term")),
        ]
    });
    let expected = [
        "second 1",
        "usr1 begins",
        "term begins",
        "term returns",
        "usr1 returns",
        "second 2",
        "second 3",
        "second 4",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_a_handler_blocks_waits_until_it_has_returned() {
    let lines = said(|host| {
        [
            (
                Signal::Usr1,
                speaking(host, "usr1").blocking(&[Signal::Term]),
            ),
            (Signal::Term, speaking(host, "term")),
        ]
    });
    let at = |wanted: &str| lines.iter().position(|line| line == wanted);
    assert!(at("usr1 returns") < at("term begins"), "{lines:?}");
    assert_eq!(lines.len(), 8, "{lines:?}");
}

#[test]
fn its_own_signal_waits_unless_it_is_reentrant() {
    for (is_reentrant, expected) in [
        (false, ["begins", "returns", "begins", "returns"]),
        (true, ["begins", "begins", "returns", "returns"]),
    ] {
        let world = world(instant(1), move |host, _| {
            let handler = speaking(&host, "it");
            let handler = if is_reentrant {
                handler.reentrant()
            } else {
                handler
            };
            let handled = host.process.handle(Signal::Usr1, handler);
            handled.expect("it can be caught");
            Box::pin(async move {
                host.sleep(10 * SECOND).await;
                0
            })
        });
        let (lines, run) = completed(&world, |control| async move {
            let process = start(&control);
            control.sleep(SECOND).await;
            control.signal(process, Signal::Usr1).expect("it lives");
            control.sleep(SECOND / 2).await;
            control.signal(process, Signal::Usr1).expect("it lives");
            all_lines(&control, process).await
        });
        assert_eq!(lines, expected.map(|word| format!("it {word}")));
        let inside = is_reentrant.then_some(Signal::Usr1);
        assert_eq!(run.handled[1].inside, inside);
    }
}

/// A program that holds a lock for a second, and wants it in the handler of a signal, too.
async fn lock_twice(host: Host, takes_any_thread: bool) -> i32 {
    let lock = Arc::new(Mutex::new(()));
    let wanted = Arc::clone(&lock);
    let handler = Handler::new(move || {
        let wanted = Arc::clone(&wanted);
        async move { drop(wanted.lock().await) }
    });
    let handler = if takes_any_thread {
        handler.on_any_thread()
    } else {
        handler
    };
    let handled = host.process.handle(Signal::Usr1, handler);
    handled.expect("it can be caught");
    let held = lock.lock().await;
    host.sleep(2 * SECOND).await;
    drop(held);
    host.sleep(SECOND).await;
    0
}

#[test]
fn a_handler_that_waits_for_what_it_interrupted_never_returns() {
    let world = world(instant(1), |host, _| Box::pin(lock_twice(host, false)));
    let (status, run) = completed(&world, |control| async move {
        let process = start(&control);
        control.sleep(SECOND).await;
        control.signal(process, Signal::Usr1).expect("it lives");
        control.sleep(3600 * SECOND).await;
        assert_eq!(control.status(process), None);
        control.signal(process, Signal::Kill).expect("it lives");
        control.wait(process).await
    });
    assert_eq!(status, ExitStatus::Signal(9));
    assert_eq!(run.handled.len(), 1);
    assert_eq!(run.handled[0].returned, None);
    assert_eq!(run.leaked, 0, "its stack is given back");
}

/// A job, the tasks, and a handler on one of the two: what it has not interrupted goes on.
fn on_any_thread(seed: u64) -> (BTreeSet<String>, Run<()>) {
    let setup = Setup {
        faults: "fsync #1 stall 2s".parse().expect("a plan"),
        ..instant(seed)
    };
    let world = world(setup, |host, _| {
        Box::pin(async move {
            let release = Arc::new(Notify::new());
            let (of, told) = (host.clone(), Arc::clone(&release));
            let handler = Handler::new(move || {
                let (of, told) = (of.clone(), Arc::clone(&told));
                async move {
                    told.notified().await;
                    say(&of, "handled").await;
                }
            });
            let handled = host.process.handle(Signal::Usr1, handler.on_any_thread());
            handled.expect("it can be caught");
            let (fs, is_done) = (Arc::clone(&host.fs), Arc::new(AtomicBool::new(false)));
            let done = Arc::clone(&is_done);
            let job = host.blocking(move || {
                put(&*fs, "slow", b"1", true);
                done.store(true, Ordering::Relaxed);
            });
            let of = host.clone();
            drop(host.spawn("watch", async move {
                of.sleep(5 * SECOND).await;
                if is_done.load(Ordering::Relaxed) {
                    say(&of, "the job went on").await;
                } else {
                    say(&of, "the tasks went on").await;
                    release.notify_one();
                }
            }));
            let _ = job.await;
            host.sleep(20 * SECOND).await;
            0
        })
    });
    completed(&world, |control| async move {
        let process = start(&control);
        control.sleep(SECOND).await;
        control.signal(process, Signal::Usr1).expect("it lives");
        control.sleep(60 * SECOND).await;
        control.kill(process).await;
        all_lines(&control, process).await.into_iter().collect()
    })
}

#[test]
fn where_there_are_threads_one_is_interrupted_and_the_others_go_on() {
    let mut seen = BTreeSet::new();
    for seed in 0..40 {
        let (lines, run) = on_any_thread(seed);
        assert_eq!(run.handled.len(), 1);
        // On top of the tasks nobody is left to tell it; on top of the job the tasks do.
        let is_over = run.handled[0].returned.is_some();
        assert_eq!(is_over, lines.contains("the tasks went on"), "{lines:?}");
        assert_eq!(is_over, lines.contains("handled"), "{lines:?}");
        seen.insert(is_over);
    }
    assert_eq!(seen.len(), 2, "each is met");
}

/// A job that replaces two files one after the other, and a handler that copies what it finds.
fn copied(setup: Setup, wait: Duration) -> (Option<Vec<u8>>, Run<()>) {
    let world = world(setup, |host, _| {
        Box::pin(async move {
            let fs = Arc::clone(&host.fs);
            let handler = Handler::new(move || {
                let fs = Arc::clone(&fs);
                async move {
                    let held = |name: &str| matches!(fs.metadata(name.as_ref()), Ok(Some(_)));
                    let found = [
                        b"-f"[usize::from(held("first"))],
                        b"-s"[usize::from(held("second"))],
                    ];
                    put(&*fs, "copy", &found, false);
                }
            });
            let handled = host.process.handle(Signal::Usr1, handler);
            handled.expect("it can be caught");
            say(&host, "ready").await;
            let fs = Arc::clone(&host.fs);
            let job = host.blocking(move || {
                put(&*fs, "first", b"1", true);
                put(&*fs, "second", b"2", true);
            });
            let _ = job.await;
            host.sleep(SECOND).await;
            0
        })
    });
    completed(&world, |control| async move {
        let process = start(&control);
        let mut lines = plimsoll_reference::host::Lines::new(control.stdout(process));
        lines.next().await.expect("it is ready");
        control.sleep(wait).await;
        control.signal(process, Signal::Usr1).expect("it lives");
        control.wait(process).await;
        get(&control.disk(), "copy")
    })
}

#[test]
fn a_handler_interrupts_a_job_between_its_operations_and_replays() {
    let mut seen = BTreeSet::new();
    for seed in 0..200 {
        let wait = Duration::from_micros(seed * 10);
        let (found, run) = copied(usual(seed), wait);
        let mut again = usual(seed + 1);
        again.schedule = Some(run.schedule.clone());
        let (second, replayed) = copied(again, wait);
        assert_eq!((second, replayed.diverged), (found.clone(), 0));
        assert_eq!(replayed.fingerprint, run.fingerprint);
        seen.insert(found.expect("the handler has run"));
    }
    let expected = [b"--", b"f-", b"fs"].map(|found| found.to_vec());
    assert_eq!(seen, expected.into_iter().collect());
}

#[test]
fn a_handler_can_end_the_process_and_a_note_takes_the_place_of_one() {
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            let of = host.clone();
            let handler = Handler::new(move || {
                let of = of.clone();
                async move { match of.process.exit(7).await {} }
            });
            let process = &host.process;
            assert!(process.handle(Signal::Kill, handler.clone()).is_err());
            process
                .handle(Signal::Usr1, handler.clone())
                .expect("it can be");
            let mut caught = process.catch(Signal::Usr1).expect("it can be");
            process.handle(Signal::Term, handler).expect("it can be");
            caught.next().await;
            say(&host, "noted").await;
            std::future::pending().await
        })
    });
    let ((lines, status), _) = completed(&world, |control| async move {
        let process = start(&control);
        control.sleep(SECOND).await;
        control.signal(process, Signal::Usr1).expect("it lives");
        control.sleep(SECOND).await;
        control.signal(process, Signal::Term).expect("it lives");
        let lines = all_lines(&control, process).await;
        (lines, control.wait(process).await)
    });
    assert_eq!(
        (lines, status),
        (vec!["noted".to_owned()], ExitStatus::Code(7))
    );
}
