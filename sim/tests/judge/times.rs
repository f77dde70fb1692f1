//! Bounds on time.

use std::time::Duration;

use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::judge::Disturbed;
use plimsoll_sim::trial::promise::Promise;

use crate::history::found;

fn check_with(text: &str, disturbed: Disturbed, expected: &[Oracle]) {
    let seconds = |count| Some(Duration::from_secs(count));
    let promise = Promise {
        reads_within: seconds(1),
        writes_within: seconds(2),
        answers_within: seconds(20),
        ends_within: seconds(20),
        ..Promise::default()
    };
    let text = format!("> ready 7 0\n {text}");
    assert_eq!(found(&text, &promise, disturbed), expected, "{text}");
}

fn check(text: &str, expected: &[Oracle]) {
    check_with(text, Disturbed::default(), expected);
}

const STALLED: Disturbed = Disturbed {
    by_disk: false,
    by_stops: false,
    by_errors: false,
    delayed_by: Duration::from_secs(60),
    erred: None,
};

const ENDLESS: Disturbed = Disturbed {
    by_disk: false,
    by_stops: false,
    by_errors: true,
    delayed_by: Duration::MAX,
    erred: None,
};

#[test]
fn what_does_not_wait_for_the_disk_is_answered_in_time_whatever_that_does() {
    for disturbed in [Disturbed::default(), STALLED, ENDLESS] {
        check_with("< 1 get a\n + 900ms\n > 1 absent", disturbed, &[]);
        check_with("< 1 get a\n + 1s\n > 1 absent", disturbed, &[Oracle::T1]);
        check_with("< 1 scan\n + 1s\n > 1 end 0 0", disturbed, &[Oracle::T1]);
        check_with("< 1 put a 1\n + 1s\n > 1 ok memory 1", disturbed, &[]);
        check_with(
            "< 1 put a 1\n + 2s\n > 1 ok memory 1",
            disturbed,
            &[Oracle::B3],
        );
    }
}

#[test]
fn what_waits_for_the_disk_may_take_as_long_as_that_stands_still() {
    let text = |time: &str| format!("< 1 sync\n + {time}\n > 1 ok power 0");
    check(&text("19s"), &[]);
    check(&text("20s"), &[Oracle::T2]);
    check_with(&text("79s"), STALLED, &[]);
    check_with(&text("80s"), STALLED, &[Oracle::T2]);
    check_with(&text("3600s"), ENDLESS, &[]);
    check("< 1 sync\n + 30s\n running", &[Oracle::T2]);
    check("< 1 sync\n + 30s\n killed", &[]);
}

#[test]
fn errors_excuse_no_silence() {
    let failing = Disturbed {
        by_errors: true,
        ..Disturbed::default()
    };
    check_with("< 1 sync\n + 30s\n running", failing, &[Oracle::T2]);
    check_with("< 1 sync\n + 10s\n > 1 failed unknown no", failing, &[]);
}

#[test]
fn time_in_which_nobody_reads_does_not_count() {
    check("< 1 sync\n stop\n + 60s\n read\n > 1 ok power 0", &[]);
    check(
        "< 1 sync\n stop\n + 60s\n read\n + 20s\n > 1 ok power 0",
        &[Oracle::T2],
    );
    check(
        "< 1 get a\n + 2s\n stop\n + 60s\n read\n > 1 absent",
        &[Oracle::T1],
    );
}

#[test]
fn who_is_asked_to_end_ends() {
    check("eof\n + 19s\n exit 0", &[]);
    check("eof\n + 20s\n exit 0", &[Oracle::T3]);
    check("eof\n + 20s\n running", &[Oracle::T3]);
    check_with("eof\n + 79s\n exit 0", STALLED, &[]);
    check_with("eof\n + 80s\n exit 0", STALLED, &[Oracle::T3]);
    let unread = "stop\n + 60s\n exit 0";
    check(&format!("eof\n {unread}"), &[]);
    check(&format!("signal SIGTERM\n {unread}"), &[Oracle::T3]);
}

#[test]
fn opening_takes_the_time_that_the_disk_takes() {
    let promise = Promise {
        reads_within: Some(Duration::from_secs(1)),
        ..Promise::default()
    };
    let early = "< 1 get a\n + 5s\n > ready 7 0\n > 1 absent";
    assert_eq!(found(early, &promise, STALLED), []);
    let late = "< 1 get a\n > ready 7 0\n + 5s\n > 1 absent";
    assert_eq!(found(late, &promise, STALLED), [Oracle::T1]);
}

#[test]
fn who_reads_its_input_to_the_end_answers_all_of_it() {
    let asked = "< 1 put a 1\n < 2 put b 2\n < 3 put c 3\n > 1 ok power 1\n";
    let well = "> end 1 power\n exit 0\n left a=1";
    check(&format!("{asked} eof\n {well}"), &[Oracle::T2]);
    check(&format!("{asked} signal SIGTERM\n eof\n {well}"), &[]);
    check(&format!("{asked} eof\n deaf\n {well}"), &[]);
    let closing = asked.replace("2 put b 2", "2 close");
    check(&format!("{closing} eof\n {well}"), &[]);
    let second = asked.replace("> 1 ok power 1", "> 1 ok power 1\n > 2 ok power 2");
    check(
        &format!("{second} eof\n > end 2 power\n exit 0\n left a=1 b=2"),
        &[],
    );
    let failed = format!("{asked} eof\n {well}");
    check_with(&failed, ENDLESS, &[]);
}
