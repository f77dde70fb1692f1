//! Signals: default actions, masks, coalescing, stopping.

use plimsoll_reference::host::{Disposition, ExitStatus, Host, Program, Signal};

use crate::support::{SECOND, all_lines, completed, instant, say, start, usual, world};

/// Counts how often it is told of a signal, until it is told to end.
async fn count(host: Host) -> i32 {
    let catch = |signal| host.process.catch(signal).expect("it can be caught");
    let (mut usr1, mut term) = (catch(Signal::Usr1), catch(Signal::Term));
    say(&host, "ready").await;
    let mut count = 0;
    let mut is_asked_to_end = false;
    while !is_asked_to_end {
        let (usr1, term) = (usr1.next(), term.next());
        either(usr1, term, &mut count, &mut is_asked_to_end).await;
    }
    count
}

/// Waits for either; both may be there.
async fn either(
    mut usr1: plimsoll_reference::host::Later<'_, ()>,
    mut term: plimsoll_reference::host::Later<'_, ()>,
    count: &mut i32,
    is_asked_to_end: &mut bool,
) {
    std::future::poll_fn(|context| {
        let first = usr1.as_mut().poll(context).is_ready();
        *count += i32::from(first);
        let second = term.as_mut().poll(context).is_ready();
        *is_asked_to_end = second;
        if first || second {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[test]
fn a_signal_before_its_handler_ends_the_process_and_one_after_it_does_not() {
    let mut ended_early = 0;
    for seed in 0..200 {
        let world = world(usual(seed), |host, _| Box::pin(count(host)));
        let (status, _) = completed(&world, |control| async move {
            let process = start(&control);
            control.signal(process, Signal::Usr1).expect("it lives");
            control.sleep(SECOND).await;
            let _ = control.signal(process, Signal::Term);
            control.wait(process).await
        });
        match status {
            ExitStatus::Signal(10) => ended_early += 1,
            status => assert_eq!(status, ExitStatus::Code(1), "seed {seed}"),
        }
    }
    assert!((20..180).contains(&ended_early), "{ended_early} of 200");
}

#[test]
fn a_thousand_blocked_signals_are_one() {
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            host.process
                .set_blocked(Signal::Usr1, true)
                .expect("it can be");
            let of = host.clone();
            drop(host.spawn("unblock", async move {
                of.sleep(60 * SECOND).await;
                of.process
                    .set_blocked(Signal::Usr1, false)
                    .expect("it can be");
            }));
            count(host).await
        })
    });
    let (status, _) = completed(&world, |control| async move {
        let process = start(&control);
        control.sleep(SECOND).await;
        for _ in 0..1000 {
            control.signal(process, Signal::Usr1).expect("it lives");
        }
        control.sleep(120 * SECOND).await;
        control.signal(process, Signal::Term).expect("it lives");
        control.wait(process).await
    });
    assert_eq!(status, ExitStatus::Code(1));
}

#[test]
fn signals_that_are_taken_one_by_one_are_not_lost() {
    let world = world(instant(1), |host, _| Box::pin(count(host)));
    let (status, _) = completed(&world, |control| async move {
        let process = start(&control);
        for _ in 0..10 {
            control.sleep(SECOND).await;
            control.signal(process, Signal::Usr1).expect("it lives");
        }
        control.sleep(SECOND).await;
        control.signal(process, Signal::Term).expect("it lives");
        control.wait(process).await
    });
    assert_eq!(status, ExitStatus::Code(10));
}

#[test]
fn a_stopped_process_stands_still_until_it_goes_on_or_is_killed() {
    let world = world(instant(1), |host, _| {
        Box::pin(async move {
            for second in 1..=10 {
                host.sleep(SECOND).await;
                say(
                    &host,
                    &format!("{second} at {}", host.clock.now().as_secs()),
                )
                .await;
            }
            0
        })
    });
    let (lines, _) = completed(&world, |control| async move {
        let process = start(&control);
        control.sleep(5 * SECOND + SECOND / 2).await;
        control.signal(process, Signal::Stop).expect("it lives");
        control.sleep(60 * SECOND).await;
        control.signal(process, Signal::Cont).expect("it lives");
        all_lines(&control, process).await
    });
    assert_eq!(lines[4..7], ["5 at 5", "6 at 65", "7 at 66"]);
    let (status, _) = completed(&world, |control| async move {
        let process = start(&control);
        control.signal(process, Signal::Stop).expect("it lives");
        control.sleep(SECOND).await;
        control.signal(process, Signal::Term).expect("it lives");
        control.sleep(SECOND).await;
        assert_eq!(control.status(process), None);
        control.signal(process, Signal::Kill).expect("it lives");
        control.wait(process).await
    });
    assert_eq!(status, ExitStatus::Signal(9));
}

#[test]
fn what_cannot_be_caught_is_refused_and_what_is_ignored_is_inherited() {
    let mut world = world(instant(1), |host, arguments| {
        Box::pin(async move {
            let process = &host.process;
            assert!(process.catch(Signal::Kill).is_err());
            assert!(
                process
                    .set_disposition(Signal::Stop, Disposition::Ignore)
                    .is_err()
            );
            assert!(
                process
                    .set_disposition(Signal::Term, Disposition::Catch)
                    .is_err()
            );
            process
                .set_disposition(Signal::Int, Disposition::Ignore)
                .expect("it can be");
            process.set_blocked(Signal::Usr1, true).expect("it can be");
            let program = Program {
                path: "child".into(),
                arguments,
            };
            let mut child = process.start(&program).expect("it is there");
            child.signal(Signal::Int).expect("it lives");
            child.signal(Signal::Usr1).expect("it lives");
            host.sleep(SECOND).await;
            child.signal(Signal::Term).expect("it lives");
            let status = child.wait().await.expect("it ends");
            i32::from(status == ExitStatus::Signal(15))
        })
    });
    world.program("child", |_, _| Box::pin(std::future::pending()));
    let (status, _) = completed(&world, |control| async move {
        control.wait(start(&control)).await
    });
    assert_eq!(status, ExitStatus::Code(1));
}
