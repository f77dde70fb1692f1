//! What earlier lives promised, after a later one.

use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::judge::Disturbed;
use plimsoll_sim::trial::promise::{Order, Promise};

use crate::history::found;

fn check_as(order: Order, shows_durable: bool, text: &str, expected: &[Oracle]) {
    let promise = Promise {
        order,
        shows_durable,
        ..Promise::default()
    };
    let found = found(text, &promise, Disturbed::default());
    assert_eq!(found, expected, "{text}");
}

fn check(shows_durable: bool, text: &str, expected: &[Oracle]) {
    check_as(Order::Whole, shows_durable, text, expected);
}

/// A write at a level in a life that is killed, and a life after it that ends so.
fn then(level: &str, second: &str) -> String {
    format!(
        "base z=0\n > ready 7 0\n < 1 put a 1\n > 1 ok {level} 1\n killed\n left z=0 a=1\n\
         base z=0 a=1\n {second}"
    )
}

#[test]
fn a_life_that_never_opened_the_store_makes_nothing_durable_and_undoes_nothing() {
    let second = "power\n left z=0";
    check(true, &then("process", second), &[]);
    check(true, &then("power", second), &[Oracle::D1]);
    check_as(Order::ByKey, true, &then("power", second), &[Oracle::D1]);
    check(true, &then("power", "power\n left z=0 a=1"), &[]);
    check(
        true,
        &then("process", "power\n left z=0 b=1"),
        &[Oracle::D5],
    );
}

#[test]
fn what_an_open_store_shows_is_durable_where_that_is_promised() {
    let second = "> ready 8 1\n power\n left z=0";
    check(true, &then("process", second), &[Oracle::D1]);
    check(false, &then("process", second), &[]);
    check(false, &then("power", second), &[Oracle::D1]);
}

#[test]
fn what_a_failed_sync_had_not_written_may_go_with_a_later_process_until_the_store_is_open() {
    let first = "base z=0\n > ready 7 0\n < 1 put a 1\n > 1 ok process 1\n < 2 sync\n > 2 failed unknown x\n exit 1\n left z=0 a=1";
    let failing = Disturbed {
        by_errors: true,
        by_disk: true,
        ..Disturbed::default()
    };
    let not_the_disk = Disturbed {
        by_disk: false,
        ..failing
    };
    for (second, left, disturbed, expected) in [
        ("", "z=0", failing, &[][..]),
        ("", "z=0 a=1", failing, &[]),
        ("", "", failing, &[Oracle::R7]),
        ("", "z=0", not_the_disk, &[Oracle::D1]),
        ("> ready 8 1\n", "z=0", failing, &[Oracle::D1]),
    ] {
        let promise = Promise {
            shows_durable: true,
            ..Promise::default()
        };
        let text = format!("{first}\n base z=0 a=1\n {second} killed\n left {left}");
        assert_eq!(found(&text, &promise, disturbed), expected, "{text}");
    }
}

#[test]
fn what_is_lost_with_the_power_takes_all_that_came_later() {
    let second = "> ready 8 1\n < 1 put b 2\n > 1 ok process 2\n power\n";
    for (left, expected) in [
        ("z=0", &[][..]),
        ("z=0 a=1", &[]),
        ("z=0 a=1 b=2", &[]),
        ("z=0 b=2", &[Oracle::D3]),
    ] {
        check(
            false,
            &then("process", &format!("{second} left {left}")),
            expected,
        );
    }
    let kept = "> ready 8 1\n < 1 put b 2\n > 1 ok power 2\n power\n left z=0 a=1";
    check(false, &then("process", kept), &[Oracle::D1]);
}

#[test]
fn an_end_that_says_power_is_held_to_it_later() {
    let first = |last: &str| {
        format!(
            "base z=0\n > ready 7 0\n < 1 put a 1\n > 1 ok process 1\n eof\n > end 1 {last}\n exit 0\n left z=0 a=1\n\
             base z=0 a=1\n > ready 8 1\n power\n left z=0"
        )
    };
    check(false, &first("power"), &[Oracle::D1]);
    check(false, &first("process"), &[]);
}

#[test]
fn orphans_may_still_do_what_they_were_asked_and_nothing_else() {
    let beside = |level: &str, rest: &str| {
        format!(
            "base z=0\n > ready 7 0\n < 1 put a 1\n > 1 ok {level} 1\n < 2 put b 2\n killed\n left z=0 a=1\n\
             base z=0 a=1\n orphans\n > ready 8 1\n {rest}"
        )
    };
    check(true, &beside("process", "< 3 get b\n > 3 absent"), &[]);
    check(true, &beside("process", "< 3 get b\n > 3 value 2"), &[]);
    check(
        true,
        &beside("process", "< 3 get b\n > 3 value 7"),
        &[Oracle::V1],
    );
    check(true, &beside("process", "killed\n left z=0 a=1 b=2"), &[]);
    check(true, &beside("process", "killed\n left z=0"), &[Oracle::D1]);
    check(true, &beside("memory", "killed\n left z=0"), &[]);
    check(
        true,
        &beside("memory", "killed\n left z=0 b=2"),
        &[Oracle::D3],
    );
    let wrote = "< 3 put c 3\n > 3 ok process 3\n killed\n";
    check(
        true,
        &beside("process", &format!("{wrote} left z=0 a=1 b=2 c=3")),
        &[],
    );
    check(
        true,
        &beside("process", &format!("{wrote} left z=0 a=1 c=3")),
        &[],
    );
    check(
        true,
        &beside("process", &format!("{wrote} left z=0 c=3")),
        &[Oracle::B2],
    );
}

#[test]
fn beside_orphans_that_had_nothing_to_write_what_was_read_stays() {
    let beside = |first: &str, rest: &str| {
        format!(
            "base a=1\n > ready 7 0\n {first}\n killed\n left a=1\n\
             base a=1\n orphans\n > ready 8 0\n < 1 put a 2\n > 1 failed unknown no\n {rest}"
        )
    };
    let twice = "< 2 get a\n > 2 value 2\n < 3 get a\n > 3 value 1";
    let ended = "< 2 get a\n > 2 value 1\n eof\n > end 0 power\n exit 0\n left a=2";
    let erring = Disturbed {
        by_errors: true,
        ..Disturbed::default()
    };
    let check = |first: &str, rest: &str, expected: &[Oracle]| {
        let found = found(&beside(first, rest), &Promise::default(), erring);
        assert_eq!(found, expected, "{first}, {rest}");
    };
    for idle in ["< 9 get a", "< 9 put b 1\n > 9 failed absent no"] {
        check(idle, twice, &[Oracle::D6]);
        check(idle, ended, &[Oracle::E2]);
    }
    for busy in ["< 9 put a 1", "< 9 put a 1\n > 9 ok process 1"] {
        check(busy, twice, &[]);
        check(busy, ended, &[]);
    }
}

#[test]
fn beside_a_process_that_never_became_ready_what_was_read_stays() {
    let erring = Disturbed {
        by_errors: true,
        ..Disturbed::default()
    };
    let check = |other: &str, expected: &[Oracle]| {
        let text = format!(
            "base a=1\n > ready 7 0\n other starts\n {other}\n < 1 put a 2\n > 1 failed unknown no\n\
             < 2 get a\n > 2 value 2\n < 3 get a\n > 3 value 1"
        );
        let found = found(&text, &Promise::default(), erring);
        assert_eq!(found, expected, "{other}");
    };
    check("other ends", &[Oracle::D6]);
    check("other ready\n other ends", &[]);
}
