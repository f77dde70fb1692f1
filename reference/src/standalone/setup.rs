//! What a server is started with.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use crate::digits;
use crate::service::{Acks, BatchLimits, EngineOptions, ServiceOptions};
use crate::{native, sqlite};

/// Which engine a store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// The native engine, in a directory.
    Native,
    /// The engine on SQLite, in a file.
    Sqlite,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Sqlite => "sqlite",
        })
    }
}

impl FromStr for EngineKind {
    type Err = SetupError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "native" => Ok(Self::Native),
            "sqlite" => Ok(Self::Sqlite),
            _ => Err(SetupError(format!(
                "`{text}` is no engine; choose `native` or `sqlite`"
            ))),
        }
    }
}

/// A setup that makes no sense. The message says what would.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct SetupError(String);

/// Which store a server opens and how: the options of `plimsoll-store serve`, in the words of its command line.
///
/// ```
/// use plimsoll_reference::standalone::{EngineKind, Setup};
///
/// let mut setup = Setup::new("/data/run.db", EngineKind::Sqlite);
/// setup.in_memory = true;
/// let words = setup.arguments()?;
/// assert_eq!(words.join(" "), "serve --path=/data/run.db --engine=sqlite --acks=power --in-memory");
/// assert_eq!(Setup::parse(&words)?, setup);
/// # Ok::<(), plimsoll_reference::standalone::SetupError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The directory of a native store, the file of a database. It is better absolute.
    pub path: PathBuf,
    /// The engine.
    pub engine: EngineKind,
    /// Whether the store is in memory, and at the path only what snapshots put there.
    pub in_memory: bool,
    /// When writes are acknowledged.
    pub acks: Acks,
    /// How long a write that was acknowledged at once waits to be committed, in whole seconds.
    pub window: Duration,
    /// Time between two snapshots, at least 1 s, in whole seconds.
    pub snapshot_interval: Option<Duration>,
    /// How many snapshots are kept, the newest counted. The native engine keeps one.
    pub snapshot_keep: Option<u32>,
    /// Where snapshots go, if not to their place at the path.
    pub snapshot_path: Option<PathBuf>,
}

impl Setup {
    /// A store at this path, with the safest of everything and no snapshots but those asked for.
    pub fn new(path: impl Into<PathBuf>, engine: EngineKind) -> Self {
        Self {
            path: path.into(),
            engine,
            in_memory: false,
            acks: Acks::Power,
            window: BatchLimits::default().age_max,
            snapshot_interval: None,
            snapshot_keep: None,
            snapshot_path: None,
        }
    }

    /// The words that start such a server.
    ///
    /// # Errors
    /// A path is no UTF-8.
    pub fn arguments(&self) -> Result<Vec<String>, SetupError> {
        let mut words = vec!["serve".to_owned(), word("path", text_of(&self.path)?)];
        words.push(word("engine", self.engine));
        let acks = match self.acks {
            Acks::Power => "power",
            Acks::Window => "window",
        };
        words.push(word("acks", acks));
        if self.window != BatchLimits::default().age_max {
            words.push(word("window-seconds", self.window.as_secs()));
        }
        if self.in_memory {
            words.push("--in-memory".to_owned());
        }
        if let Some(interval) = self.snapshot_interval {
            words.push(word("snapshot-interval-seconds", interval.as_secs()));
        }
        if let Some(keep) = self.snapshot_keep {
            words.push(word("snapshot-keep", keep));
        }
        if let Some(path) = &self.snapshot_path {
            words.push(word("snapshot-path", text_of(path)?));
        }
        Ok(words)
    }

    /// Reads what [`arguments`](Self::arguments) gives, for whoever starts a server without a command line.
    ///
    /// # Errors
    /// The words are not those of a server.
    pub fn parse(words: &[String]) -> Result<Self, SetupError> {
        let wrong = |message: String| SetupError(message);
        let Some(("serve", options)) = words
            .split_first()
            .map(|(first, rest)| (first.as_str(), rest))
        else {
            return Err(wrong("the first word is `serve`".to_owned()));
        };
        let mut setup = Self::new("", EngineKind::Native);
        for option in options {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let number = || {
                let parsed: Option<u32> = digits::number(value);
                parsed.ok_or_else(|| wrong(format!("`{name}` is a number, not `{value}`")))
            };
            match name {
                "--path" => setup.path = value.into(),
                "--engine" => setup.engine = value.parse()?,
                "--acks" if value == "power" => setup.acks = Acks::Power,
                "--acks" if value == "window" => setup.acks = Acks::Window,
                "--window-seconds" => setup.window = Duration::from_secs(number()?.into()),
                "--in-memory" if value.is_empty() => setup.in_memory = true,
                "--snapshot-interval-seconds" => {
                    setup.snapshot_interval = Some(Duration::from_secs(number()?.into()));
                }
                "--snapshot-keep" => setup.snapshot_keep = Some(number()?),
                "--snapshot-path" => setup.snapshot_path = Some(value.into()),
                _ => return Err(wrong(format!("`{option}` is no option of a server"))),
            }
        }
        Ok(setup)
    }

    /// Looks for what makes no sense, and gives the options of the service.
    ///
    /// # Errors
    /// The first thing that makes no sense.
    pub fn service_options(&self) -> Result<ServiceOptions, SetupError> {
        let refuse = |message: &str| Err(SetupError(message.to_owned()));
        if self.path.file_name().is_none() {
            return refuse("--path: it ends in no name; name the store");
        }
        if self.snapshot_interval == Some(Duration::ZERO) {
            return refuse(
                "--snapshot-interval-seconds: 0 would be no snapshots at all; use at least 1, or leave it out",
            );
        }
        if self.snapshot_interval.is_some() && !self.has_place() {
            return refuse(
                "--snapshot-interval-seconds: there is no place for snapshots; name one with --snapshot-path",
            );
        }
        if self.window == Duration::ZERO {
            return refuse("--window-seconds: 0 is no window; use --acks=power");
        }
        if self.window.subsec_nanos() != 0 {
            return refuse("--window-seconds: it is a whole number of seconds");
        }
        if self
            .snapshot_interval
            .is_some_and(|interval| interval.subsec_nanos() != 0)
        {
            return refuse("--snapshot-interval-seconds: it is a whole number of seconds");
        }
        let engine = match self.engine {
            EngineKind::Native => EngineOptions::Native(self.native()?),
            EngineKind::Sqlite => EngineOptions::Sqlite(self.sqlite()?),
        };
        let limits = BatchLimits {
            age_max: self.window,
            ..BatchLimits::default()
        };
        let mut options = ServiceOptions::new(engine).acks(self.acks).batch(limits);
        if let Some(interval) = self.snapshot_interval {
            options = options.snapshot_interval(interval);
        }
        match options.validate() {
            Ok(()) => Ok(options),
            Err(error) => Err(SetupError(error.to_string())),
        }
    }

    fn native(&self) -> Result<native::Options, SetupError> {
        if self.snapshot_keep.is_some_and(|keep| keep != 1) {
            return Err(SetupError(
                "--snapshot-keep: the native engine keeps one snapshot; use --engine=sqlite for older ones"
                    .to_owned(),
            ));
        }
        let mut options = native::Options::new(&self.path);
        if self.in_memory {
            options = options.log_mode(native::LogMode::Never);
        }
        if let Some(path) = &self.snapshot_path {
            options = options.snapshot_path(path);
        }
        Ok(options)
    }

    fn sqlite(&self) -> Result<sqlite::Options, SetupError> {
        let keep = self.snapshot_keep.unwrap_or(sqlite::KEEP_DEFAULT);
        if keep == 0 {
            return Err(SetupError(
                "--snapshot-keep: the newest snapshot counts; keep at least 1".to_owned(),
            ));
        }
        let options = match (self.in_memory, &self.snapshot_path) {
            (true, None) => sqlite::Options::memory().snapshot_path(&self.path),
            (true, Some(_)) => {
                return Err(SetupError(
                    "--snapshot-path: snapshots of a database in memory go to --path; leave it out"
                        .to_owned(),
                ));
            }
            (false, None) => sqlite::Options::file(&self.path),
            (false, Some(path)) => sqlite::Options::file(&self.path).snapshot_path(path),
        };
        Ok(options.keep(keep))
    }

    /// Whether there is a place for snapshots.
    fn has_place(&self) -> bool {
        self.in_memory || self.engine == EngineKind::Native || self.snapshot_path.is_some()
    }

    /// Whether somebody asked for snapshots, so that one is wanted at the end.
    pub(super) const fn wants_snapshots(&self) -> bool {
        self.in_memory || self.snapshot_interval.is_some() || self.snapshot_path.is_some()
    }
}

fn word(name: &str, value: impl fmt::Display) -> String {
    format!("--{name}={value}")
}

fn text_of(path: &Path) -> Result<&str, SetupError> {
    path.to_str().ok_or_else(|| {
        SetupError(format!(
            "`{}` is no UTF-8; choose another path",
            path.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Setup {
        Setup {
            in_memory: true,
            acks: Acks::Window,
            window: Duration::from_secs(2),
            snapshot_interval: Some(Duration::from_secs(3)),
            snapshot_keep: Some(1),
            snapshot_path: Some("/b=c d".into()),
            ..Setup::new("/data", EngineKind::Native)
        }
    }

    #[test]
    fn words_are_read_as_they_were_meant() {
        for setup in [full(), Setup::new("/d", EngineKind::Sqlite)] {
            let words = setup.arguments().expect("paths are UTF-8");
            assert_eq!(Setup::parse(&words), Ok(setup), "{words:?}");
        }
        for wrong in [
            &["get"][..],
            &["serve", "--acks=never"],
            &["serve", "--in-memory=yes"],
            &["serve", "--snapshot-keep=five"],
            &["serve", "--path"],
        ] {
            let words: Vec<String> = wrong.iter().copied().map(str::to_owned).collect();
            let parsed = Setup::parse(&words).and_then(|setup| setup.service_options());
            assert!(parsed.is_err(), "{wrong:?}");
        }
    }

    /// Changes a setup, and says what is refused.
    fn refused(engine: EngineKind, change: impl FnOnce(&mut Setup)) -> String {
        let mut setup = Setup::new("/data/store", engine);
        change(&mut setup);
        let error = setup.service_options().expect_err("it makes no sense");
        error.to_string()
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        use EngineKind::{Native, Sqlite};
        for engine in [Native, Sqlite] {
            let interval = |setup: &mut Setup| setup.snapshot_interval = Some(Duration::ZERO);
            assert!(refused(engine, interval).starts_with("--snapshot-interval-seconds"));
            let keep = |setup: &mut Setup| setup.snapshot_keep = Some(0);
            assert!(refused(engine, keep).starts_with("--snapshot-keep"));
            let window = |setup: &mut Setup| setup.window = Duration::ZERO;
            assert!(refused(engine, window).starts_with("--window-seconds"));
            let path = |setup: &mut Setup| setup.path = "/".into();
            assert!(refused(engine, path).starts_with("--path"));
        }
        // Their words would be those of another setup.
        let window = |setup: &mut Setup| setup.window = Duration::from_millis(1500);
        assert!(refused(Native, window).contains("whole number"));
        let interval = Some(Duration::from_millis(2500));
        let interval = |setup: &mut Setup| setup.snapshot_interval = interval;
        assert!(refused(Native, interval).contains("whole number"));
        let interval = |setup: &mut Setup| setup.snapshot_interval = Some(Duration::from_secs(1));
        assert!(refused(Sqlite, interval).contains("no place for snapshots"));
        let keep = |setup: &mut Setup| setup.snapshot_keep = Some(5);
        assert!(refused(Native, keep).contains("keeps one snapshot"));
        let both = |setup: &mut Setup| {
            setup.in_memory = true;
            setup.snapshot_path = Some("/b".into());
        };
        assert!(refused(Sqlite, both).starts_with("--snapshot-path"));
        assert!(full().service_options().is_ok());
    }
}
