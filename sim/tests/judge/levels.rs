//! What levels of acknowledgement promise, and what excuses a loss.

use std::time::Duration;

use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::history::Moment;
use plimsoll_sim::trial::judge::Disturbed;
use plimsoll_sim::trial::promise::{Order, Promise};

use crate::history::found;

fn check_with(text: &str, disturbed: Disturbed, expected: &[Oracle]) {
    let promise = Promise {
        window_slack: Duration::from_secs(1),
        ..Promise::default()
    };
    assert_eq!(found(text, &promise, disturbed), expected, "{text}");
}

fn check(text: &str, expected: &[Oracle]) {
    check_with(text, Disturbed::default(), expected);
}

/// Two writes at a level, and what is left after an end.
fn written(level: &str, end: &str, left: &str) -> String {
    format!(
        "base z=0\n > ready 7 0\n < 1 put a 1\n > 1 ok {level} 1\n < 2 put b 2\n > 2 ok {level} 2\n {end}\n left {left}"
    )
}

#[test]
fn levels_survive_what_they_are_named_for() {
    for (level, end, expected) in [
        ("power", "killed", &[Oracle::B2][..]),
        ("process", "killed", &[Oracle::B2]),
        ("memory", "killed", &[]),
        ("power", "power", &[Oracle::D1]),
        ("process", "power", &[]),
        ("window(15000ms)", "power", &[]),
        ("window(15000ms)", "+ 15s\n power", &[]),
        ("window(15000ms)", "+ 17s\n power", &[Oracle::B1]),
        ("window(15000ms)", "+ 17s\n killed", &[Oracle::B1]),
    ] {
        check(&written(level, end, "z=0 a=1"), expected);
        check(&written(level, end, "z=0 a=1 b=2"), &[]);
    }
    check(&written("memory", "killed", "z=0 b=2"), &[Oracle::D3]);
    check(&written("memory", "killed", "z=0 b=3"), &[Oracle::D5]);
    let deleted = "base z=0\n > ready 7 0\n < 1 delete z\n > 1 ok power 1\n power\n";
    check(&format!("{deleted} left z=0"), &[Oracle::D4]);
    check(&format!("{deleted} left"), &[]);
}

#[test]
fn requests_side_by_side_leave_no_holes() {
    let promise = Promise {
        order: Order::ByKey,
        ..Promise::default()
    };
    let check = |level: &str, left: &str, expected: &[Oracle]| {
        let text = written(level, "killed", left);
        assert_eq!(found(&text, &promise, Disturbed::default()), expected);
    };
    check("memory", "z=0 b=2", &[]);
    check("process", "z=0 b=2", &[Oracle::B2]);
}

#[test]
fn a_snapshot_that_was_announced_holds_what_it_covers() {
    let text = |done: &str, left: &str| written("memory", &format!("{done}\n killed"), left);
    let done = "> snapshot 1 signal done 1 /s";
    check(&text(done, "z=0"), &[Oracle::D1]);
    check(&text(done, "z=0 a=1"), &[]);
    check(&text("> snapshot 1 signal failed no", "z=0"), &[]);
    let covered = "< 3 snapshot\n > 3 ok process 2 /s";
    check(&text(covered, "z=0 a=1"), &[Oracle::B2]);
}

#[test]
fn beside_a_running_system_there_is_always_a_complete_store() {
    let beside = |found: &str| format!("base z=0\n > ready 7 0\n beside {found}\n + 1s");
    check(&beside("z=0"), &[]);
    check(&beside("nothing"), &[Oracle::C1]);
    check(&beside("damaged"), &[Oracle::C1]);
    check("base\n > ready 7 0\n beside nothing\n + 1s", &[]);
}

#[test]
fn a_window_that_a_stall_made_longer_ends_when_that_is_over() {
    let stalled = Disturbed {
        delayed_by: Duration::from_secs(60),
        ..Disturbed::default()
    };
    let text = |age: &str| written("window(15000ms)", &format!("+ {age}\n power"), "z=0");
    check_with(&text("70s"), stalled, &[]);
    check_with(&text("80s"), stalled, &[Oracle::B1]);
    let endless = Disturbed {
        delayed_by: Duration::MAX,
        ..Disturbed::default()
    };
    check_with(&text("80s"), endless, &[]);
}

#[test]
fn errors_excuse_the_writes_that_the_client_was_told_of_and_no_others() {
    let failing = Disturbed {
        by_errors: true,
        ..Disturbed::default()
    };
    let text = |told: &str, left: &str| {
        written("window(15000ms)", &format!("{told}\n + 20s\n killed"), left)
    };
    check_with(&text("", "z=0"), failing, &[Oracle::B1]);
    check_with(&text("> lost 1 2 no", "z=0"), failing, &[]);
    check_with(&text("> lost 2 2 no", "z=0 a=1"), failing, &[]);
    check_with(&text("> lost 2 2 no", "z=0"), failing, &[Oracle::B1]);
    check_with(
        &text("< 3 sync\n > 3 failed unknown no", "z=0"),
        failing,
        &[],
    );
    let other = "< 3 put c 3\n > 3 failed unknown no";
    check_with(&text(other, "z=0"), failing, &[Oracle::B1]);
    let early = "base z=0\n > ready 7 0\n < 9 sync\n > 9 failed unknown no\n < 1 put a 1\n > 1 ok window(15000ms) 1\n\
                 + 20s\n killed\n left z=0";
    check_with(early, failing, &[Oracle::B1]);
}

#[test]
fn after_rest_everything_is_kept_where_that_is_promised() {
    let promise = Promise {
        kept_when_idle: Some(Duration::from_secs(10)),
        ..Promise::default()
    };
    let check = |rest: &str, expected: &[Oracle]| {
        let text = written("memory", &format!("+ {rest}\n killed"), "z=0");
        assert_eq!(found(&text, &promise, Disturbed::default()), expected);
    };
    check("9s", &[]);
    check("11s", &[Oracle::D1]);
}

/// Errors of the disk, the first and the last of them in these lines of the text.
fn erring(first: u64, last: u64) -> Disturbed {
    let at = |event| Moment {
        event,
        now: Duration::from_secs(3600),
    };
    Disturbed {
        by_errors: true,
        by_disk: true,
        erred: Some((at(first), at(last))),
        ..Disturbed::default()
    }
}

#[test]
fn what_was_acknowledged_is_given_up_only_for_a_reason() {
    let text = |line: &str| written("memory", &format!("{line}\n killed"), "z=0");
    let lost = text("> lost 1 2 no");
    check(&lost, &[Oracle::V2]);
    check_with(&lost, erring(6, 6), &[]);
    check_with(&lost, erring(8, 9), &[Oracle::V2]);
    check(&text("> lost 2 1 no"), &[]);
}

#[test]
fn what_was_made_safe_is_not_given_up_later() {
    let failing = Disturbed {
        by_errors: true,
        ..Disturbed::default()
    };
    let window = |lines: &str, left: &str| {
        let text = written("window(15000ms)", &format!("{lines}\n power"), left);
        found(&text, &Promise::default(), failing)
    };
    let synced = "< 3 sync\n > 3 ok power 2\n > lost 1 2 no";
    assert_eq!(window(synced, "z=0"), [Oracle::B1]);
    assert_eq!(window(synced, "z=0 a=1 b=2"), []);
    let half = "< 3 sync\n > 3 ok power 1\n > lost 1 2 no";
    assert_eq!(window(half, "z=0 a=1"), []);
    assert_eq!(window(half, "z=0"), [Oracle::B1]);
    let weak = "< 3 sync\n > 3 ok memory 2\n > lost 1 2 no";
    assert_eq!(window(weak, "z=0"), []);
    let before = "> lost 1 2 no\n < 3 sync\n > 3 ok power 0";
    assert_eq!(window(before, "z=0"), []);
    let again = "> lost 2 2 no\n < 3 put b 3\n > 3 ok window(15000ms) 2\n < 4 sync\n > 4 ok power 2\n > lost 2 2 no";
    assert_eq!(window(again, "z=0 a=1"), [Oracle::B1]);
    assert_eq!(window(again, "z=0 a=1 b=3"), []);
    let saved = |left: &str| {
        let text = written(
            "memory",
            "> snapshot 1 signal done 1 /s\n > lost 1 2 no\n killed",
            left,
        );
        found(&text, &Promise::default(), failing)
    };
    assert_eq!(saved("z=0"), [Oracle::D1]);
    assert_eq!(saved("z=0 a=1"), []);
}

#[test]
fn errors_excuse_nothing_that_was_asked_for_after_the_last_of_them() {
    let killed = |level: &str, left: &str, disturbed: Disturbed, expected: &[Oracle]| {
        check_with(&written(level, "killed", left), disturbed, expected);
    };
    killed("process", "z=0", erring(5, 5), &[]);
    killed("process", "z=0", erring(4, 4), &[Oracle::B2]);
    killed("process", "z=0 a=1", erring(4, 4), &[Oracle::B2]);
    killed("process", "z=0 a=1 b=2", erring(4, 4), &[]);
    // What was dropped is gone, and what came after is not: who is killed cannot name it any more.
    killed("process", "z=0 b=2", erring(4, 4), &[]);
    killed("process", "z=0 b=2", erring(1, 1), &[Oracle::B2]);
    killed("window(15000ms)", "z=0 b=2", erring(4, 4), &[]);
    killed("window(15000ms)", "z=0 b=2", erring(1, 1), &[Oracle::D3]);
    killed("power", "z=0", erring(5, 5), &[Oracle::B2]);
    let not_the_disk = Disturbed {
        by_disk: false,
        ..erring(5, 5)
    };
    killed("process", "z=0", not_the_disk, &[Oracle::B2]);
    let any_time = Disturbed {
        erred: None,
        ..erring(5, 5)
    };
    killed("process", "z=0", any_time, &[]);
    let told = "< 3 sync\n > 3 failed unknown no\n + 20s\n killed";
    let text = written("window(15000ms)", told, "z=0 a=1");
    check_with(&text, erring(4, 4), &[Oracle::B1]);
    check_with(&text, erring(5, 5), &[]);
}
