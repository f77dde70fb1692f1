//! The end of a store, in order.

use std::time::Duration;

use crate::level::Level;

use super::engine::Engine;
use super::failure::Failure;
use super::protocol::{Answer, Cause};
use super::worker::Worker;

/// How often the end tries to bring to disk what is in memory, and how long it waits in between.
const ATTEMPTS: u32 = 2;
const PAUSE: Duration = Duration::from_secs(1);

/// How a store ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Number of the last write.
    pub sequence: u64,
    /// At which level everything acknowledged is held.
    pub level: Level,
    /// Why something that was acknowledged is not held as was promised, or may not be.
    pub failure: Option<String>,
}

impl Ending {
    /// An end at which nothing is known to be kept.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self {
            sequence: 0,
            level: Level::Memory,
            failure: Some(message.into()),
        }
    }

    /// The last line of a service.
    pub fn answer(&self) -> Answer {
        match &self.failure {
            None => Answer::End {
                sequence: self.sequence,
                level: self.level,
            },
            Some(message) => Answer::EndFailed {
                message: message.clone(),
            },
        }
    }

    /// The exit code of a service: 0 or 1.
    pub const fn code(&self) -> i32 {
        match self.failure {
            None => 0,
            Some(_) => 1,
        }
    }
}

impl Worker {
    /// Brings everything acknowledged to disk as far as the engine can, and leaves it open. Whoever waits for a snapshot is answered.
    pub(super) async fn secure(&mut self) -> Result<(), Failure> {
        if self.panic.is_some() && self.seat.engine().is_none() {
            // What a job left half done is on disk as after a kill, and is opened like that: what waits may still be committed.
            let _ = self.wait_for_snapshot().await;
            self.mend().await;
        }
        let secured = self.bring_to_disk().await;
        if self.runs.is_wanted() {
            // Nothing depends on it but whoever asked, and they are told.
            let _ = self.snapshot_now().await;
        }
        secured
    }

    async fn bring_to_disk(&mut self) -> Result<(), Failure> {
        let _ = self.commit().await;
        // Its failure is told where it was asked for; what counts comes now.
        let _ = self.wait_for_snapshot().await;
        if self.panic.is_none() && self.seat.engine().is_some_and(Engine::is_durable) {
            // What fails here is mended below; when the engine is closed it would be too late.
            let _ = self.with_engine(Engine::sync).await;
        }
        if self.seat.needs_mending() && self.panic.is_none() {
            self.mend().await;
        }
        let Some(engine) = self.seat.engine() else {
            return Err(self.seat.refusal().unwrap_or_else(|| Failure::absent("")));
        };
        if !engine.is_in_memory() {
            return Ok(());
        }
        let has_place = engine.snapshot_path().is_some();
        if engine.has_file() {
            self.persevere(Step::Move).await
        } else if self.covered == Some(self.seat.sequence) && !self.runs.is_wanted() {
            // The one in place holds all of it; another would cost the oldest of those that are kept.
            Ok(())
        } else if has_place {
            self.persevere(Step::Snapshot).await
        } else {
            Ok(())
        }
    }

    /// Says what closing the store, now that it is [secured](Self::secure), would cost that was acknowledged.
    pub(super) fn would_lose(&self) -> Result<(), Failure> {
        let engine = self.seat.engine();
        let is_homeless = engine.is_some_and(|engine| {
            engine.is_in_memory() && !engine.has_file() && engine.snapshot_path().is_none()
        });
        if is_homeless && self.seat.sequence > 0 {
            return Err(Failure::absent(
                "it is in memory, and there is no place for it on disk",
            ));
        }
        self.untold.clone().map_or(Ok(()), Err)
    }

    async fn persevere(&mut self, step: Step) -> Result<(), Failure> {
        let mut attempt = 1;
        loop {
            let result = match step {
                Step::Move => self.with_engine(move_to_file).await,
                Step::Snapshot => {
                    self.runs.ask(Cause::Final, None);
                    self.snapshot_now().await
                }
            };
            if result.is_ok() || attempt == ATTEMPTS {
                return result;
            }
            attempt += 1;
            self.host.sleep(PAUSE).await;
        }
    }

    /// Ends the store, once [`secure`](Self::secure) has said what it could do.
    pub(super) async fn close(mut self, secured: Result<(), Failure>) -> Ending {
        let sequence = self.seat.sequence;
        let mut failures: Vec<String> = [self.lost.take(), self.panic.take()]
            .into_iter()
            .flatten()
            .chain(secured.err().map(|failure| failure.message))
            .collect();
        let level = match self.close_engine().await {
            Ok(level) => level,
            Err(message) => {
                failures.push(message);
                Level::Memory
            }
        };
        failures.dedup();
        Ending {
            sequence,
            level,
            failure: (!failures.is_empty()).then(|| failures.join("; ")),
        }
    }

    /// Closes the engine. One that takes no more writes, and is in memory, has nothing to close: all it has is in the last snapshot.
    async fn close_engine(&mut self) -> Result<Level, String> {
        let sequence = self.seat.sequence;
        let engine = self.take_engine()?;
        let is_saved = engine.is_in_memory() && self.covered == Some(sequence);
        let job = move || match engine {
            engine if engine.is_poisoned() && is_saved => Ok(Level::Power),
            engine => engine.close(),
        };
        match self.host.blocking(job).await {
            Ok(closed) => closed.map_err(|failure| failure.message),
            Err(failed) => Err(self.panicked(&failed).message),
        }
    }
}

#[derive(Clone, Copy)]
enum Step {
    Move,
    Snapshot,
}

/// Brings a database from memory to its file. One that never held anything leaves no file.
fn move_to_file(engine: &mut Engine) -> Result<(), Failure> {
    if engine.is_empty()? && engine.sequence() == 0 {
        return Ok(());
    }
    engine.sync().map(drop)
}
