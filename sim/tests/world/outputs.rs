//! Outputs that fail, and waits that are interrupted.

use std::collections::BTreeSet;

use plimsoll_reference::host::{ExitStatus, Host, Lines, Signal};
use plimsoll_sim::world::Setup;

use crate::support::{SECOND, all_lines, completed, instant, say, start, usual, world};

/// Writes ten lines, one a second, each in one go; exits with how many were not taken whole.
async fn count(host: Host) -> i32 {
    let mut stdout = host.process.stdout();
    let mut failed = 0;
    for number in 0..10 {
        let line = format!("line {number}\n");
        match stdout.write(line.as_bytes()).await {
            Ok(taken) if taken == line.len() => {}
            Ok(_) => failed += 1,
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(28), "it is said why");
                failed += 1;
            }
        }
        host.sleep(SECOND).await;
    }
    failed
}

#[test]
fn writes_fail_for_a_while_or_for_ever() {
    let mut lines_seen = BTreeSet::new();
    for (action, failed) in [("ENOSPC #2", 2), ("ENOSPC", 6)] {
        for seed in 0..8 {
            let setup = Setup {
                plan: format!("time 3500ms: fail-stdout program {action}")
                    .parse()
                    .expect("it is a plan"),
                ..usual(seed)
            };
            let world = world(setup, |host, _| Box::pin(count(host)));
            let (end, _) = completed(&world, |control| async move {
                let process = start(&control);
                let mut lines = Lines::new(control.stdout(process));
                let mut count = 0;
                while let Ok(Some(line)) = lines.next().await {
                    assert!(line.starts_with("line "), "{line}");
                    count += 1;
                }
                let rest = lines.rest().len();
                (count, rest, control.wait(process).await)
            });
            let (count, rest, status) = end;
            assert_eq!((count, status), (10 - failed, ExitStatus::Code(failed)));
            lines_seen.insert((failed, rest));
        }
    }
    // Where all fail the first may be cut off.
    assert_eq!(lines_seen, BTreeSet::from([(2, 0), (6, 0), (6, 3)]));
}

/// Reads to the end, and counts how often it is interrupted and told of the signal.
async fn listen(host: Host) -> i32 {
    let mut signals = host.process.catch(Signal::Usr1).expect("it can be caught");
    say(&host, "ready").await;
    let mut stdin = host.process.stdin();
    let (mut interrupted, mut told) = (0, 0);
    let mut buf = [0; 16];
    loop {
        match stdin.read(&mut buf).await {
            Ok(0) => break,
            Ok(_) => {
                signals.next().await;
                told += 1;
            }
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(4), "EINTR");
                interrupted += 1;
            }
        }
    }
    assert_eq!(told, 5, "what was written is not lost");
    interrupted
}

fn interruptions(setup: Setup) -> (i32, u64) {
    let world = world(setup, |host, _| Box::pin(listen(host)));
    let (status, run) = completed(&world, |control| async move {
        let process = start(&control);
        let of = control.clone();
        control.spawn(async move {
            all_lines(&of, process).await;
        });
        let mut stdin = control.stdin(process);
        for _ in 0..5 {
            control.sleep(SECOND).await;
            control.signal(process, Signal::Usr1).expect("it lives");
            control.sleep(SECOND).await;
            stdin.write(b"x").await.expect("it reads");
        }
        control.sleep(SECOND).await;
        control.close_stdin(process);
        control.wait(process).await
    });
    let ExitStatus::Code(code) = status else {
        panic!("{status}");
    };
    (code, run.interrupted)
}

#[test]
fn a_signal_that_is_handled_may_interrupt_a_read_and_takes_nothing_with_it() {
    assert_eq!(interruptions(instant(1)), (0, 0));
    let mut seen = BTreeSet::new();
    for seed in 0..20 {
        let plan = "step 0: interrupts".parse().expect("it is a plan");
        let (code, counted) = interruptions(Setup {
            plan,
            ..usual(seed)
        });
        assert_eq!(u64::try_from(code), Ok(counted));
        seen.insert(code);
    }
    assert!(
        seen.len() > 2 && seen.iter().all(|&code| code <= 5),
        "{seen:?}"
    );
}
