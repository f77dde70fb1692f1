//! A run is a function of its decisions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_sim::world::{Ended, Schedule, Setup, World, first_difference};

use crate::support::{SECOND, all_lines, completed, instant, put, say, start, usual, world};

/// Two tasks and three jobs that all want something.
fn busy(setup: Setup) -> World {
    world(setup, |host, _| {
        Box::pin(async move {
            let mut parts = Vec::new();
            for number in 0..3 {
                let of = host.clone();
                let task = async move {
                    let fs = std::sync::Arc::clone(&of.fs);
                    let name = format!("file{number}");
                    let job = move || put(&*fs, &name, b"content", true);
                    of.blocking(job).await.expect("it does not panic");
                    say(&of, &format!("{number} done")).await;
                };
                parts.push(host.spawn("part", task));
            }
            for part in parts {
                part.await.expect("it does not panic");
            }
            0
        })
    })
}

fn outcome(setup: Setup) -> (Vec<String>, plimsoll_sim::world::Run<()>) {
    completed(&busy(setup), |control| async move {
        let process = start(&control);
        let lines = all_lines(&control, process).await;
        control.wait(process).await;
        lines
    })
}

#[test]
fn equal_seeds_give_equal_runs_and_others_give_others() {
    let mut orders = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let (lines, run) = outcome(usual(seed));
        let (again, rerun) = outcome(usual(seed));
        assert_eq!(run.fingerprint, rerun.fingerprint, "seed {seed}");
        assert_eq!(run.schedule, rerun.schedule, "seed {seed}");
        assert_eq!(lines, again, "seed {seed}");
        assert_eq!(lines.len(), 3);
        orders.insert(lines);
    }
    assert_eq!(orders.len(), 6, "every order of three is met");
}

#[test]
fn a_recorded_schedule_replays_without_the_seed() {
    for seed in 0..50 {
        let (lines, run) = outcome(usual(seed));
        let text = run.schedule.to_string();
        let schedule: Schedule = text.parse().expect("it prints what it parses");
        let recorded = Setup {
            schedule: Some(schedule),
            ..usual(seed + 1000)
        };
        let (again, replayed) = outcome(recorded);
        assert_eq!(replayed.diverged, 0);
        assert_eq!(replayed.fingerprint, run.fingerprint);
        assert_eq!(replayed.schedule, run.schedule);
        assert_eq!(again, lines);
    }
}

#[test]
fn a_schedule_that_does_not_fit_is_counted_and_the_run_goes_on() {
    let (_, run) = outcome(usual(1));
    let mut schedule = run.schedule.clone();
    schedule.0.truncate(schedule.0.len() / 2);
    let cut = Setup {
        schedule: Some(schedule),
        ..usual(1)
    };
    let (lines, replayed) = outcome(cut);
    assert!(replayed.diverged > 0);
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_program_that_is_no_function_of_its_host_is_caught_at_its_first_event() {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let setup = Setup {
        trace: true,
        ..usual(1)
    };
    let world = world(setup, |host, _| {
        Box::pin(async move {
            say(&host, "first").await;
            say(
                &host,
                &format!("{}", COUNTER.fetch_add(1, Ordering::Relaxed)),
            )
            .await;
            say(&host, "last").await;
            0
        })
    });
    let mut runs = (0..2).map(|_| {
        let harness = |control: plimsoll_sim::world::Control| async move {
            let process = start(&control);
            all_lines(&control, process).await
        };
        completed(&world, harness).1
    });
    let (first, second) = (runs.next().expect("two"), runs.next().expect("two"));
    assert_ne!(first.fingerprint, second.fingerprint);
    let (first, second) = (first.events.expect("kept"), second.events.expect("kept"));
    let difference = first_difference(&first, &second).expect("they differ");
    let text = difference.to_string();
    assert!(text.contains(r#"wrote "0\n""#), "{text}");
    assert!(text.contains(r#"wrote "1\n""#), "{text}");
    let before = &first[..difference.index];
    assert!(before.iter().any(|event| event.text.contains("first")));
    assert!(!before.iter().any(|event| event.text.contains("last")));
}

#[test]
fn an_hour_of_stall_costs_no_step() {
    let setup = Setup {
        faults: "fsync #1 stall 3600s".parse().expect("it is a plan"),
        ..usual(1)
    };
    let (_, run) = outcome(setup);
    let (_, quick) = outcome(usual(1));
    assert!(run.time >= 3600 * SECOND, "{:?}", run.time);
    assert!(quick.time < SECOND, "{:?}", quick.time);
    assert!(run.steps <= quick.steps + 10, "{} steps", run.steps);
}

#[test]
fn what_does_not_end_is_ended() {
    let forever = world(instant(1), |host, _| {
        Box::pin(async move {
            loop {
                host.sleep(SECOND).await;
            }
        })
    });
    let run = forever
        .run(|control| async move { control.wait(start(&control)).await })
        .expect("the build simulates");
    assert_eq!(run.ended, Ended::TimeLimit);
    assert_eq!(run.value, None);
    let run = forever
        .run(|_| std::future::pending::<()>())
        .expect("the build simulates");
    assert_eq!(run.ended, Ended::Stuck);
    let spinning = world(instant(1), |_, _| {
        Box::pin(std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }))
    });
    let run = spinning
        .run(|control| async move { control.wait(start(&control)).await })
        .expect("the build simulates");
    assert_eq!(run.ended, Ended::StepLimit);
    assert_eq!(run.time, Duration::ZERO);
}

#[test]
fn clocks_behind_the_host_are_virtual() {
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is about code that does what it should not"
            )]
            let now = std::time::Instant::now;
            let before = now();
            host.sleep(100 * SECOND).await;
            say(&host, &before.elapsed().as_secs().to_string()).await;
            0
        })
    });
    let (lines, _) = completed(&world, |control| async move {
        let process = start(&control);
        all_lines(&control, process).await
    });
    assert_eq!(lines, ["100"]);
}
