//! How a service works.

use std::time::Duration;

use thiserror::Error;

use crate::level::Level;

use super::batch::BatchLimits;
use super::engine_options::EngineOptions;

/// Least time between two snapshots.
const SNAPSHOT_INTERVAL_MIN: Duration = Duration::from_secs(1);

/// Time without a request after which a store of a registry is closed, unless another is asked for.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);

/// When a write is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// At once, before the batch is committed: a crash may take what the batch holds. Reads show it.
    Window,
    /// When the commit has returned, at the level of the engine. A batch is then committed as soon as no request is waiting.
    Power,
}

/// An option that makes no sense.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("option `{option}`: {reason}")]
pub struct InvalidOption {
    /// The option.
    pub option: &'static str,
    /// What is wrong with it and what is right.
    pub reason: &'static str,
}

/// How a service works. The defaults are the safest: each write is acknowledged when it is committed; no snapshots but those asked for.
///
/// ```
/// use std::time::Duration;
/// use plimsoll_reference::native;
/// use plimsoll_reference::service::{Acks, EngineOptions, ServiceOptions};
///
/// let engine = EngineOptions::Native(native::Options::new("data"));
/// let options = ServiceOptions::new(engine).acks(Acks::Window);
/// assert!(options.validate().is_ok());
/// assert!(options.snapshot_interval(Duration::ZERO).validate().is_err());
/// ```
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    pub(super) engine: EngineOptions,
    pub(super) conduct: Conduct,
}

/// What the stores of a registry have in common, and a service alone decides for itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conduct {
    pub(super) acks: Acks,
    pub(super) batch: BatchLimits,
    pub(super) snapshot_interval: Option<Duration>,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            acks: Acks::Power,
            batch: BatchLimits::default(),
            snapshot_interval: None,
        }
    }
}

impl Conduct {
    fn validate(&self) -> Result<(), InvalidOption> {
        match self.snapshot_interval {
            Some(interval) if interval < SNAPSHOT_INTERVAL_MIN => Err(InvalidOption {
                option: "snapshot_interval",
                reason: "snapshots are at least 1 s apart; leave it out for none",
            }),
            _ => self.batch.validate(),
        }
    }
}

impl ServiceOptions {
    /// A service of this engine.
    pub fn new(engine: EngineOptions) -> Self {
        Self {
            engine,
            conduct: Conduct::default(),
        }
    }

    /// When writes are acknowledged.
    #[must_use]
    pub fn acks(mut self, acks: Acks) -> Self {
        self.conduct.acks = acks;
        self
    }

    /// When a batch is closed.
    #[must_use]
    pub fn batch(mut self, limits: BatchLimits) -> Self {
        self.conduct.batch = limits;
        self
    }

    /// Takes a snapshot whenever this much time has passed since the last cut, at least 1 s, if something was written since.
    #[must_use]
    pub fn snapshot_interval(mut self, interval: Duration) -> Self {
        self.conduct.snapshot_interval = Some(interval);
        self
    }

    /// Looks for options that make no sense.
    ///
    /// # Errors
    /// The first one.
    pub fn validate(&self) -> Result<(), InvalidOption> {
        self.conduct.validate()?;
        self.engine.validate()
    }

    /// The level of an acknowledgement before the commit, where the engine commits at this one. Where the engine lets a power loss take any
    /// suffix, the time of the batch promises nothing more about it.
    pub(super) fn early_level(&self, engine: Level) -> Level {
        let age_max = self.conduct.batch.age_max;
        match engine {
            Level::Power => Level::Window(age_max),
            Level::Window(window) => Level::Window(window.saturating_add(age_max)),
            Level::Process | Level::Memory => Level::Memory,
        }
    }
}

/// How a [`Registry`](super::Registry) works.
#[derive(Clone, Debug)]
pub struct RegistryOptions {
    pub(super) conduct: Conduct,
    pub(super) idle_timeout: Duration,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self {
            conduct: Conduct::default(),
            idle_timeout: IDLE_TIMEOUT,
        }
    }
}

impl RegistryOptions {
    /// When writes are acknowledged.
    #[must_use]
    pub fn acks(mut self, acks: Acks) -> Self {
        self.conduct.acks = acks;
        self
    }

    /// When a batch is closed.
    #[must_use]
    pub fn batch(mut self, limits: BatchLimits) -> Self {
        self.conduct.batch = limits;
        self
    }

    /// As [`ServiceOptions::snapshot_interval`], of each store.
    #[must_use]
    pub fn snapshot_interval(mut self, interval: Duration) -> Self {
        self.conduct.snapshot_interval = Some(interval);
        self
    }

    /// Closes a store that was asked for nothing for this long; 300 s unless another is asked for.
    #[must_use]
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.idle_timeout = time;
        self
    }

    pub(super) fn validate(&self) -> Result<(), InvalidOption> {
        if self.idle_timeout == Duration::ZERO {
            return Err(InvalidOption {
                option: "idle_timeout",
                reason: "a store that is never open cannot be asked; use a longer time",
            });
        }
        self.conduct.validate()
    }

    /// The options of one store.
    pub(super) fn of(&self, engine: EngineOptions) -> ServiceOptions {
        ServiceOptions {
            engine,
            conduct: self.conduct,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::native;

    use super::*;

    fn options() -> ServiceOptions {
        ServiceOptions::new(EngineOptions::Native(native::Options::new("data")))
    }

    #[test]
    fn snapshots_are_a_second_apart_at_least() {
        let with = |interval| options().snapshot_interval(interval).validate();
        assert!(with(Duration::from_secs(1)).is_ok());
        for interval in [Duration::ZERO, Duration::from_millis(999)] {
            let error = with(interval).expect_err("it is too short");
            assert_eq!(error.option, "snapshot_interval");
        }
    }

    #[test]
    fn an_engine_with_snapshots_of_its_own_is_refused() {
        let interval = native::SnapshotPolicy::Interval(Duration::from_secs(5));
        let engine = native::Options::new("data").snapshot_policy(interval);
        let error = ServiceOptions::new(EngineOptions::Native(engine))
            .validate()
            .expect_err("two would take them");
        assert_eq!(error.option, "snapshot_policy");
    }

    #[test]
    fn an_early_acknowledgement_promises_no_more_than_both_windows() {
        let early = |level| options().early_level(level);
        let seconds = Duration::from_secs;
        assert_eq!(early(Level::Power), Level::Window(seconds(15)));
        assert_eq!(early(Level::Window(seconds(2))), Level::Window(seconds(17)));
        assert_eq!(early(Level::Process), Level::Memory);
        assert_eq!(early(Level::Memory), Level::Memory);
    }
}
