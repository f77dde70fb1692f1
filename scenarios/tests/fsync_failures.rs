//! Failed syncs: a store that goes on is caught under every model that makes it wrong, and a store that stops never is.

use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_scenarios::calibration::{FailureSubject, fsync_failure_subjects};
use plimsoll_scenarios::specimens::fsync_failure::Conduct;
use plimsoll_sim::calibrate::Answer;
use plimsoll_sim::calibrate::fsync_failures::Trial;

fn subjects(prefix: &str) -> Vec<FailureSubject> {
    fsync_failure_subjects()
        .into_iter()
        .filter(|subject| subject.case.sut.name().starts_with(prefix))
        .collect()
}

/// Every trial of these stores has the known answer, over at least so many runs.
#[track_caller]
fn hold(subjects: &[FailureSubject], runs_min: usize) {
    for trial in subjects.iter().flat_map(FailureSubject::trials) {
        assert!(
            trial.runs >= runs_min,
            "{}: {} runs",
            trial.store,
            trial.runs
        );
        assert!(trial.holds(), "{}", words(&trial));
    }
}

fn words(trial: &Trial) -> String {
    let caught: Vec<String> = trial
        .caught
        .iter()
        .map(|caught| format!("{} on {}: {}", caught.plan, caught.disk, caught.oracle))
        .collect();
    format!(
        "{} under {}: {} of {} runs caught, {} as lying, {} vacuous; expected {}\n{}",
        trial.store,
        trial.model,
        trial.caught.len(),
        trial.runs,
        trial.lying.len(),
        trial.vacuous.len(),
        trial.expected,
        caught.join("\n")
    )
}

#[test]
fn every_conduct_gets_the_known_answer_under_every_model() {
    let subjects = subjects("fsync-log-");
    assert_eq!(subjects.len(), Conduct::ALL.len());
    hold(&subjects, 2 * 8);
}

/// The reference, with every sync failing in every way, on every disk.
#[test]
fn the_reference_keeps_its_promise_under_every_model() {
    let subjects = subjects("reference-");
    assert_eq!(subjects.len(), 2);
    hold(&subjects, 5 * 8);
}

/// What the table says is right, in words, one model after the other.
#[test]
fn under_every_model_of_which_a_store_can_know_some_conduct_is_caught() {
    let caught = |model: FsyncFailure| -> Vec<&str> {
        let is_caught = |conduct: &&Conduct| conduct.answer_under(model) == Answer::Caught;
        let all = Conduct::ALL.iter();
        all.filter(is_caught)
            .map(|conduct| conduct.name())
            .collect()
    };
    for &model in FsyncFailure::ALL {
        let expected: &[&str] = match model {
            // The retry finds clean pages, and so does the next life.
            FsyncFailure::F1 | FsyncFailure::F5 | FsyncFailure::F7 => {
                &["retry", "ignore", "trust-cache", "serve"]
            }
            // What the life before was told of too late, the next cannot know; nor is it held to what it showed before it was told.
            FsyncFailure::F2 => &["retry", "ignore"],
            // What went back is not there to be trusted.
            FsyncFailure::F3 | FsyncFailure::F8 | FsyncFailure::F11 => {
                &["retry", "ignore", "serve"]
            }
            // The pages stay dirty, and a retry that succeeds has written them; only who never retries is wrong. Where the file
            // system was shut down, no retry succeeds.
            FsyncFailure::F4 | FsyncFailure::F9 | FsyncFailure::F10 => &["ignore", "serve"],
            FsyncFailure::F6 => &[],
        };
        assert_eq!(caught(model), expected, "{model}");
        for conduct in Conduct::ALL {
            let is_unknowable = conduct.answer_under(model) == Answer::Unknowable;
            assert_eq!(is_unknowable, model == FsyncFailure::F6, "{model}");
        }
    }
}

/// A run in which nothing fails says nothing, whatever was expected.
#[test]
fn a_trial_without_a_failure_does_not_hold() {
    let subject = subjects("fsync-log-stop").remove(0);
    let mut trials = subject.trials();
    let clean = &mut trials[0];
    assert!(clean.holds() && clean.vacuous.is_empty());
    let plan = "sync #99 drop".parse().expect("a plan");
    clean.vacuous.push((plan, "xfs".to_owned()));
    assert!(!clean.holds());
    clean.vacuous.clear();
    clean.runs = 0;
    assert!(!clean.holds());
}
