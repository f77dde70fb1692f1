//! What each shipped profile allows after a power loss: exactly the states that the files in `litmus/` list.
//!
//! A file holds one program (in the form of `realfs/README.md`, with `faults:` for a fault plan and `-> EIO` behind a step that is
//! to fail), then for each crash point and profile the states, one a line. `(nothing)` is the empty disk. The sets are derived by
//! hand from the rules of the profiles, as the comments in the files tell; `REWRITE=1` writes down what the model gives, for a
//! person to compare.

mod support;

#[path = "litmus/case.rs"]
mod case;
#[path = "litmus/long_log.rs"]
mod long_log;
#[path = "litmus/mutation.rs"]
mod mutation;

use std::sync::Arc;

use case::{Case, Run};
use plimsoll_faults::profile::Profile;

#[test]
fn profiles_allow_exactly_what_is_listed() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one way to ask a test to rewrite what it expects"
    )]
    let rewrite = std::env::var("REWRITE").is_ok();
    let (mut differences, mut count) = (String::new(), 0);
    for (path, text) in case::files() {
        let case = Case::parse(&text);
        let mut run = Run::new(&case.program);
        let found = |after: usize, profile: &str| {
            let profile = Profile::named(profile);
            run.allowed(after, &profile.expect("the profile ships"))
        };
        if rewrite {
            std::fs::write(&path, case.rewrite(found)).expect("tests may be rewritten");
        } else {
            differences.push_str(&case.differences(found));
        }
        count += 1;
    }
    assert!(count > 0, "there are cases");
    assert!(differences.is_empty(), "\n{differences}");
}

/// A rule that no case notices is not tested. Where a change of one parameter is without effect, the list says why.
#[test]
fn every_parameter_matters_to_some_case() {
    let mut runs: Vec<(Run, Vec<usize>)> = case::files()
        .map(|(_, text)| Case::parse(&text))
        .map(|case| (Run::new(&case.program), case.crash_points()))
        .collect();
    let mut all = |profile: &Arc<Profile>| -> Vec<_> {
        let of_run = |(run, points): &mut (Run, Vec<usize>)| -> Vec<_> {
            points
                .iter()
                .map(|&after| run.allowed(after, profile))
                .collect()
        };
        runs.iter_mut().map(of_run).collect()
    };
    let mut inert = Vec::new();
    for base in Profile::shipped() {
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
