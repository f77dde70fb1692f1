//! Kills, losses of power, and what a plan makes happen.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_faults::crash::{Bounds, CrashKind};
use plimsoll_reference::fs::{FsOps, OpenOptions, write_all_at};
use plimsoll_reference::host::ExitStatus;
use plimsoll_sim::world::{Pace, Plan, Setup, crash_images};

use crate::support::{SECOND, all_lines, completed, get, instant, put, say, start, usual, world};

#[test]
fn a_loss_of_power_keeps_what_was_synced_and_takes_any_of_the_rest() {
    let mut outcomes = BTreeSet::new();
    for seed in 0..100 {
        let world = world(usual(seed), |host, _| {
            Box::pin(async move {
                let fs = Arc::clone(&host.fs);
                let job = move || {
                    put(&*fs, "synced", b"kept", true);
                    put(&*fs, "loose", b"lost?", false);
                };
                host.blocking(job).await.expect("it does not panic");
                say(&host, "written").await;
                std::future::pending().await
            })
        });
        let (loose, run) = completed(&world, |control| async move {
            let process = start(&control);
            let mut lines = plimsoll_reference::host::Lines::new(control.stdout(process));
            lines.next().await.expect("it writes");
            control.power_loss().await;
            assert_eq!(control.wait(process).await, ExitStatus::Signal(9));
            assert_eq!(control.era(), 1);
            let disk = control.disk();
            assert_eq!(get(&disk, "synced").as_deref(), Some(&b"kept"[..]));
            get(&disk, "loose")
        });
        assert_eq!(run.eras.len(), 2);
        outcomes.insert(loose);
    }
    assert!(outcomes.contains(&None), "{outcomes:?}");
    assert!(outcomes.contains(&Some(b"lost?".to_vec())), "{outcomes:?}");
}

#[test]
fn what_a_killed_process_left_in_the_cache_may_still_be_lost_with_the_power() {
    let mut outcomes = BTreeSet::new();
    let mut setup = usual(0);
    for seed in 0..100 {
        setup.seed = seed;
        let world = world(setup.clone(), |host, _| {
            Box::pin(async move {
                if host
                    .fs
                    .metadata("first".as_ref())
                    .expect("the disk is sound")
                    .is_none()
                {
                    put(&*host.fs, "first", b"loose", false);
                } else {
                    put(&*host.fs, "second", b"synced", true);
                }
                std::future::pending().await
            })
        });
        let (found, run) = completed(&world, |control| async move {
            let first = start(&control);
            control.sleep(SECOND).await;
            control.kill(first).await;
            assert!(
                get(&control.disk(), "first").is_some(),
                "a kill takes nothing"
            );
            start(&control);
            control.sleep(SECOND).await;
            control.power_loss().await;
            let disk = control.disk();
            assert!(get(&disk, "second").is_some(), "it was synced");
            get(&disk, "first")
        });
        let era = &run.eras[0];
        let bounds = Bounds {
            exhaustive: 64,
            samples: 16,
        };
        let images = crash_images(
            &era.base,
            &era.log,
            &setup.profile,
            CrashKind::PowerLoss,
            bounds,
        );
        assert!(images.len() > 1, "the log of the run goes to an explorer");
        outcomes.insert(found);
    }
    assert!(outcomes.len() > 1, "{outcomes:?}");
}

#[test]
fn everything_that_is_planned_happens_when_it_is_planned() {
    let plan: Plan = "time 10s: clock -3600s\n\
                      time 17s: signal SIGUSR1 to program\n\
                      line \"tick 3\" of program: fault write file EIO\n\
                      operation 8 of program: kill program"
        .parse()
        .expect("it is a plan");
    let setup = Setup {
        plan,
        trace: true,
        ..instant(1)
    };
    let world = world(setup, |host, _| {
        Box::pin(async move {
            let usr1 = host.process.catch(plimsoll_reference::host::Signal::Usr1);
            let mut usr1 = usr1.expect("it can be caught");
            let of = host.clone();
            drop(host.spawn("signals", async move {
                usr1.next().await;
                say(&of, &format!("signal at {}", of.clock.now().as_secs())).await;
            }));
            let origin = host.process.wall_time();
            for tick in 1..100 {
                host.sleep(5 * SECOND).await;
                let back = origin > host.process.wall_time();
                let of = host.clone();
                let job = move || {
                    let options = OpenOptions::read_write().create();
                    let file = of.fs.open("file".as_ref(), options)?;
                    file.write_at(b"x", 0)
                };
                let is_written = host.blocking(job).await.expect("it does not panic").is_ok();
                say(&host, &format!("tick {tick} {back} {is_written}")).await;
            }
            0
        })
    });
    let ((lines, status), run) = completed(&world, |control| async move {
        let process = start(&control);
        (
            all_lines(&control, process).await,
            control.wait(process).await,
        )
    });
    let expected = ["tick 1 false true", "tick 2 true true", "tick 3 true true"];
    assert_eq!(lines[..3], expected);
    assert!(lines.contains(&"signal at 17".to_owned()), "{lines:?}");
    // Its seventh operation opens the file, its eighth would write: the kill comes before that.
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(status, ExitStatus::Signal(9));
    assert!(
        run.happened.iter().all(Option::is_some),
        "{:?}",
        run.happened
    );
    assert_eq!(run.time, 20 * SECOND);
    let events = run.events.expect("kept");
    let has = |text: &str| events.iter().any(|event| event.text.contains(text));
    assert!(has("fault write file EIO") && has("SIGUSR1 is handled"));
    let signals: Vec<String> = run.arrived.iter().map(|of| of.signal.to_string()).collect();
    assert_eq!(signals, ["SIGUSR1"], "it is told when it arrived");
    assert_eq!(run.arrived[0].at.time, 17 * SECOND);
}

#[test]
fn a_planned_loss_of_power_needs_no_harness_and_replays() {
    let setup = |seed| Setup {
        plan: "operation 12 of program: power-loss"
            .parse()
            .expect("it is a plan"),
        ..usual(seed)
    };
    let run = |setup: Setup| {
        let world = world(setup, |host, _| {
            Box::pin(async move {
                let fs = Arc::clone(&host.fs);
                let job = move || {
                    for number in 0..10 {
                        put(&*fs, &format!("file{number}"), b"x", number % 2 == 0);
                    }
                };
                host.blocking(job).await.expect("it does not panic");
                0
            })
        });
        completed(&world, |control| async move {
            let process = start(&control);
            control.wait(process).await
        })
    };
    for seed in 0..20 {
        let (status, first) = run(setup(seed));
        assert_eq!(status, ExitStatus::Signal(9));
        let recorded = Setup {
            schedule: Some(first.schedule.clone()),
            ..setup(seed + 1)
        };
        let (_, again) = run(recorded);
        assert_eq!(again.fingerprint, first.fingerprint);
        assert_eq!(again.diverged, 0);
    }
}

#[test]
fn a_planned_kill_comes_before_an_operation_also_of_a_task_that_is_no_job() {
    let setup = Setup {
        plan: "operation 4 of program: kill program"
            .parse()
            .expect("it is a plan"),
        ..instant(1)
    };
    let world = world(setup, |host, _| {
        Box::pin(async move {
            // Each file takes two operations: one opens it, one writes.
            put(&*host.fs, "first", b"x", false);
            put(&*host.fs, "second", b"x", false);
            0
        })
    });
    let (status, _) = completed(&world, |control| async move {
        let process = start(&control);
        let status = control.wait(process).await;
        let disk = control.disk();
        assert_eq!(get(&disk, "first").as_deref(), Some(&b"x"[..]));
        assert_eq!(get(&disk, "second").as_deref(), Some(&b""[..]));
        status
    });
    assert_eq!(status, ExitStatus::Signal(9));
}

/// What lies in two files, the first of which a process was to write three pages to, behind so many bytes, when it was killed before its
/// second operation: in a job or not. And what it had decided.
fn killed_in_a_write(setup: Setup, is_job: bool, behind: usize) -> (Vec<u64>, Setup) {
    let setup = Setup {
        plan: "operation 2 of program: kill program"
            .parse()
            .expect("it is a plan"),
        ..setup
    };
    let world = world(setup.clone(), move |host, _| {
        Box::pin(async move {
            let fs = Arc::clone(&host.fs);
            let job = move || {
                let options = OpenOptions::read_write();
                let Ok(first) = fs.open("first".as_ref(), options) else {
                    return;
                };
                // Whoever does not look at errors goes on; nothing of it may have an effect.
                let _ = write_all_at(&*first, &[b'x'; 3 * 4096], behind as u64);
                put(&*fs, "second", &[b'x'; 3 * 4096], false);
            };
            if is_job {
                host.blocking(job).await.expect("it does not panic");
            } else {
                job();
            }
            0
        })
    });
    let (lens, run) = completed(&world, |control| async move {
        put(&control.disk(), "first", &vec![b'-'; behind], false);
        let process = start(&control);
        assert_eq!(control.wait(process).await, ExitStatus::Signal(9));
        let disk = control.disk();
        let len = |name: &str| disk.metadata(name.as_ref()).expect("the disk is sound");
        let lens = ["first", "second"].map(|name| len(name).map_or(0, |found| found.len));
        lens.to_vec()
    });
    let again = Setup {
        schedule: Some(run.schedule),
        seed: setup.seed + 1,
        ..setup
    };
    (lens, again)
}

#[test]
fn a_kill_leaves_the_first_pages_of_a_write() {
    for (is_job, behind) in [(true, 0), (false, 0), (true, 100), (false, 100)] {
        let mut seen = BTreeSet::new();
        for seed in 0..60 {
            let setup = Setup {
                pace: Pace::instant(),
                ..usual(seed)
            };
            let (lens, recorded) = killed_in_a_write(setup, is_job, behind);
            assert_eq!(killed_in_a_write(recorded, is_job, behind).0, lens);
            assert_eq!(lens[1], 0, "it had been killed");
            seen.insert(lens[0]);
        }
        let mut expected = BTreeSet::from([behind as u64, 4096, 8192]);
        if behind > 0 {
            expected.insert(12_288);
        }
        assert_eq!(seen, expected, "{is_job} {behind}");
    }
}
