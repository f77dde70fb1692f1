//! Which states are legal.

use super::*;

fn changes(text: &str) -> Vec<Mutation> {
    text.split(';')
        .map(|part| part.trim().parse().expect("a change"))
        .collect()
}

fn pairs(text: &str) -> Pairs {
    text.split_whitespace()
        .map(|pair| {
            let (key, value) = pair.split_once('=').expect("a pair");
            (key.into(), value.into())
        })
        .collect()
}

/// Writes, each with what is known of it.
type Changes = Vec<(Vec<Mutation>, Fate)>;

/// A base, writes with what is known of each, how many of them have to be there, and whether the stretch is beside and loose.
type Given<'a> = (&'a str, &'a [(&'a str, Fate)], usize, (bool, bool));

fn check(given: &[Given<'_>], order: Order, left: &str) -> Option<Wrong> {
    let owned: Vec<(Pairs, Changes)> = given
        .iter()
        .map(|(base, writes, ..)| {
            let writes = writes.iter().map(|(text, fate)| (changes(text), *fate));
            (pairs(base), writes.collect())
        })
        .collect();
    let stretches: Vec<Stretch<'_>> = owned
        .iter()
        .zip(given)
        .map(|((base, writes), (_, _, must, (is_beside, is_loose)))| {
            let writes = writes.iter().enumerate();
            let writes = writes.map(|(index, (mutations, fate))| Write {
                mutations,
                fate: *fate,
                must: index < *must,
            });
            let stretch = Stretch::new(base, order, writes.collect());
            stretch.beside(*is_beside).loose(*is_loose)
        })
        .collect();
    let rules = Rules {
        order,
        filter: None,
    };
    wrong(&stretches, rules, &pairs(left))
}

#[test]
fn what_a_rule_drops_need_not_be_there_and_what_no_rule_drops_must() {
    let rules = Rules {
        order: Order::Whole,
        filter: Some(Filter { setting: b"rule" }),
    };
    let is_legal = |fate, left| {
        let texts = ["put rule 2", "put k2 x", "put k1 y"].map(changes);
        let writes = texts.iter().enumerate().map(|(index, mutations)| Write {
            mutations,
            fate: if index == 0 { fate } else { Fate::Applied },
            must: index > 0,
        });
        let base = Pairs::new();
        let stretch = Stretch::new(&base, rules.order, writes.collect());
        wrong(&[stretch], rules, &pairs(left)).is_none()
    };
    assert!(is_legal(Fate::Applied, "rule=2 k1=y"));
    assert!(!is_legal(Fate::Applied, "rule=2 k1=y k2=x"));
    assert!(!is_legal(Fate::Applied, "rule=2 k2=x"));
    // A rule that may be lost drops everything or nothing.
    assert!(is_legal(Fate::Unknown, "rule=2 k1=y"));
    assert!(is_legal(Fate::Unknown, "k1=y k2=x"));
    assert!(!is_legal(Fate::Unknown, "k1=y"));
}

const ALONE: (bool, bool) = (false, false);
const LOOSE: (bool, bool) = (false, true);
const BESIDE: (bool, bool) = (true, false);

#[test]
fn what_must_survive_has_to_be_there_and_the_rest_may() {
    use Fate::Applied;
    let writes = [
        ("put a 1", Applied),
        ("put b 2", Applied),
        ("delete z", Applied),
    ];
    for (must, left, expected) in [
        (0, "z=0", None),
        (1, "z=0", Some(Wrong::Lost)),
        (1, "z=0 a=1", None),
        (1, "z=0 a=1 b=2", None),
        (0, "z=0 b=2", Some(Wrong::Hole)),
        (3, "a=1 b=2", None),
        (3, "a=1 b=2 z=0", Some(Wrong::Returned)),
        (0, "z=0 a=7", Some(Wrong::Invented)),
        (0, "", Some(Wrong::Hole)),
        (0, "a=1", Some(Wrong::Hole)),
    ] {
        let found = check(&[("z=0", &writes, must, ALONE)], Order::Whole, left);
        assert_eq!(found, expected, "{must} {left}");
    }
}

#[test]
fn requests_side_by_side_are_ordered_by_key() {
    use Fate::Applied;
    let writes = [
        ("put a 1", Applied),
        ("put b 2", Applied),
        ("put a 3", Applied),
    ];
    let check = |must, order, left| check(&[("z=0", &writes, must, ALONE)], order, left);
    assert_eq!(check(0, Order::ByKey, "z=0 b=2"), None);
    assert_eq!(check(0, Order::Whole, "z=0 b=2"), Some(Wrong::Hole));
    assert_eq!(check(3, Order::ByKey, "z=0 a=1 b=2"), Some(Wrong::Lost));
}

#[test]
fn a_request_takes_effect_as_a_whole() {
    let writes = [("put a 1; put b 2", Fate::Applied)];
    let found = check(&[("z=0", &writes, 0, ALONE)], Order::Whole, "z=0 a=1");
    assert_eq!(found, Some(Wrong::Hole));
}

#[test]
fn an_unknown_outcome_may_be_in_or_out_and_a_refusal_is_out() {
    let writes = [
        ("put a 1", Fate::Unknown),
        ("put b 2", Fate::Absent),
        ("put c 3", Fate::Applied),
        ("put d 4", Fate::Pending),
    ];
    for (left, expected) in [
        ("z=0 c=3", None),
        ("z=0 a=1 c=3", None),
        ("z=0 c=3 d=4", None),
        ("z=0 a=1", Some(Wrong::Lost)),
        ("z=0 a=1 b=2 c=3", Some(Wrong::Invented)),
    ] {
        let found = check(&[("z=0", &writes, 3, ALONE)], Order::Whole, left);
        assert_eq!(found, expected, "{left}");
    }
}

#[test]
fn where_alternatives_are_too_many_each_key_is_still_looked_at() {
    let texts: Vec<String> = (0..12).map(|number| format!("put k{number} v")).collect();
    let mut writes: Vec<(&str, Fate)> = texts.iter().map(|text| (&**text, Fate::Unknown)).collect();
    writes.push(("put a 1", Fate::Applied));
    let check = |must, left| check(&[("z=0", &writes, must, ALONE)], Order::Whole, left);
    assert_eq!(check(13, "z=0 a=1 k3=v k7=v"), None);
    assert_eq!(check(13, "z=0 k3=v"), Some(Wrong::Lost));
    assert_eq!(check(13, "a=1"), Some(Wrong::Lost));
    assert_eq!(check(0, "z=0 k3=w"), Some(Wrong::Invented));
}

#[test]
fn what_is_loose_may_be_taken_back_with_what_follows_but_nothing_older_than_what_must_be_there() {
    use Fate::Applied;
    let first = [("put a 1", Applied), ("put b 2", Applied)];
    let second = [("put c 3", Applied)];
    for (kept, later, left, is_legal) in [
        (0, 0, "", true),
        (0, 0, "a=1", true),
        (0, 0, "a=1 b=2 c=3", true),
        (1, 0, "", false),
        (1, 0, "a=1", true),
        (0, 1, "a=1 b=2", false),
        (0, 1, "a=1 b=2 c=3", true),
        (0, 0, "a=1 c=3", false),
        (0, 0, "c=3", false),
    ] {
        let given = [
            ("", &first[..], kept, ALONE),
            ("a=1 b=2", &second[..], later, LOOSE),
        ];
        let found = check(&given, Order::Whole, left);
        assert_eq!(
            found.is_none(),
            is_legal,
            "{kept} {later} {left}: {found:?}"
        );
    }
    let firm = [
        ("", &first[..], 0, ALONE),
        ("a=1 b=2", &second[..], 0, ALONE),
    ];
    assert_eq!(check(&firm, Order::Whole, "a=1"), Some(Wrong::Lost));
    assert_eq!(check(&firm, Order::ByKey, "a=1"), Some(Wrong::Lost));
}

#[test]
fn beside_an_orphan_a_life_begins_with_whatever_that_one_leaves() {
    use Fate::{Applied, Pending};
    let first = [("put a 1", Applied), ("put b 2", Pending)];
    let second = [("put c 3", Applied)];
    for (kept, left, is_legal) in [
        (0, "c=3", true),
        (0, "a=1 c=3", true),
        (0, "a=1 b=2 c=3", true),
        (0, "a=1 b=2", true),
        (0, "b=2 c=3", false),
        (1, "c=3", false),
        (1, "a=1", true),
    ] {
        let given = [("", &first[..], kept, ALONE), ("", &second[..], 0, BESIDE)];
        let found = check(&given, Order::Whole, left);
        assert_eq!(found.is_none(), is_legal, "{kept} {left}: {found:?}");
    }
    let given = [("", &first[..], 1, ALONE), ("", &second[..], 0, BESIDE)];
    assert_eq!(check(&given, Order::ByKey, "a=1 b=2"), None);
    assert_eq!(
        check(&given, Order::ByKey, "a=1 b=7"),
        Some(Wrong::Invented),
        "nobody wrote that"
    );
}
