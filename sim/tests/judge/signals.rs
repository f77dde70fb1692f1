//! Signals: nobody dies of one that is handled, and each request for a snapshot is met.

use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::judge::Disturbed;
use plimsoll_sim::trial::promise::Promise;

use crate::history::found;

fn check_with(text: &str, disturbed: Disturbed, expected: &[Oracle]) {
    let promise = Promise {
        snapshots_on_signal: true,
        ..Promise::default()
    };
    let text = format!("> ready 7 0\n < 1 put a 1\n > 1 ok power 1\n {text}\n left a=1");
    assert_eq!(found(&text, &promise, disturbed), expected, "{text}");
}

fn check(text: &str, expected: &[Oracle]) {
    check_with(text, Disturbed::default(), expected);
}

const END: &str = "eof\n > end 1 power\n exit 0";

#[test]
fn a_signal_that_arrived_is_answered_also_when_the_end_follows_at_once() {
    let sent = "signal SIGUSR1\n arrives SIGUSR1\n";
    let done = "> snapshot 1 signal done 1 /s\n";
    check(&format!("{sent} {done} {END}"), &[]);
    check(&format!("{sent} {END}"), &[Oracle::S2]);
    check(&format!("{sent} eof\n {done} > end 1 power\n exit 0"), &[]);
    let failed = "> snapshot 1 signal failed no\n";
    check(&format!("{sent} {failed} {END}"), &[]);
    let old = "> snapshot 1 signal done 0 /s\n";
    check(&format!("{sent} {old} {END}"), &[Oracle::S2]);
    check(&format!("{done} {sent} {END}"), &[Oracle::S2]);
}

#[test]
fn a_signal_that_arrived_too_late_may_be_forgotten() {
    let late = "signal SIGUSR1\n eof\n arrives SIGUSR1\n > end 1 power\n exit 0";
    check(late, &[]);
    check("signal SIGUSR1\n arrives SIGUSR1\n killed", &[]);
    check(
        "signal SIGUSR1\n arrives SIGUSR1\n deaf\n eof\n exit 0",
        &[],
    );
}

#[test]
fn where_nobody_sees_signals_arrive_they_do_within_a_second() {
    check(&format!("signal SIGUSR1\n + 2s\n {END}"), &[Oracle::S2]);
    check(&format!("signal SIGUSR1\n {END}"), &[]);
}

#[test]
fn errors_and_stalls_excuse_no_silence() {
    let sent = "signal SIGUSR1\n arrives SIGUSR1\n";
    for disturbed in [
        Disturbed {
            by_errors: true,
            ..Disturbed::default()
        },
        Disturbed {
            delayed_by: std::time::Duration::MAX,
            ..Disturbed::default()
        },
    ] {
        check_with(&format!("{sent} {END}"), disturbed, &[Oracle::S2]);
    }
    let failing = Disturbed {
        by_errors: true,
        ..Disturbed::default()
    };
    let told = format!("{sent} eof\n > end failed no\n exit 1");
    check_with(&told, failing, &[]);
}

#[test]
fn a_snapshot_is_not_older_than_its_request() {
    check(&format!("< 2 snapshot\n > 2 ok power 1 /s\n {END}"), &[]);
    check(
        &format!("< 2 snapshot\n > 2 ok power 0 /s\n {END}"),
        &[Oracle::S2],
    );
}

#[test]
fn nobody_dies_of_a_signal_that_is_handled() {
    let text = |signal: i32| format!("signal SIGUSR1\n dies {signal}");
    check(&text(10), &[Oracle::S1]);
    let early = found(
        "signal SIGUSR1\n > ready 7 0\n dies 10\n left",
        &Promise {
            snapshots_on_signal: true,
            ..Promise::default()
        },
        Disturbed::default(),
    );
    assert_eq!(early, [], "it was not ready");
}
