//! What reads show, and that it stays.

use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::judge::Disturbed;
use plimsoll_sim::trial::promise::Promise;

use crate::history::found;

fn check(text: &str, expected: &[Oracle]) {
    let disturbed = Disturbed {
        by_errors: true,
        ..Disturbed::default()
    };
    let found = found(text, &Promise::default(), disturbed);
    assert_eq!(found, expected, "{text}");
}

#[test]
fn reads_show_what_was_acknowledged_or_something_later() {
    let written = "base a=1\n > ready 7 0\n < 1 put a 2\n > 1 ok memory 1\n";
    check(&format!("{written} < 2 get a\n > 2 value 2"), &[]);
    check(&format!("{written} < 2 get a\n > 2 value 1"), &[Oracle::V1]);
    check(&format!("{written} < 2 get a\n > 2 value 3"), &[Oracle::V1]);
    let open = "base a=1\n > ready 7 0\n < 1 put a 2\n < 2 get a\n";
    check(&format!("{open} > 2 value 2"), &[]);
    check(&format!("{open} > 2 value 1\n > 1 ok memory 1"), &[]);
    let later = "base a=1\n > ready 7 0\n < 1 get a\n > 1 value 2\n < 2 put a 2";
    check(later, &[Oracle::V1]);
    let scan = "base a=1 b=1\n > ready 7 0\n < 1 scan\n > 1 key a 1\n";
    check(&format!("{scan} > 1 key b 1\n > 1 end 2 0"), &[]);
    check(&format!("{scan} > 1 end 1 0"), &[Oracle::V1]);
}

#[test]
fn what_was_read_of_an_unknown_outcome_stays() {
    let unknown = "base a=1\n > ready 7 0\n < 1 put a 2\n > 1 failed unknown it may be\n";
    for (first, second, expected) in [
        (2, 2, &[][..]),
        (1, 1, &[]),
        (2, 1, &[Oracle::D6]),
        (1, 2, &[Oracle::D6]),
    ] {
        let reads =
            format!("{unknown} < 2 get a\n > 2 value {first}\n < 3 get a\n > 3 value {second}");
        check(&reads, expected);
    }
    let beside = format!("{unknown} < 2 get a\n < 3 get a\n > 2 value 2\n > 3 value 1");
    check(&beside, &[]);
    let open =
        "base a=1\n > ready 7 0\n < 1 put a 2\n < 2 get a\n > 2 value 1\n < 3 get a\n > 3 value 2";
    check(open, &[]);
    let open =
        "base a=1\n > ready 7 0\n < 1 put a 2\n < 2 get a\n > 2 value 2\n < 3 get a\n > 3 value 1";
    check(open, &[Oracle::D6]);
    let told = "base a=1\n > ready 7 0\n < 1 put a 2\n > 1 ok window(15000ms) 1\n < 2 get a\n > 2 value 2\n\
                > lost 1 1 no\n < 3 get a\n > 3 value 1";
    check(told, &[]);
}

#[test]
fn what_was_read_before_a_crash_is_there_after_it_where_that_is_promised() {
    let read = |shown: &str, end: &str, left: &str| {
        format!(
            "base a=1\n > ready 7 0\n < 1 put a 2\n < 2 get a\n > 2 value {shown}\n {end}\n left a={left}"
        )
    };
    for end in ["killed", "power"] {
        check(&read("2", end, "1"), &[Oracle::D8]);
        check(&read("2", end, "2"), &[]);
        check(&read("1", end, "1"), &[]);
        check(&read("1", end, "2"), &[]);
        let unknown = |shown: &str, left: &str| {
            let text = read(shown, end, left);
            text.replace("put a 2\n", "put a 2\n > 1 failed unknown no\n")
        };
        check(&unknown("2", "1"), &[Oracle::D8]);
        check(&unknown("1", "2"), &[]);
        let weak = Promise {
            shows_durable: false,
            ..Promise::default()
        };
        let text = read("2", end, "1");
        assert_eq!(found(&text, &weak, Disturbed::default()), []);
    }
}

#[test]
fn an_end_that_went_well_leaves_what_was_last_read() {
    let unknown = "base a=1\n > ready 7 0\n < 1 put a 2\n > 1 failed unknown it may be\n";
    for (shown, left, expected) in [
        (1, 1, &[][..]),
        (2, 2, &[]),
        (1, 2, &[Oracle::E2]),
        (2, 1, &[Oracle::E2]),
    ] {
        let text = format!(
            "{unknown} < 2 get a\n > 2 value {shown}\n eof\n > end 1 power\n exit 0\n left a={left}"
        );
        check(&text, expected);
    }
    let later = "< 2 get a\n > 2 value 1\n < 3 put a 3\n > 3 ok memory 2\n eof\n > end 2 power\n exit 0\n left a=3";
    check(&format!("{unknown} {later}"), &[]);
    let late =
        "< 1 put a 1\n < 2 delete a\n > 2 ok memory 2\n < 3 get a\n > 1 ok memory 1\n > 3 absent";
    let end = "eof\n > end 2 power\n exit 0\n left b=1";
    check(&format!("base b=1\n > ready 7 0\n {late}\n {end}"), &[]);
}

#[test]
fn what_a_read_shows_to_be_deleted_is_behind_the_writes_before_that() {
    // The answer to 2 is read last, and only what 3 did can have left nothing.
    let asked = "< 1 put a 1\n > 1 ok memory 1\n < 2 put a 2\n < 3 delete a\n > 3 failed unknown it may be\n < 4 get a\n";
    let end = "> 2 ok memory 2\n eof\n > end 3 power\n exit 0\n";
    for (base, shown, left, expected) in [
        ("b=1", "absent", "b=1", &[][..]),
        ("b=1", "absent", "a=2 b=1", &[Oracle::E2]),
        ("b=1", "value 2", "a=2 b=1", &[]),
        ("b=1", "value 2", "b=1", &[Oracle::E2]),
        ("a=0 b=1", "absent", "b=1", &[]),
    ] {
        let text = format!("base {base}\n > ready 7 0\n {asked} > 4 {shown}\n {end} left {left}");
        check(&text, expected);
    }
}

#[test]
fn a_store_that_is_there_is_not_taken_for_a_new_one() {
    let empty = "base a=1\n > ready 7 0\n < 1 scan\n > 1 end 0 0";
    check(empty, &[Oracle::R7]);
    let emptied =
        "base a=1\n > ready 7 0\n < 1 delete a\n > 1 ok memory 1\n < 2 scan\n > 2 end 0 1";
    check(emptied, &[]);
    let new = "base\n > ready 7 0\n < 1 scan\n > 1 end 0 0";
    check(new, &[]);
    for end in ["eof\n > end 0 power\n exit 0", "killed"] {
        check(
            &format!("base a=1\n > ready 7 0\n {end}\n left"),
            &[Oracle::R7],
        );
        check(
            &format!("base a=1\n > ready 7 0\n {end}\n left nothing"),
            &[Oracle::R7],
        );
        check(&format!("base a=1\n > ready 7 0\n {end}\n left a=1"), &[]);
        check(&format!("base\n > ready 7 0\n {end}\n left nothing"), &[]);
    }
}
