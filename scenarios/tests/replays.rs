//! Worlds in files: every script and schedule goes there and back, and what is wrong with a file is said where it is.

use std::sync::{Arc, LazyLock};

use plimsoll_faults::profile::Profile;
use plimsoll_scenarios::{Registry, Replay, trials};
use plimsoll_sim::fingerprint::Fingerprint;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::hunt::{TrialCase, drawn};
use plimsoll_sim::world::Schedule;
use proptest::prelude::*;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::shipped);

static CASES: LazyLock<Vec<TrialCase>> = LazyLock::new(|| {
    let scenarios = trials();
    scenarios
        .iter()
        .flat_map(|scenario| scenario.cases(1))
        .collect()
});

fn replay(case: &TrialCase, seed: u64, schedule: &str) -> Replay {
    Replay {
        case: case.id.clone(),
        system: case.ground.system.clone(),
        profile: case.ground.profile.clone(),
        oracle: Oracle::D1,
        life: 0,
        crash: None,
        fingerprint: Fingerprint(u128::from(seed)),
        fault_seed: seed,
        script: drawn(case, seed),
        schedule: schedule.parse::<Schedule>().expect("it is a schedule"),
    }
}

proptest! {
    #[test]
    fn prints_back_what_it_parses(
        case in 0_usize..64,
        seed: u64,
        oracle in 0..Oracle::ALL.len(),
        crash: Option<(u8, u16)>,
        decisions in prop::collection::vec(("[tdc]", 0_u32..1 << 30), 0..100),
    ) {
        let words: Vec<String> = decisions.iter().map(|(kind, number)| format!("{kind}{number}")).collect();
        let mut replay = replay(&CASES[case % CASES.len()], seed, &words.join(" "));
        replay.oracle = Oracle::ALL[oracle];
        replay.crash = crash.map(|(era, position)| (era.into(), position.into()));
        let text = replay.to_string();
        let parsed = Replay::parse("x.world.toml", &text, &REGISTRY).expect("it was printed");
        prop_assert_eq!(parsed.to_string(), text);
        prop_assert_eq!(parsed.script, replay.script);
        prop_assert_eq!(parsed.schedule, replay.schedule);
        prop_assert_eq!((parsed.oracle, parsed.life, parsed.crash), (replay.oracle, replay.life, replay.crash));
        prop_assert_eq!((parsed.fingerprint, parsed.fault_seed), (replay.fingerprint, replay.fault_seed));
        prop_assert_eq!(parsed.system.name(), replay.system.name());
        prop_assert_eq!(&parsed.profile.name, &replay.profile.name);
    }

    /// A file that was cut off, or changed somewhere, is read as something else or refused at a place that it has.
    #[test]
    fn damage_is_refused_at_a_place_in_the_file(at: prop::sample::Index, byte in "[ -~\n]", is_cut: bool) {
        let good = replay(&CASES[0], 7, "t0 d120 c1").to_string();
        let at = at.index(good.len());
        prop_assume!(good.is_char_boundary(at) && good.is_char_boundary(at + 1));
        let text = if is_cut {
            good[..at].to_owned()
        } else {
            format!("{}{byte}{}", &good[..at], &good[at + 1..])
        };
        if let Err(error) = Replay::parse("x.world.toml", &text, &REGISTRY) {
            prop_assert!(error.line() <= text.lines().count() + 1, "{}", error);
            prop_assert!(error.column() >= 1 && !error.message().is_empty());
        }
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said_where_it_is() {
    let good = replay(&CASES[0], 7, "t0 d120 c1").to_string();
    assert!(Replay::parse("x.world.toml", &good, &REGISTRY).is_ok());
    let line_of = |part: &str| {
        let line = good.lines().position(|line| line.contains(part));
        line.expect(part) + 1
    };
    for (from, to, column, message) in [
        ("version = 1", "version = 2", 11, "version 2 is not known"),
        (
            "service-power\"\ndisk",
            "service-pover\"\ndisk",
            10,
            "there is no system",
        ),
        (
            "oracle = \"D1\"",
            "oracle = \"D77\"",
            10,
            "there is no oracle",
        ),
        ("life = 1", "life = 0", 8, "`life` is at least 1"),
        ("life = 1", "life = 9", 8, "the script has no life 9"),
        (
            "fingerprint = \"0",
            "fingerprint = \"x",
            15,
            "32 hexadecimal digits",
        ),
        (
            "fault_seed = \"7\"",
            "fault_seed = \"-7\"",
            14,
            "a seed is a decimal number",
        ),
        ("life 1: ", "live 1: ", 5, "means nothing here"),
        ("\"  then ", "\"  than ", 5, "is no step"),
        ("\"disk: reads", "\"disk: reeds", 5, "a disk is"),
        (
            "\"t0 d120 c1\"",
            "\"t0 x120 c1\"",
            5,
            "`x120` is no decision",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let at = line_of(from.split('\n').next().expect("a line"));
        let error =
            Replay::parse("x.world.toml", &good.replacen(from, to, 1), &REGISTRY).expect_err(from);
        assert_eq!((error.line(), error.column()), (at, column), "{error}");
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.file(), "x.world.toml");
    }
    let without = |key: &str| {
        let lines = good.lines().filter(|line| !line.starts_with(key));
        lines.collect::<Vec<_>>().join("\n")
    };
    for key in ["version", "system", "disk", "oracle", "life", "fingerprint"] {
        let error = Replay::parse("x.world.toml", &without(key), &REGISTRY).expect_err(key);
        let message = format!("the key `{key}` is missing");
        assert!(error.to_string().contains(&message), "{error}");
    }
}

#[test]
fn a_disk_that_does_not_ship_is_in_the_file() {
    let mut replay = replay(&CASES[0], 7, "t0 d120 c1");
    let mut own = Profile::clone(&replay.profile);
    own.name = "mine".to_owned();
    own.title = "one of \"mine\"".to_owned();
    replay.profile = Arc::new(own);
    let text = replay.to_string();
    let parsed = Replay::parse("x.world.toml", &text, &REGISTRY).expect("it was printed");
    assert_eq!(parsed.profile, replay.profile);
    assert_eq!(parsed.to_string(), text);
    let from = "\"name = \\\"mine\\\"\"";
    assert!(text.contains(from), "{text}");
    let at = text
        .lines()
        .position(|line| line.contains(from))
        .expect("a line");
    let wrong = text.replacen(from, "\"nam = 1\"", 1);
    let error = Replay::parse("x.world.toml", &wrong, &REGISTRY).expect_err("there is no `nam`");
    assert_eq!((error.line(), error.column()), (at + 1, 5), "{error}");
}
