//! What a system says, and how it exits.

use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::judge::Disturbed;
use plimsoll_sim::trial::promise::Promise;

use crate::history::found;

fn check(text: &str, expected: &[Oracle]) {
    let found = found(text, &Promise::default(), Disturbed::default());
    assert_eq!(found, expected, "{text}");
}

#[test]
fn lines_that_make_no_sense_are_found() {
    check("> ready 7 0\n < 1 put a 1\n > 1 ok power 1", &[]);
    check("> ready 7 0\n > hello", &[Oracle::V3]);
    check("> ready 7 0\n > ready 7 0", &[Oracle::V3]);
    let twice = "> ready 7 0\n < 1 put a 1\n > 1 ok power 1\n > 1 ok power 1";
    check(twice, &[Oracle::V3]);
    check("> ready 7 0\n > 5 ok power 1", &[Oracle::V3]);
    check("> ready 7 0\n < 1 get a\n > 1 ok power 1", &[Oracle::V3]);
}

#[test]
fn requests_fail_for_a_reason() {
    let failed = "> ready 7 0\n < 1 put a 1\n > 1 failed absent no";
    check(failed, &[Oracle::V2]);
    check(
        "> ready 7 0\n < 1 put a 1\n eof\n > 1 failed absent it ends",
        &[],
    );
}

#[test]
fn codes_agree_with_last_lines_and_what_is_left() {
    let life = |last: &str, code: i32, left: &str| {
        format!(
            "base a=1\n > ready 7 0\n < 1 put b 2\n > 1 ok power 1\n eof\n > {last}\n exit {code}\n left {left}"
        )
    };
    check(&life("end 1 power", 0, "a=1 b=2"), &[]);
    check(&life("end 1 power", 0, "a=1"), &[Oracle::E1]);
    check(&life("end failed no", 0, "a=1 b=2"), &[Oracle::E1]);
    check(&life("end 1 power", 1, "a=1 b=2"), &[Oracle::E1]);
    check("> ready 7 0\n exit 0\n left nothing", &[Oracle::E1]);
    check("> ready 7 0\n killed\n left damaged", &[Oracle::R3]);
}

#[test]
fn two_processes_do_not_serve_one_store() {
    let life = |ready: &str| {
        format!("> ready 7 0\n other starts\n {ready}\n < 1 put a 1\n > 1 ok power 1\n running")
    };
    check(&life("other ready"), &[Oracle::F4]);
    check(&life("other ends"), &[]);
    check(&life("other ready\n other ends"), &[Oracle::F4]);
    check(&life("eof\n other ready"), &[Oracle::F4]);
    check(&life("eof\n other ready\n other ends"), &[]);
    // Who cannot speak any more ends by itself, and lets go of the store first.
    check(&life("deaf\n other ready\n other ends"), &[]);
    check(&life("deaf\n other ready"), &[Oracle::F4]);
}
