//! Blocking code on fibers: slow storage interleaves, and a dead process has no effect.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use plimsoll_reference::fs::OpenOptions;
use plimsoll_reference::host::{ExitStatus, Host};
use plimsoll_sim::world::{Ended, Setup};

use crate::support::{SECOND, all_lines, completed, get, instant, put, say, start, usual, world};

fn faults(text: &str) -> Setup {
    Setup {
        faults: text.parse().expect("it is a plan"),
        ..instant(1)
    }
}

#[test]
fn a_slow_sync_keeps_neither_tasks_nor_other_jobs_from_running() {
    let world = world(faults("fsync slow stall 60s"), |host, _| {
        Box::pin(async move {
            let fs = Arc::clone(&host.fs);
            let slow = host
                .process
                .run_blocking(Box::new(move || put(&*fs, "slow", b"s", true)));
            host.sleep(SECOND).await;
            let fs = Arc::clone(&host.fs);
            let quick = host.blocking(move || put(&*fs, "quick", b"q", true)).await;
            quick.expect("it does not panic");
            say(&host, &format!("quick {}", host.clock.now().as_secs())).await;
            slow.await.expect("it does not panic");
            say(&host, &format!("slow {}", host.clock.now().as_secs())).await;
            0
        })
    });
    let (lines, _) = completed(&world, |control| async move {
        let process = start(&control);
        all_lines(&control, process).await
    });
    assert_eq!(lines, ["quick 1", "slow 60"]);
}

#[test]
fn two_blocked_jobs_wait_at_the_same_time() {
    let world = world(faults("fsync stall 60s"), |host, _| {
        Box::pin(async move {
            let job = |name: &'static str| {
                let fs = Arc::clone(&host.fs);
                host.process
                    .run_blocking(Box::new(move || put(&*fs, name, b"x", true)))
            };
            let (one, other) = (job("one"), job("other"));
            one.await.expect("it does not panic");
            other.await.expect("it does not panic");
            i32::try_from(host.clock.now().as_secs()).expect("it is short")
        })
    });
    let (status, _) = completed(&world, |control| async move {
        control.wait(start(&control)).await
    });
    assert_eq!(status, ExitStatus::Code(60));
}

#[test]
fn a_job_that_panics_fails_alone() {
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            let failed = host.blocking(|| -> u32 { panic!("as planned") }).await;
            say(&host, &failed.expect_err("it panics").to_string()).await;
            let worked = host.blocking(|| 7).await;
            worked.expect("it does not panic")
        })
    });
    let (end, _) = completed(&world, |control| async move {
        let process = start(&control);
        (
            all_lines(&control, process).await,
            control.wait(process).await,
        )
    });
    assert_eq!(end, (vec!["as planned".to_owned()], ExitStatus::Code(7)));
}

/// Writes a file when it goes.
struct Flush(Host);

impl Drop for Flush {
    fn drop(&mut self) {
        put(&*self.0.fs, "flushed", b"too late", true);
    }
}

#[test]
fn a_kill_in_the_middle_of_an_operation_has_no_later_effect() {
    let world = world(faults("fsync first stall 60s"), |host, _| {
        Box::pin(async move {
            let _in_task = Flush(host.clone());
            let of = host.clone();
            let job = move || {
                let _in_job = Flush(of.clone());
                let lock = of
                    .fs
                    .open(Path::new("lock"), OpenOptions::read_write().create())
                    .expect("the disk is sound");
                assert!(lock.try_lock().expect("the disk is sound"));
                put(&*of.fs, "first", b"written", true);
                put(&*of.fs, "second", b"too late", true);
            };
            host.blocking(job).await.expect("it does not panic");
            0
        })
    });
    let ((before, after), run) = completed(&world, |control| async move {
        let process = start(&control);
        control.sleep(30 * SECOND).await;
        let before = control.log_len();
        control.kill(process).await;
        assert_eq!(control.wait(process).await, ExitStatus::Signal(9));
        let disk = control.disk();
        assert_eq!(get(&disk, "first").as_deref(), Some(&b"written"[..]));
        assert_eq!(get(&disk, "second"), None);
        assert_eq!(get(&disk, "flushed"), None);
        use plimsoll_reference::fs::FsOps as _;
        let lock = disk
            .open(Path::new("lock"), OpenOptions::read_write())
            .expect("it is there");
        assert!(lock.try_lock().expect("it is free"));
        control.sleep(3600 * SECOND).await;
        (before, control.log_len())
    });
    assert_eq!(before, after);
    assert_eq!(run.leaked, 0);
}

#[test]
fn a_job_that_never_ends_is_given_up_with_its_process() {
    let world = |setup| {
        world(setup, |host, _| {
            Box::pin(async move {
                let of = host.clone();
                let job = move || {
                    loop {
                        put(&*of.fs, "again", b"x", false);
                    }
                };
                host.blocking(job).await.expect("it does not panic")
            })
        })
    };
    let ((), run) = completed(&world(usual(1)), |control| async move {
        let process = start(&control);
        control.sleep(SECOND / 1000).await;
        control.kill(process).await;
        assert_eq!(control.wait(process).await, ExitStatus::Signal(9));
    });
    assert_eq!(run.leaked, 1);
    let run = world(instant(1))
        .run(|control| async move { control.wait(start(&control)).await })
        .expect("the build simulates");
    assert_eq!(run.ended, Ended::OperationLimit);
}

#[test]
fn an_operation_that_hangs_outlives_a_kill_until_it_is_released() {
    let world = world(faults("fsync first hang"), |host, _| {
        Box::pin(async move {
            let of = host.clone();
            let job = move || {
                let lock = of
                    .fs
                    .open(Path::new("lock"), OpenOptions::read_write().create())
                    .expect("the disk is sound");
                assert!(lock.try_lock().expect("the disk is sound"));
                put(&*of.fs, "first", b"written", true);
                put(&*of.fs, "second", b"too late", true);
            };
            host.blocking(job).await.expect("it does not panic");
            0
        })
    });
    let ((), _) = completed(&world, |control| async move {
        use plimsoll_reference::fs::FsOps as _;
        let process = start(&control);
        control.sleep(SECOND).await;
        let disk = control.disk();
        put(&disk, "beside", b"others go on", true);
        assert!(get(&disk, "beside").is_some());
        control.kill(process).await;
        control.sleep(3600 * SECOND).await;
        assert_eq!(control.status(process), None);
        let lock = disk
            .open(Path::new("lock"), OpenOptions::read_write())
            .expect("it is there");
        assert!(!lock.try_lock().expect("the disk is sound"));
        control.release(process).await;
        assert_eq!(control.wait(process).await, ExitStatus::Signal(9));
        assert!(lock.try_lock().expect("the disk is sound"));
        assert_eq!(get(&disk, "second"), None);
    });
}

#[test]
fn a_hang_that_is_released_returns_an_error() {
    let world = world(faults("fsync first #1 hang"), |host, _| {
        Box::pin(async move {
            let of = host.clone();
            let job = move || {
                let options = OpenOptions::read_write().create();
                let file = of.fs.open(Path::new("first"), options).expect("it opens");
                let first = file.sync_all().is_err();
                let second = file.sync_all().is_ok();
                i32::from(first) + 2 * i32::from(second)
            };
            host.blocking(job).await.expect("it does not panic")
        })
    });
    let (status, _) = completed(&world, |control| async move {
        let process = start(&control);
        control.sleep(SECOND).await;
        control.release(process).await;
        control.wait(process).await
    });
    assert_eq!(status, ExitStatus::Code(3));
}

#[test]
fn an_operation_of_a_task_keeps_its_process_from_running_and_no_other() {
    let mut world = world(faults("fsync first stall 60s"), |host, _| {
        Box::pin(async move {
            put(&*host.fs, "first", b"x", true);
            host.sleep(std::time::Duration::ZERO).await;
            let of = host.clone();
            let other = host.spawn("other", async move {
                say(&of, &of.clock.now().as_secs().to_string()).await;
            });
            other.await.expect("it does not panic");
            0
        })
    });
    world.program("other", |host, _| {
        Box::pin(async move {
            host.sleep(SECOND).await;
            0
        })
    });
    let (lines, _) = completed(&world, |control| async move {
        let process = start(&control);
        let other = control.start("other", &[]).expect("it is there");
        control.wait(other).await;
        assert_eq!(control.now(), SECOND);
        all_lines(&control, process).await
    });
    assert_eq!(lines, ["60"]);
}

#[test]
fn only_jobs_may_sleep_by_the_clock() {
    static SLEPT: AtomicU32 = AtomicU32::new(0);
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            let clock = Arc::clone(&host.clock);
            let job = move || clock.sleep(5 * SECOND);
            host.blocking(job).await.expect("it does not panic");
            SLEPT.store(host.clock.now().as_secs() as u32, Ordering::Relaxed);
            host.clock.sleep(SECOND);
            0
        })
    });
    let (status, _) = completed(&world, |control| async move {
        control.wait(start(&control)).await
    });
    assert_eq!(status, ExitStatus::Code(101), "a program that panics");
    assert_eq!(SLEPT.load(Ordering::Relaxed), 5);
}

#[test]
fn a_stall_passes_before_the_effect_and_after_it() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let setup = Setup {
            seed,
            ..faults("rename stall 60s")
        };
        let world = world(setup, |host, _| {
            Box::pin(async move {
                put(&*host.fs, "first", b"x", true);
                let fs = Arc::clone(&host.fs);
                let rename =
                    host.blocking(move || fs.rename(Path::new("first"), Path::new("last")));
                rename
                    .await
                    .expect("it does not panic")
                    .expect("the disk is sound");
                i32::try_from(host.clock.now().as_secs()).expect("it is short")
            })
        });
        let (end, _) = completed(&world, |control| async move {
            let process = start(&control);
            let mut at = None;
            for second in 0..60 {
                control.sleep(SECOND / 2).await;
                if at.is_none() && get(&control.disk(), "last").is_some() {
                    at = Some(second);
                }
                control.sleep(SECOND / 2).await;
            }
            (at, control.wait(process).await)
        });
        assert_eq!(end.1, ExitStatus::Code(60), "all of it passes");
        seen.insert(end.0);
    }
    let quarters = [Some(0), Some(15), Some(30), Some(45), None];
    assert_eq!(seen, quarters.into_iter().collect());
}
