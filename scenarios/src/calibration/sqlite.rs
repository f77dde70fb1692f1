//! The known answers for SQLite: in which modes a power loss takes commits that had returned, on which disk.

use std::collections::BTreeSet;
use std::fmt;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::{Case, Disk, Limits};
use plimsoll_sim::explore::{self, Probe};
use plimsoll_sim::oracle::Oracle;

use super::case::steps;
use super::recorded::{Recording, recordings};
use crate::registry::Registry;

/// Commits that each show by themselves, more than a write-ahead log holds before it is copied into the database, and two that replace
/// what there was.
const STEPS: [&str; 6] = [
    "put a 1", "put b 2", "put c 3", "put a 4", "put d 5", "put b 6",
];

/// What follows the name of a store that claims that every commit survives a power loss.
///
/// The recordings ask of every mode whether a commit that had returned is there, also of those for which SQLite documents that it may
/// not be.
const CLAIM: &str = "-as-power";

/// What power losses leave of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteVerdict {
    /// Whether one takes a commit that had returned.
    pub loses: bool,
    /// Whether one leaves a database that cannot be opened, or fails the integrity check.
    pub damages: bool,
    /// Whether one leaves anything else that is wrong, such as part of a commit.
    pub other: bool,
}

impl SqliteVerdict {
    fn of(probe: &Probe) -> Self {
        let (mut loses, mut damages, mut other) = (false, false, false);
        for oracle in &probe.violated {
            match oracle {
                Oracle::D1 => loses = true,
                Oracle::R3 => damages = true,
                _ => other = true,
            }
        }
        Self {
            loses,
            damages,
            other,
        }
    }

    const fn recorded(recording: &Recording) -> Self {
        Self {
            loses: recording.lost > 0,
            damages: recording.damaged > 0,
            other: false,
        }
    }

    /// Whether nothing is wrong.
    pub const fn is_clean(self) -> bool {
        !self.loses && !self.damages && !self.other
    }
}

impl fmt::Display for SqliteVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            (self.loses, "loses"),
            (self.damages, "damages"),
            (self.other, "other"),
        ];
        let words: Vec<&str> = words
            .into_iter()
            .filter_map(|(is_so, word)| is_so.then_some(word))
            .collect();
        f.write_str(&match words.as_slice() {
            [] => "keeps".to_owned(),
            words => words.join("+"),
        })
    }
}

/// What is known of a mode of SQLite on a disk.
#[derive(Clone, Debug)]
pub enum SqliteAnswer {
    /// What power cuts left on a real file system.
    Recorded(Recording),
    /// What SQLite documents of the mode: whether a power loss may take commits that had returned.
    Documented {
        /// Whether it may.
        loses: bool,
    },
    /// The disk lies: anything may be wrong, and something must be.
    Lied,
}

/// Modes that were not recorded. Of a write-ahead log with `synchronous=NORMAL` SQLite says that a transaction "might roll back following a
/// power loss" (its documentation of `PRAGMA synchronous`).
const DOCUMENTED: [(&str, bool); 1] = [("sqlite-wal-normal", true)];

/// A mode of SQLite on a disk.
#[derive(Clone)]
pub struct SqliteTrial {
    /// The store, without a claim.
    pub store: String,
    case: Case,
    /// What is known of it.
    pub answer: SqliteAnswer,
}

impl SqliteTrial {
    /// The disk.
    pub fn disk(&self) -> String {
        self.case.disk.name()
    }

    /// Cuts the power everywhere.
    pub fn measure(&self) -> SqliteVerdict {
        SqliteVerdict::of(&explore::probe(&self.case))
    }

    /// Whether a verdict is the known answer.
    pub fn agrees(&self, verdict: SqliteVerdict) -> bool {
        match &self.answer {
            SqliteAnswer::Recorded(recording) => verdict == SqliteVerdict::recorded(recording),
            SqliteAnswer::Documented { loses } => {
                verdict
                    == SqliteVerdict {
                        loses: *loses,
                        damages: false,
                        other: false,
                    }
            }
            SqliteAnswer::Lied => !verdict.is_clean(),
        }
    }

    /// Whether the disk does not lie.
    pub const fn is_honest(&self) -> bool {
        !matches!(self.answer, SqliteAnswer::Lied)
    }
}

/// Everything known as a trial, store by store, each store followed by what becomes of it on the same disks when they lie.
pub fn sqlite_trials() -> Vec<SqliteTrial> {
    let recordings = recordings();
    let stores: BTreeSet<&str> = recordings.iter().map(|it| it.store.as_str()).collect();
    let of = |store: &str| -> Vec<Recording> {
        let is_of = |recording: &&Recording| recording.store == store;
        recordings.iter().filter(is_of).cloned().collect()
    };
    let trials = |store: &str| -> Vec<SqliteTrial> {
        let honest = of(store).into_iter().map(|recording| {
            let disk = disk(&recording.disk, false);
            let store = recording.store.clone();
            trial(&store, disk, SqliteAnswer::Recorded(recording))
        });
        let lying = of(store)
            .into_iter()
            .map(|it| trial(&it.store, disk(&it.disk, true), SqliteAnswer::Lied));
        honest.chain(lying).collect()
    };
    let documented = |(store, loses): (&str, bool)| -> Vec<SqliteTrial> {
        let on = |lies| {
            let answer = if lies {
                SqliteAnswer::Lied
            } else {
                SqliteAnswer::Documented { loses }
            };
            // In the order of the recordings of the first store.
            let first = recordings.first().map(|it| it.store.clone());
            let is_first = |it: &&Recording| Some(&it.store) == first.as_ref();
            let disks = recordings.iter().filter(is_first);
            let trials = disks.map(move |it| trial(store, disk(&it.disk, lies), answer.clone()));
            trials.collect::<Vec<_>>()
        };
        [on(false), on(true)].concat()
    };
    let recorded = stores.into_iter().flat_map(trials);
    recorded
        .chain(DOCUMENTED.into_iter().flat_map(documented))
        .collect()
}

fn disk(name: &str, lies: bool) -> Disk {
    let profile = Profile::named(name).expect("a test looks every recording up");
    if lies {
        Disk::lying(profile)
    } else {
        Disk {
            profile,
            kinds: vec![CrashKind::PowerLoss],
        }
    }
}

fn trial(store: &str, disk: Disk, answer: SqliteAnswer) -> SqliteTrial {
    let claiming = format!("{store}{CLAIM}");
    let sut = Registry::shipped()
        .sut(&claiming)
        .expect("a test looks every recording up");
    let limits = Limits {
        depth: 0,
        samples: 64,
        exhaustive_states: 256,
        ..Limits::default()
    };
    SqliteTrial {
        store: store.to_owned(),
        case: Case {
            limits,
            ..Case::new(
                format!("calibrate/{store}@{}", disk.name()),
                sut,
                steps(&STEPS),
                disk,
            )
        },
        answer,
    }
}
