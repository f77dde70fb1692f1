//! What each shipped profile allows after each kind of crash: exactly the states that the files in `faults/litmus` list.
//!
//! The sets are derived by hand from the rules of the profiles, as the comments in the files tell; `REWRITE=1` writes down what the
//! model gives, for a person to compare.

#[path = "litmus/families.rs"]
mod families;
#[path = "litmus/ferrite.rs"]
mod ferrite;
#[path = "litmus/long_log.rs"]
mod long_log;
#[path = "litmus/mutation.rs"]
mod mutation;
#[path = "litmus/names.rs"]
mod names;
#[path = "litmus/network.rs"]
mod network;
#[path = "litmus/rewrite.rs"]
mod rewrite;
#[path = "litmus/text.rs"]
mod text;

use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::litmus::{
    CATALOGUE, Case, CrashPoint, Run, Section, Verdict, catalogue, scores,
};
use plimsoll_faults::profile::Profile;

/// Where the catalogue lies.
fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "litmus"].iter().collect()
}

#[test]
fn the_catalogue_is_the_directory_and_files_are_named_as_their_cases() {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("the cases are there")
        .map(|entry| entry.expect("they can be listed").path())
        .map(|path| {
            path.file_stem()
                .expect("it has a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    let listed: Vec<&str> = CATALOGUE.iter().map(|file| file.name).collect();
    assert_eq!(names, listed);
    for (file, case) in CATALOGUE.iter().zip(catalogue()) {
        assert_eq!(file.name, case.program.name);
        for section in &case.sections {
            let name = &section.profile;
            assert!(
                Profile::varied(name).is_ok(),
                "{}: no profile {name}",
                file.path()
            );
        }
    }
}

#[test]
fn profiles_allow_exactly_what_is_listed() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one way to ask a test to rewrite what it expects"
    )]
    if std::env::var("REWRITE").is_ok() {
        return rewrite_lists();
    }
    let scores = scores(&catalogue()).expect("the steps end as they say");
    let shipped = Profile::shipped();
    assert!(scores.len() >= shipped.len());
    for score in scores {
        let text = score.differences.join("\n");
        assert!(text.is_empty(), "{}:\n{text}", score.profile);
        assert!(score.holds(), "{score:?}");
    }
}

/// A list for a disk that a case does not apply to would be held to nothing.
#[test]
fn cases_list_nothing_where_they_do_not_apply() {
    for case in catalogue() {
        for profile in Profile::shipped() {
            let of_profile = |section: &Section| section.profile == profile.name;
            assert!(
                case.program.applies_to(&profile) || !case.sections.iter().any(of_profile),
                "{}: the case says nothing on {}",
                case.program.name,
                profile.name
            );
        }
    }
}

fn rewrite_lists() {
    for file in CATALOGUE {
        let case =
            Case::parse(file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path()));
        let verdict = Verdict::of(&case, &case.profiles())
            .unwrap_or_else(|error| panic!("{}: {error}", file.path()));
        let path = folder().join(format!("{}.litmus", file.name));
        let text = rewrite::with_found(file.text, &case, &verdict);
        std::fs::write(path, text).expect("tests may be rewritten");
    }
}

/// A rule that no case notices is not tested. Where a change of one parameter is without effect, the list says why.
#[test]
fn every_parameter_matters_to_some_case() {
    let runs: Vec<(Run, Vec<CrashPoint>)> = catalogue()
        .iter()
        .map(|case| {
            let run = Run::new(&case.program).expect("the steps end as they say");
            (run, case.points().collect())
        })
        .collect();
    let all = |profile: &Arc<Profile>| -> Vec<_> {
        let allowed = |(run, points): &(Run, Vec<CrashPoint>)| -> Vec<_> {
            points
                .iter()
                .map(|&point| run.allowed(point, CrashKind::PowerLoss, profile))
                .collect()
        };
        runs.iter().map(allowed).collect()
    };
    let mut inert = Vec::new();
    // Network file systems have cases, and changes, of their own.
    let is_local = |profile: &Arc<Profile>| profile.network.is_none();
    for base in Profile::shipped().into_iter().filter(is_local) {
        let unchanged = all(&base);
        for (label, changed) in mutation::of(&base) {
            if all(&Arc::new(changed)) == unchanged {
                inert.push(format!("{}: {label}", base.name));
            }
        }
    }
    let inert: Vec<&str> = inert.iter().map(String::as_str).collect();
    let known: Vec<&str> = mutation::INERT.iter().map(|(label, _)| *label).collect();
    assert_eq!(
        inert, known,
        "changes of one parameter that no case notices"
    );
}
