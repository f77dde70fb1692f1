//! Standard input and output, and children at the other ends.

use std::io::ErrorKind;

use plimsoll_reference::host::{
    Disposition, ExitStatus, Host, Lines, PIPE_BYTES, Program, Signal, write_all,
};
use plimsoll_sim::world::{Action, Plan, Setup};

use crate::support::{SECOND, all_lines, completed, instant, say, start, usual, world};

/// Answers each line, and says at the end what was cut off.
async fn echo(host: Host) -> i32 {
    let mut lines = Lines::new(host.process.stdin());
    while let Ok(Some(line)) = lines.next().await {
        say(&host, &format!("got {line}")).await;
    }
    say(&host, &format!("rest {}", lines.rest().len())).await;
    0
}

#[test]
fn the_end_of_the_input_may_come_in_the_middle_of_a_line() {
    for seed in 0..20 {
        let world = world(usual(seed), |host, _| Box::pin(echo(host)));
        let (lines, _) = completed(&world, |control| async move {
            let process = start(&control);
            let mut stdin = control.stdin(process);
            write_all(&mut *stdin, b"one\ntwo\nthr")
                .await
                .expect("it reads");
            control.close_stdin(process);
            all_lines(&control, process).await
        });
        assert_eq!(lines, ["got one", "got two", "rest 3"], "seed {seed}");
    }
}

#[test]
fn a_writer_waits_for_a_reader_and_goes_on_with_it() {
    let plan: Plan = "step 0: stop-reading program\ntime 60s: resume-reading program"
        .parse()
        .expect("it is a plan");
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            let mut written = 0;
            for _ in 0..3 * PIPE_BYTES / 1000 {
                let line = [b'x'; 1000];
                write_all(&mut *host.process.stdout(), &line)
                    .await
                    .expect("somebody reads");
                if host.clock.now() < 60 * SECOND {
                    written += 1;
                }
            }
            written
        })
    });
    let (status, _) = completed(&world, |control| async move {
        let process = start(&control);
        for planned in plan.0 {
            if planned.when == plimsoll_sim::world::When::Time(60 * SECOND) {
                control.sleep(60 * SECOND).await;
            }
            control.act(planned.action).await;
            if control.now() == std::time::Duration::ZERO {
                let of = control.clone();
                control.spawn(async move {
                    all_lines(&of, process).await;
                });
            }
        }
        control.wait(process).await
    });
    let before = i32::try_from(PIPE_BYTES / 1000).expect("it is small");
    assert_eq!(status, ExitStatus::Code(before));
}

/// A plan that comes too late takes nothing from what was written.
#[test]
fn what_a_process_has_left_is_read_whatever_comes_then() {
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            say(&host, "the last line").await;
            0
        })
    });
    let (lines, _) = completed(&world, |control| async move {
        let process = start(&control);
        control.wait(process).await;
        control.act(Action::StopReading("program".to_owned())).await;
        all_lines(&control, process).await
    });
    assert_eq!(lines, ["the last line"]);
}

#[test]
fn without_a_reader_there_is_a_broken_pipe() {
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            let mut stdout = host.process.stdout();
            stdout.write(b"x\n").await.expect("somebody reads");
            host.sleep(2 * SECOND).await;
            let error = stdout.write(b"y\n").await.expect_err("nobody reads");
            error.raw_os_error().expect("it has a number")
        })
    });
    let (status, _) = completed(&world, |control| async move {
        let process = start(&control);
        control.sleep(SECOND).await;
        control.close_stdout(process);
        control.wait(process).await
    });
    assert_eq!(status, ExitStatus::Code(32));
}

#[test]
fn without_a_reader_a_writer_ends_unless_it_ignores_or_blocks_the_signal() {
    for (is_blocked, expected) in [
        (false, ExitStatus::Signal(13)),
        (true, ExitStatus::Code(32)),
    ] {
        let world = world(instant(1), move |host, _| {
            Box::pin(async move {
                let process = &host.process;
                process
                    .set_disposition(Signal::Pipe, Disposition::Default)
                    .expect("it can be said");
                process
                    .set_blocked(Signal::Pipe, is_blocked)
                    .expect("it can be blocked");
                host.sleep(2 * SECOND).await;
                let error = process.stdout().write(b"y\n").await;
                let error = error.expect_err("nobody reads");
                error.raw_os_error().expect("it has a number")
            })
        });
        let (status, _) = completed(&world, |control| async move {
            let process = start(&control);
            control.sleep(SECOND).await;
            control.close_stdout(process);
            control.wait(process).await
        });
        assert_eq!(status, expected);
    }
}

#[test]
fn a_killed_process_closes_its_ends() {
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            say(&host, "ready").await;
            std::future::pending().await
        })
    });
    let (lines, _) = completed(&world, |control| async move {
        let process = start(&control);
        control.sleep(SECOND).await;
        control.kill(process).await;
        let error = control.stdin(process).write(b"x\n").await;
        assert_eq!(
            error.map_err(|error| error.kind()),
            Err(ErrorKind::BrokenPipe)
        );
        all_lines(&control, process).await
    });
    assert_eq!(lines, ["ready"]);
}

/// A parent that starts the program `child`, hands over what it is told to, and says how the child ended.
async fn parent(host: Host, arguments: Vec<String>) -> i32 {
    let sigchld = host.process.catch(Signal::Chld);
    let mut sigchld = sigchld.expect("it can be caught");
    let program = Program {
        path: "/usr/bin/child".into(),
        arguments,
    };
    let mut child = host.process.start(&program).expect("it is there");
    let mut stdin = child.take_stdin().expect("the first time");
    assert!(child.take_stdin().is_none());
    let mut lines = Lines::new(child.take_stdout().expect("the first time"));
    write_all(&mut *stdin, b"hello\n").await.expect("it reads");
    let answer = lines.next().await.expect("it answers");
    say(&host, &answer.unwrap_or_default()).await;
    drop(stdin);
    let status = child.wait().await.expect("it ends");
    sigchld.next().await;
    say(&host, &status.to_string()).await;
    let error = child.signal(Signal::Term).expect_err("it was waited for");
    error.raw_os_error().expect("it has a number")
}

#[test]
fn a_child_is_started_fed_waited_for_and_then_unknown() {
    for seed in 0..20 {
        let mut world = world(usual(seed), |host, arguments| {
            Box::pin(parent(host, arguments))
        });
        world.program("child", |host, arguments| {
            Box::pin(async move {
                assert_eq!(arguments, ["argument"]);
                echo(host).await;
                3
            })
        });
        let (end, _) = completed(&world, |control| async move {
            let process = control
                .start("program", &["argument"])
                .expect("it is there");
            (
                all_lines(&control, process).await,
                control.wait(process).await,
            )
        });
        let lines = vec!["got hello".to_owned(), "exit code 3".to_owned()];
        assert_eq!(end, (lines, ExitStatus::Code(3)), "seed {seed}");
    }
}

#[test]
fn a_child_outlives_its_parent_and_sees_the_end_of_its_input() {
    let setup = Setup {
        plan: "line \"started\" of program: kill program"
            .parse()
            .expect("it is a plan"),
        ..instant(1)
    };
    let mut world = world(setup, |host, _| {
        Box::pin(async move {
            let program = Program::new("child");
            let _child = host.process.start(&program).expect("it is there");
            say(&host, "started").await;
            std::future::pending().await
        })
    });
    world.program("child", |host, _| {
        Box::pin(async move {
            let count = host.process.stdin().read(&mut [0; 8]).await;
            assert_eq!(count.expect("it is no error"), 0);
            host.sleep(60 * SECOND).await;
            let error = host.process.stdout().write(b"x").await;
            error
                .expect_err("nobody reads")
                .raw_os_error()
                .expect("it has a number")
        })
    });
    let (statuses, run) = completed(&world, |control| async move {
        let parent = start(&control);
        let parent = control.wait(parent).await;
        let child = control.latest("child").expect("it was started");
        (parent, control.wait(child).await)
    });
    assert_eq!(statuses, (ExitStatus::Signal(9), ExitStatus::Code(32)));
    assert!(
        run.happened.iter().all(Option::is_some),
        "{:?}",
        run.happened
    );
}

#[test]
fn a_program_that_is_not_there_is_not_started() {
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            let program = Program::new("missing");
            let error = host.process.start(&program).err().expect("there is none");
            error.raw_os_error().expect("it has a number")
        })
    });
    let (status, _) = completed(&world, |control| async move {
        assert!(control.start("missing", &[]).is_err());
        control.wait(start(&control)).await
    });
    assert_eq!(status, ExitStatus::Code(2));
}
