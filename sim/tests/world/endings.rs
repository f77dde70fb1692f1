//! How a process ends, and what its destructors can still do.

use plimsoll_reference::host::{ExitStatus, Host, Program};
use plimsoll_sim::world::Setup;

use crate::support::{SECOND, all_lines, completed, get, instant, put, start, usual, world};

/// Writes a file when it goes.
struct Flush(Host);

impl Drop for Flush {
    fn drop(&mut self) {
        put(&*self.0.fs, "flushed", b"flushed", false);
    }
}

#[test]
fn a_main_that_returns_drops_its_tasks_and_their_destructors_have_effects() {
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            let flush = Flush(host.clone());
            drop(host.spawn("holder", async move {
                let _flush = flush;
                std::future::pending::<()>().await;
            }));
            host.sleep(SECOND).await;
            7
        })
    });
    let (flushed, _) = completed(&world, |control| async move {
        let process = start(&control);
        assert_eq!(control.wait(process).await, ExitStatus::Code(7));
        get(&control.disk(), "flushed")
    });
    assert_eq!(flushed.as_deref(), Some(&b"flushed"[..]));
}

#[test]
fn an_exit_leaves_destructors_without_effect() {
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            let _in_main = Flush(host.clone());
            let flush = Flush(host.clone());
            drop(host.spawn("holder", async move {
                let _flush = flush;
                std::future::pending::<()>().await;
            }));
            host.sleep(SECOND).await;
            host.process.exit(7).await;
            unreachable!("it has exited")
        })
    });
    let (flushed, _) = completed(&world, |control| async move {
        let process = start(&control);
        assert_eq!(control.wait(process).await, ExitStatus::Code(7));
        get(&control.disk(), "flushed")
    });
    assert_eq!(flushed, None);
}

#[test]
fn what_code_does_behind_the_end_of_its_process_has_no_effect() {
    let setup = Setup {
        plan: "operation 1 of program: kill program"
            .parse()
            .expect("it is a plan"),
        ..instant(1)
    };
    let mut world = world(setup, |host, _| {
        Box::pin(async move {
            // An operation of a task goes on to the next await, here one that takes whatever it gets.
            put(&*host.fs, "file", b"content", true);
            let _ = host.process.stdout().write(b"1 ok power 1\n").await;
            let _ = host.process.start(&Program::new("child"));
            0
        })
    });
    world.program("child", |_, _| Box::pin(std::future::pending()));
    let ((lines, status, child), _) = completed(&world, |control| async move {
        let process = start(&control);
        let lines = all_lines(&control, process).await;
        (lines, control.wait(process).await, control.latest("child"))
    });
    assert_eq!(lines, Vec::<String>::new(), "the dead acknowledge nothing");
    assert_eq!(status, ExitStatus::Signal(9));
    assert_eq!(child, None);
}

#[test]
fn a_main_that_panics_ends_with_101() {
    let world = world(instant(1), |_, _| Box::pin(async { panic!("as planned") }));
    let (status, _) = completed(&world, |control| async move {
        control.wait(start(&control)).await
    });
    assert_eq!(status, ExitStatus::Code(101));
}

#[test]
fn jobs_under_way_when_main_returns_are_waited_for_or_given_up() {
    let mut waited = 0;
    for seed in 0..50 {
        let world = world(usual(seed), |host, _| {
            Box::pin(async move {
                let of = host.clone();
                drop(host.process.run_blocking(Box::new(move || {
                    of.clock.sleep(60 * SECOND);
                    put(&*of.fs, "late", b"late", false);
                })));
                host.sleep(SECOND).await;
                0
            })
        });
        let (late, _) = completed(&world, |control| async move {
            let process = start(&control);
            control.wait(process).await;
            (
                get(&control.disk(), "late").is_some(),
                control.now() >= 60 * SECOND,
            )
        });
        assert_eq!(
            late.0, late.1,
            "what was waited for has an effect, and nothing else"
        );
        waited += i32::from(late.0);
    }
    assert!((10..40).contains(&waited), "{waited} of 50");
}
