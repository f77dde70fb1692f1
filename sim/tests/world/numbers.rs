//! Numbers of processes, and signals that are sent to them.

use std::collections::BTreeSet;

use plimsoll_reference::host::{Child, ExitStatus, Host, Later, Program, Signal};
use plimsoll_sim::world::{Setup, World};

use crate::support::{SECOND, completed, start, usual, world};

fn with_plan(seed: u64, plan: &str) -> Setup {
    Setup {
        plan: plan.parse().expect("it is a plan"),
        ..usual(seed)
    }
}

/// A world where the program can start children, and the plan others, that never end.
fn with_children(setup: Setup, main: fn(Host) -> Later<'static, i32>) -> World {
    let mut world = world(setup, move |host, _| main(host));
    for name in ["child", "stranger"] {
        world.program(name, |_, _| Box::pin(std::future::pending()));
    }
    world
}

fn child(host: &Host) -> std::io::Result<Box<dyn Child>> {
    host.process.start(&Program::new("child"))
}

/// What a number is answered: 0 or the error.
fn signal(host: &Host, number: u32, signal: Signal) -> i32 {
    let sent = host.process.signal(number, signal);
    sent.err()
        .and_then(|error| error.raw_os_error())
        .unwrap_or(0)
}

/// Starts a child, ends it, and signals its number before it is waited for, after, and once a minute has passed.
async fn late(host: Host) -> i32 {
    let mut child = child(&host).expect("there is a number");
    let number = child.id();
    assert_eq!(signal(&host, number, Signal::Kill), 0);
    host.sleep(SECOND).await;
    assert_eq!(
        signal(&host, number, Signal::Usr1),
        0,
        "nobody waited for it"
    );
    let status = child.wait().await.expect("it is a child");
    assert_eq!(status, ExitStatus::Signal(9));
    assert!(
        child.signal(Signal::Usr1).is_err(),
        "a child that is known is not mistaken"
    );
    assert_eq!(signal(&host, number, Signal::Usr1), 3);
    host.sleep(60 * SECOND).await;
    signal(&host, number, Signal::Usr1)
}

#[test]
fn a_number_is_given_again_once_its_process_was_waited_for_and_not_before() {
    let mut astray = 0;
    for seed in 0..100 {
        let setup = with_plan(seed, "step 0: numbers 4\ntime 30s: start stranger");
        let world = with_children(setup, |host| Box::pin(late(host)));
        let (end, run) = completed(&world, |control| async move {
            let status = control.wait(start(&control)).await;
            control.sleep(SECOND).await;
            let stranger = control.latest("stranger").expect("it was started");
            (status, control.status(stranger))
        });
        let hit: Vec<&str> = run.sent.iter().map(|sent| sent.to.as_str()).collect();
        match end.0 {
            ExitStatus::Code(0) => {
                assert_eq!(hit, ["child", "child", "stranger"]);
                assert_eq!(end.1, Some(ExitStatus::Signal(10)));
                astray += 1;
            }
            status => {
                assert_eq!((status, end.1), (ExitStatus::Code(3), None));
                assert_eq!(hit, ["child", "child"]);
            }
        }
        let ends: Vec<(&str, bool)> = run
            .ends
            .iter()
            .map(|end| (end.program.as_str(), end.is_child))
            .collect();
        assert_eq!(ends[..2], [("child", true), ("program", false)]);
    }
    // Of four numbers one is taken.
    assert!((15..60).contains(&astray), "{astray} of 100");
}

#[test]
fn without_a_plan_no_number_is_given_again() {
    let setup = with_plan(1, "time 30s: start stranger");
    let world = with_children(setup, |host| Box::pin(late(host)));
    let (status, _) = completed(&world, |control| async move {
        control.wait(start(&control)).await
    });
    assert_eq!(status, ExitStatus::Code(3));
}

#[test]
fn there_are_no_more_processes_than_numbers() {
    let setup = with_plan(1, "step 0: numbers 4");
    let world = with_children(setup, |host| {
        Box::pin(async move {
            let children: Vec<_> = (0..3)
                .map(|_| child(&host).expect("there is a number"))
                .collect();
            let mut numbers: BTreeSet<u32> = children.iter().map(|child| child.id()).collect();
            numbers.insert(host.process.id());
            assert_eq!(numbers.len(), 4);
            let error = child(&host).err().expect("all are taken");
            error.raw_os_error().expect("it has a number")
        })
    });
    let (status, _) = completed(&world, |control| async move {
        control.wait(start(&control)).await
    });
    assert_eq!(status, ExitStatus::Code(11), "EAGAIN");
}

#[test]
fn whoever_has_no_parent_any_more_is_waited_for_by_the_system() {
    let setup = with_plan(1, "step 0: numbers 2");
    let world = with_children(setup, |host| {
        Box::pin(async move {
            let mut child = child(&host).expect("there is a number");
            child.signal(Signal::Kill).expect("it lives");
            host.sleep(SECOND).await;
            7
        })
    });
    let (statuses, _) = completed(&world, |control| async move {
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(control.wait(start(&control)).await);
        }
        statuses
    });
    assert_eq!(statuses, [ExitStatus::Code(7); 3]);
}
