//! Where the engine is while no job has it.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::host::Failed;
use crate::mutation::Mutation;

use super::engine::Engine;
use super::engine_options::EngineOptions;
use super::failure::Failure;
use super::protocol::Outcome;
use super::worker::Worker;

/// Time between two attempts to open the engine again: at first, and at most.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// The engine, or why there is none.
#[derive(Debug)]
pub(super) struct Seat {
    engine: Option<Engine>,
    /// Why there is none, or why the one that is here takes no writes.
    trouble: String,
    /// When it may be opened again, and how long to wait after that.
    retry_at: Duration,
    pause: Duration,
    /// Number of the last write that was there.
    pub(super) sequence: u64,
    /// Number of the last write that was acknowledged. Below a power loss, too, a disk that fails a sync may drop what it had taken.
    pub(super) acknowledged: u64,
    /// Keys of writes of which nobody knows whether they took effect: what is opened again will show it.
    unsettled: BTreeSet<Vec<u8>>,
}

impl Seat {
    pub(super) fn new(engine: Engine) -> Self {
        Self {
            sequence: engine.sequence(),
            acknowledged: 0,
            engine: Some(engine),
            trouble: String::new(),
            retry_at: Duration::ZERO,
            pause: RETRY_MIN,
            unsettled: BTreeSet::new(),
        }
    }

    pub(super) const fn engine(&self) -> Option<&Engine> {
        self.engine.as_ref()
    }

    /// Why no write can be taken now.
    pub(super) fn refusal(&self) -> Option<Failure> {
        let problem = match &self.engine {
            None => "the store is not open",
            Some(engine) if engine.is_poisoned() => "the store takes no more writes",
            Some(_) => return None,
        };
        Some(Failure::absent(format!("{problem}: {}", self.trouble)))
    }

    /// Whether opening the engine again would help: everything that it shows then is on disk. One that is in memory would be lost.
    pub(super) fn needs_mending(&self) -> bool {
        match &self.engine {
            None => true,
            Some(engine) => engine.is_poisoned() && !engine.is_in_memory(),
        }
    }

    /// Takes note of why no more writes may be taken.
    pub(super) fn note_trouble(&mut self, failure: &Failure) {
        if self.engine.as_ref().is_none_or(Engine::is_poisoned) {
            self.trouble.clone_from(&failure.message);
        }
    }

    /// Takes note of a write that failed.
    pub(super) fn note_failed_write(&mut self, write: &[Mutation], failure: &Failure) {
        if failure.outcome == Outcome::Unknown && self.needs_mending() {
            let keys = write.iter().map(|mutation| mutation.key().to_vec());
            self.unsettled.extend(keys);
        }
    }

    /// Whether the engine that is here may show of this key, or of any, what the one that is opened next will not.
    pub(super) fn is_unsettled(&self, key: Option<&[u8]>) -> bool {
        let is_open = match key {
            Some(key) => self.unsettled.contains(key),
            None => !self.unsettled.is_empty(),
        };
        is_open && self.needs_mending()
    }

    pub(super) const fn retry_at(&self) -> Duration {
        self.retry_at
    }
}

impl Worker {
    /// Moves the engine into a job, has it do something there, and takes it back.
    ///
    /// A panic leaves an engine here that is in memory: the end may still save what it holds. One on disk is let go of, as nobody knows how
    /// far it came: what is on disk is whole after a kill, and may not be after whatever this one would do next.
    pub(super) async fn with_engine<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Engine) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let Some(mut engine) = self.seat.engine.take() else {
            // What the work holds may block when it is dropped.
            self.host.blocking(move || drop(work)).await?;
            let trouble = &self.seat.trouble;
            return Err(Failure::absent(format!("the store is not open: {trouble}")));
        };
        let job = move || {
            let result = catch_unwind(AssertUnwindSafe(|| work(&mut engine)));
            let warnings = engine.take_warnings();
            let sequence = engine.sequence();
            let is_kept = result.is_ok() || engine.is_in_memory();
            (is_kept.then_some(engine), sequence, warnings, result)
        };
        match self.host.blocking(job).await {
            Ok((engine, sequence, warnings, result)) => {
                self.seat.sequence = sequence;
                self.seat.engine = engine;
                for warning in warnings {
                    self.notes.note(&warning);
                    self.seat.note_trouble(&Failure::absent(warning));
                }
                let result = result
                    .unwrap_or_else(|payload| Err(self.panicked(&Failed::panicked(&*payload))));
                if let Err(failure) = &result {
                    self.seat.note_trouble(failure);
                }
                result
            }
            Err(failed) => {
                self.seat.trouble = failed.to_string();
                Err(self.panicked(&failed))
            }
        }
    }

    /// Takes note of a job that panicked. Nothing goes on behind that but the end.
    pub(super) fn panicked(&mut self, failed: &Failed) -> Failure {
        let message = format!("the service failed: {failed}");
        self.notes.note(&message);
        self.panic.get_or_insert_with(|| message.clone());
        Failure::unknown(message)
    }

    /// Opens the engine again if a failure keeps it from taking writes, it is time, and no snapshot is being written: that has the lock.
    pub(super) async fn mend_if_due(&mut self) {
        let is_due = self.seat.retry_at <= self.host.clock.now();
        if is_due && self.seat.needs_mending() && !self.runs.is_running() && self.panic.is_none() {
            self.mend().await;
        }
    }

    /// Opens the engine again, if it is time, where a read of a key, or of all, depends on a write of unknown outcome. Until that is known
    /// the read is refused: whatever it showed, the store that is opened next may show the other.
    pub(super) async fn settle(&mut self, key: Option<&[u8]>) -> Result<(), Failure> {
        if self.seat.is_unsettled(key) {
            self.mend_if_due().await;
        }
        if let Some(panic) = &self.panic {
            return Err(Failure::absent(panic.clone()));
        }
        if self.seat.is_unsettled(key) {
            let trouble = &self.seat.trouble;
            let why = "a write may have taken effect, which is known when the store is open again";
            return Err(Failure::absent(format!("{why}: {trouble}")));
        }
        Ok(())
    }

    /// Opens the engine again, from what is on disk.
    pub(super) async fn mend(&mut self) {
        let sequence = self.seat.sequence;
        let options = match (&self.options.engine, sequence) {
            // Nothing may be on disk as yet. A database is, from the moment it was opened, whatever this process has written.
            (EngineOptions::Native(_), 0) => self.options.engine.clone(),
            _ => self.options.engine.clone().of_existing(),
        };
        let broken = self.seat.engine.take();
        let host = self.host.clone();
        let job = move || {
            drop(broken);
            Engine::open(&host, &options, sequence)
        };
        let opened = match self.host.blocking(job).await {
            Ok(opened) => opened,
            Err(failed) => Err(self.panicked(&failed)),
        };
        match opened {
            Ok(engine) => self.reopened(engine),
            Err(failure) => {
                self.seat.trouble = failure.message;
                let now = self.host.clock.now();
                self.seat.retry_at = now.saturating_add(self.seat.pause);
                self.seat.pause = self.seat.pause.saturating_mul(2).min(RETRY_MAX);
                let trouble = &self.seat.trouble;
                self.notes
                    .note(&format!("the store could not be opened again: {trouble}"));
            }
        }
    }

    fn reopened(&mut self, engine: Engine) {
        let (sequence, acknowledged) = (engine.sequence(), self.seat.acknowledged);
        self.notes
            .note(&format!("the store was opened again and shows {sequence}"));
        if sequence < acknowledged {
            self.lose(
                (sequence + 1, acknowledged),
                "the store came back without them",
            );
        }
        let retry_at = self.host.clock.now().saturating_add(RETRY_MIN);
        self.seat = Seat {
            acknowledged: acknowledged.min(sequence),
            retry_at,
            ..Seat::new(engine)
        };
    }

    /// Takes the engine for good.
    pub(super) fn take_engine(&mut self) -> Result<Engine, String> {
        self.seat
            .engine
            .take()
            .ok_or_else(|| format!("the store could not be opened again: {}", self.seat.trouble))
    }
}
