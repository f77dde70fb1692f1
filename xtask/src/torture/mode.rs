//! How the program is started, and what it promises then.

use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_sim::trial::promise::Promise;

/// How the program is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mode {
    /// For people.
    pub(super) name: &'static str,
    /// Whether it brings its own server.
    pub(super) is_parent: bool,
    /// Whether the store is in memory.
    pub(super) in_memory: bool,
    /// Whether writes are acknowledged at once, which puts them at risk for a second.
    pub(super) is_early: bool,
    is_sqlite: bool,
    /// Whether it is a program of somebody else, which knows no options of ours.
    is_other: bool,
    /// Whether `SIGUSR1` asks it for a snapshot.
    pub(super) snapshots_on_signal: bool,
    /// Whether `SIGTERM` and `SIGINT` end it in good order.
    pub(super) ends_on_signals: bool,
}

const SERVE: Mode = Mode {
    name: "serve native",
    is_parent: false,
    in_memory: false,
    is_early: false,
    is_sqlite: false,
    is_other: false,
    snapshots_on_signal: true,
    ends_on_signals: true,
};

/// Every mode.
pub(super) const ALL: [Mode; 9] = [
    SERVE,
    Mode {
        name: "serve native, early acknowledgements",
        is_early: true,
        ..SERVE
    },
    Mode {
        name: "serve sqlite",
        is_sqlite: true,
        ..SERVE
    },
    Mode {
        name: "serve native in memory",
        in_memory: true,
        ..SERVE
    },
    Mode {
        name: "serve sqlite in memory",
        in_memory: true,
        is_sqlite: true,
        ..SERVE
    },
    Mode {
        name: "run native",
        is_parent: true,
        ..SERVE
    },
    Mode {
        name: "run sqlite, early acknowledgements",
        is_parent: true,
        is_early: true,
        is_sqlite: true,
        ..SERVE
    },
    Mode {
        name: "run native in memory",
        is_parent: true,
        in_memory: true,
        ..SERVE
    },
    Mode {
        name: "run sqlite in memory",
        is_parent: true,
        in_memory: true,
        is_sqlite: true,
        ..SERVE
    },
];

impl Mode {
    /// A program of somebody else, and what it makes of signals.
    pub(super) const fn other(snapshots_on_signal: bool, ends_on_signals: bool) -> Self {
        Self {
            name: "serve",
            is_other: true,
            snapshots_on_signal,
            ends_on_signals,
            ..SERVE
        }
    }

    /// Where the store is in a directory.
    pub(super) fn path(&self, dir: &Path) -> PathBuf {
        dir.join(if self.is_sqlite { "store.db" } else { "store" })
    }

    /// The file that a snapshot of a store in memory replaces, which can be read at any time.
    pub(super) fn canonical(&self, dir: &Path) -> Option<PathBuf> {
        let path = self.path(dir);
        self.in_memory.then(|| {
            if self.is_sqlite {
                path
            } else {
                path.join("snapshot.plim")
            }
        })
    }

    /// Where the snapshots of a store on disk go, which are not what it is opened from alone.
    pub(super) fn copy(&self, dir: &Path) -> Option<PathBuf> {
        let is_known = !self.in_memory && !self.is_other;
        is_known.then(|| {
            if self.is_sqlite {
                dir.join("copy.db")
            } else {
                self.path(dir).join("snapshot.plim")
            }
        })
    }

    /// The words that start it.
    pub(super) fn arguments(&self, dir: &Path, with_interval: bool) -> Vec<String> {
        if self.is_other {
            return vec!["serve".to_owned(), path_word(&self.path(dir))];
        }
        let command = if self.is_parent { "run" } else { "serve" };
        let engine = if self.is_sqlite { "sqlite" } else { "native" };
        let mut words = vec![
            command.to_owned(),
            path_word(&self.path(dir)),
            format!("--engine={engine}"),
        ];
        let mut add = |is_wanted: bool, word: &str| {
            if is_wanted {
                words.push(word.to_owned());
            }
        };
        add(self.is_early, "--acks=window");
        add(self.is_early, "--window-seconds=1");
        add(self.in_memory, "--in-memory");
        add(self.in_memory && self.is_parent, "--resume");
        add(with_interval, "--snapshot-interval-seconds=1");
        if let Some(copy) = self.copy(dir).filter(|_| self.is_sqlite) {
            words.push(format!("--snapshot-path={}", copy.display()));
        }
        words
    }

    /// Whether what it shows is on disk; of others nobody knows.
    const fn is_written_at_once(&self) -> bool {
        !self.in_memory && !self.is_early && !self.is_other
    }

    /// What it promises. Times are generous: the machine may have other things to do.
    pub(super) fn promise(&self) -> Promise {
        Promise {
            snapshots_on_signal: self.snapshots_on_signal,
            ends_on_signals: self.ends_on_signals,
            ends_on_hangup: self.is_parent,
            gives_up_opening: !self.is_other,
            undone_code: self
                .is_parent
                .then_some(plimsoll_reference::standalone::UNDONE),
            answers_within: Some(Duration::from_secs(30)),
            ends_within: Some(Duration::from_secs(30)),
            window_slack: Duration::from_secs(3),
            shows_durable: self.is_written_at_once(),
            reads_survive: self.is_written_at_once(),
            ..Promise::default()
        }
    }
}

/// The word that says where the store is.
pub(super) fn path_word(path: &Path) -> String {
    format!("--path={}", path.display())
}

#[cfg(test)]
mod tests {
    use plimsoll_reference::standalone::Setup;

    use super::*;

    #[test]
    fn servers_are_started_with_what_makes_sense() {
        for mode in ALL.iter().filter(|mode| !mode.is_parent) {
            for with_interval in [false, true] {
                let words = mode.arguments(Path::new("/d"), with_interval);
                let setup = Setup::parse(&words).expect(mode.name);
                assert!(setup.service_options().is_ok(), "{}", mode.name);
            }
        }
    }
}
