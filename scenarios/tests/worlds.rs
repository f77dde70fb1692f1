//! The scenarios of worlds: the list is the directory, every file reads, and a short hunt ends as it is expected to.

use std::collections::BTreeSet;
use std::path::Path;

use plimsoll_scenarios::{Registry, Replay, TRIAL_FILES, TrialScenario, trials};
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::sut::Outcome;
use plimsoll_sim::trial::history::{Answer, Request};
use plimsoll_sim::trial::hunt::{Hunt, TrialCase, hunt};
use plimsoll_sim::trial::run::run;
use plimsoll_sim::world::WorldError;

/// The seeds of a test; `cargo xtask sim` runs those of the scenarios.
const SEEDS: u64 = 12;

#[test]
fn the_list_is_the_directory() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("worlds");
    let mut found = BTreeSet::new();
    for group in std::fs::read_dir(&root).expect("the folder is there") {
        let group = group.expect("it can be read").path();
        for file in std::fs::read_dir(&group).expect("a group is a folder") {
            let path = file.expect("it can be read").path();
            let path = path.strip_prefix(&root).expect("it is below");
            found.insert(format!("scenarios/worlds/{}", path.display()));
        }
    }
    let listed: BTreeSet<String> = TRIAL_FILES
        .iter()
        .map(|(path, _)| (*path).to_owned())
        .collect();
    assert_eq!(listed.len(), TRIAL_FILES.len(), "a file is listed twice");
    assert_eq!(found, listed);
}

/// What is to pass and is not crashed everywhere, and why.
const UNSWEPT: [(&str, &str); 2] = [
    (
        "pickledb-72-fixed",
        "it writes its file in place, and promises nothing of a loss of power",
    ),
    (
        "beanstalkd-72d-fixed",
        "its log has no checksums, and no syncs but those that are asked for",
    ),
];

#[test]
fn what_is_to_pass_is_swept_now_and_then() {
    for scenario in trials() {
        let is_left_out = UNSWEPT.iter().any(|(name, _)| *name == scenario.name);
        let is_swept = scenario.sweep > 0 && scenario.sweep <= scenario.seeds;
        let is_to_pass = scenario.expected.is_empty();
        assert!(
            !is_to_pass || is_swept != is_left_out,
            "{}: every {} of {}",
            scenario.name,
            scenario.sweep,
            scenario.seeds
        );
    }
}

#[test]
fn what_is_expected_to_pass_passes() {
    for scenario in trials()
        .iter()
        .filter(|scenario| scenario.expected.is_empty())
    {
        for mut case in scenario.cases(1) {
            case.seeds = SEEDS;
            match hunt(&case, &|| true) {
                Err(WorldError::NotSimulated) if !cfg!(madsim) => {}
                Err(error) => panic!("{}: {error}", case.id),
                Ok(_) if !cfg!(madsim) => panic!("nothing pretends to simulate"),
                Ok(hunt) => {
                    assert!(hunt.trophies.is_empty(), "{}: {:?}", case.id, hunt.trophies);
                    assert!(
                        hunt.differing.is_empty(),
                        "{}: {:?}",
                        case.id,
                        hunt.differing
                    );
                    assert_eq!((hunt.worlds, hunt.limited), (SEEDS, 0), "{}", case.id);
                    assert!(
                        hunt.requests > SEEDS,
                        "{}: {} requests",
                        case.id,
                        hunt.requests
                    );
                }
            }
        }
    }
}

#[test]
fn what_is_expected_to_be_violated_is() {
    for scenario in trials()
        .iter()
        .filter(|scenario| !scenario.expected.is_empty())
    {
        for case in scenario.cases(1) {
            match hunt(&case, &|| true) {
                Err(WorldError::NotSimulated) if !cfg!(madsim) => {}
                Err(error) => panic!("{}: {error}", case.id),
                Ok(hunt) => {
                    let found: Vec<_> = hunt.trophies.keys().copied().collect();
                    let is_expected = |oracle| case.expected.contains(oracle);
                    assert!(
                        found.iter().any(is_expected),
                        "{}: {found:?} in {} worlds",
                        case.id,
                        hunt.worlds
                    );
                    let is_allowed = |oracle: &Oracle| case.allows(*oracle);
                    assert!(found.iter().all(is_allowed), "{}: {found:?}", case.id);
                    replays(&case, &hunt);
                    assert!(
                        hunt.differing.is_empty(),
                        "{}: {:?}",
                        case.id,
                        hunt.differing
                    );
                }
            }
        }
    }
}

/// Each violation is there again, in the same world, when it is read from a file that has not its seed.
fn replays(case: &TrialCase, hunt: &Hunt) {
    for (oracle, trophy) in &hunt.trophies {
        let text = Replay::of(case, trophy).to_string();
        let replay = Replay::parse("x.world.toml", &text, &Registry::shipped())
            .unwrap_or_else(|error| panic!("{}: {error}", case.id));
        assert_eq!(replay.to_string(), text);
        let has_faults = text.contains(": fault ");
        assert!(has_faults || replay.fault_seed == 0, "{}: {text}", case.id);
        let again = replay.run().expect("the build simulates");
        assert_eq!(again.fingerprint, trophy.fingerprint, "{}", case.id);
        assert_eq!(again.diverged, 0, "{}", case.id);
        let shown = again.trophy.map(|trophy| trophy.finding);
        assert_eq!(shown, Some(trophy.finding.clone()), "{}: {oracle}", case.id);
    }
}

/// Two syncs fail within a second, in which the service may not open its store again: what a read cannot know by then it does not say.
/// A service that answered it showed a value at its end that it had called absent (E2).
#[test]
fn what_two_failed_syncs_leave_unknown_is_not_read_until_it_is_settled() {
    let scenarios = trials();
    let scenario = scenarios
        .iter()
        .find(|scenario| scenario.cases(1)[0].id.starts_with("service-power@"))
        .expect("it is there");
    let script = |first: u32, second: u32| {
        let text = format!(
            "life 1: 1 at once\n ask put b0/a 1\n ask put b0/b 1\n ask get b0/b\n ask put b0/b 2\n ask get b0/b\n\
             pause 2s\n then end of input\n\
             disk: reads 0s, writes 0s, syncs 0s, names 0s; gives way 0 times of 1\n\
             faults: sync *.log* #{first} EIO; sync *.log* #{second} EIO"
        );
        text.parse().expect("a script")
    };
    let mut refused = 0;
    for case in scenario.cases(1) {
        for (first, second) in
            (1..4).flat_map(|first| (first + 1..8).map(move |next| (first, next)))
        {
            match run(&case.ground, &script(first, second), 1, None, false) {
                Err(WorldError::NotSimulated) if !cfg!(madsim) => return,
                Err(error) => panic!("{}: {error}", case.id),
                Ok(outcome) => {
                    assert_eq!(outcome.findings, [], "{}: {first} and {second}", case.id);
                    let asked = outcome.lives.iter().flat_map(|life| &life.requests);
                    refused += asked
                        .filter(|asked| {
                            let is_refused = Answer::Failed(Outcome::Absent);
                            let answer = asked.answer.as_ref().map(|(_, answer)| answer);
                            matches!(asked.request, Request::Get(_)) && answer == Some(&is_refused)
                        })
                        .count();
                }
            }
        }
    }
    assert!(
        refused >= scenario.cases(1).len(),
        "it was hardly met: {refused}"
    );
}

#[test]
fn what_is_wrong_with_a_file_is_said_where_it_is() {
    let good = TRIAL_FILES[0].1;
    for (from, to, line, message) in [
        ("version = 1", "version = 2", 1, "version 2 is not known"),
        ("\"kill\"", "\"kil\"", 7, "there is no disturbance `kil`"),
        ("\"xfs\"", "\"xsf\"", 5, "there is no disk `xsf`"),
        (
            "service-power",
            "service-pover",
            4,
            "there is no system `service-pover`",
        ),
        ("seeds = 100", "seeds = 0", 10, "`seeds` is at least 1"),
        (
            "\"pass\"",
            "\"violation\"",
            12,
            "a violation needs the oracles",
        ),
        ("title", "titel", 2, "there is no key `titel` here"),
    ] {
        assert!(good.contains(from), "{from}");
        let text = good.replacen(from, to, 1);
        let error = TrialScenario::parse("x.toml", &text, &Registry::shipped()).expect_err(from);
        assert_eq!(error.line(), line, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}
