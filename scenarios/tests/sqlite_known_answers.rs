//! SQLite loses commits in the modes and on the disks on which real file systems were seen to lose them, and on no other.

use plimsoll_scenarios::calibration::{SqliteAnswer, SqliteTrial, sqlite_trials};

fn differing(trials: impl Iterator<Item = SqliteTrial>) -> Vec<String> {
    trials
        .filter_map(|trial| {
            let verdict = trial.measure();
            let said = format!("{} on {}: {verdict}", trial.store, trial.disk());
            (!trial.agrees(verdict)).then(|| format!("{said}, known: {:?}", trial.answer))
        })
        .collect()
}

#[test]
fn the_model_says_of_every_mode_what_was_recorded() {
    let trials = sqlite_trials()
        .into_iter()
        .filter(|trial| trial.is_honest());
    assert_eq!(differing(trials), [""; 0]);
}

#[test]
fn on_a_disk_that_lies_every_mode_goes_wrong() {
    let trials = sqlite_trials()
        .into_iter()
        .filter(|trial| !trial.is_honest());
    assert_eq!(differing(trials), [""; 0]);
}

#[test]
fn some_answer_is_that_commits_are_lost_and_some_that_they_are_not() {
    let recorded = |trial: &SqliteTrial| match &trial.answer {
        SqliteAnswer::Recorded(recording) => Some(recording.lost > 0),
        _ => None,
    };
    let answers: Vec<Option<bool>> = sqlite_trials().iter().map(recorded).collect();
    let count = |answer| answers.iter().filter(|&&it| it == answer).count();
    assert_eq!(
        (count(Some(true)), count(Some(false)), count(None)),
        (4, 12, 24)
    );
}
