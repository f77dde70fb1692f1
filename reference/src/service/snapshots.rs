//! Taking snapshots beside everything else.

use std::path::PathBuf;
use std::time::Duration;

use crate::host::{Failed, Later};
use crate::level::Level;

use super::failure::Failure;
use super::jobs::WrittenSnapshot;
use super::protocol::{Answer, Cause};
use super::response::Response;
use super::worker::Worker;

/// Longest time that a snapshot by time is put off after failures.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// A snapshot that is being written. The job goes on by itself; what it gives must not be lost.
pub(super) struct Writing {
    /// Number of the last write in the cut.
    covered: u64,
    path: PathBuf,
    job: Later<'static, Result<Result<WrittenSnapshot, Failure>, Failed>>,
}

/// A snapshot that is in place.
struct Placed {
    covered: u64,
    level: Level,
    path: PathBuf,
}

/// What comes of the job that writes.
pub(super) type Wrote = Result<Result<WrittenSnapshot, Failure>, Failed>;

impl Worker {
    /// Begins the snapshot that is asked for, or that is due by the clock and has something new to hold.
    pub(super) async fn begin_snapshot_if_due(&mut self, now: Duration) {
        if self.runs.is_running() {
            return;
        }
        if let Some(interval) = self.options.conduct.snapshot_interval
            && self.snapshot_due.is_some_and(|due| due <= now)
        {
            self.snapshot_due = Some(now.saturating_add(interval));
            if self.covered != Some(self.seat.sequence) || self.is_busy() {
                self.runs.ask(Cause::Interval, None);
            }
        }
        if self.runs.can_begin() {
            // It answers for itself.
            let _ = self.begin_snapshot().await;
        }
    }

    /// Cuts everything that was acknowledged, and begins to write it.
    pub(super) async fn begin_snapshot(&mut self) -> Result<(), Failure> {
        // Who waits for this batch is told of its failure; what is there without it can be saved all the same.
        let _ = self.commit().await;
        self.runs.begin();
        let path = self.seat.engine().and_then(|engine| engine.snapshot_path());
        let cut = self
            .with_engine(|engine| {
                let job = engine.begin_snapshot()?;
                Ok((job, engine.sequence()))
            })
            .await;
        match cut {
            Ok((job, covered)) => {
                let host = self.host.clone();
                self.writing = Some(Writing {
                    covered,
                    path: path.unwrap_or_default(),
                    job: Box::pin(async move { host.blocking(move || job.write()).await }),
                });
                Ok(())
            }
            Err(failure) => self.end_run(Err(failure)),
        }
    }

    /// Waits until the snapshot is written that is being written; for ever if there is none. Dropping the future loses nothing.
    pub(super) async fn wrote(&mut self) -> Wrote {
        match &mut self.writing {
            Some(writing) => writing.job.as_mut().await,
            None => std::future::pending().await,
        }
    }

    /// Puts the snapshot in place that was written, and tells everybody who waits for it.
    pub(super) async fn finish_snapshot(&mut self, wrote: Wrote) -> Result<(), Failure> {
        let Some(Writing { covered, path, .. }) = self.writing.take() else {
            return Ok(());
        };
        let wrote = match wrote {
            Ok(wrote) => wrote,
            Err(failed) => Err(self.panicked(&failed)),
        };
        let placed = match wrote {
            Ok(written) => {
                self.with_engine(move |engine| engine.finish_snapshot(written))
                    .await
            }
            Err(failure) => Err(failure),
        };
        self.end_run(placed.map(|level| Placed {
            covered,
            level,
            path,
        }))
    }

    /// Takes a snapshot from the cut to its place.
    pub(super) async fn snapshot_now(&mut self) -> Result<(), Failure> {
        self.begin_snapshot().await?;
        self.wait_for_snapshot().await
    }

    /// Waits for the snapshot that is being written, if there is one: none is ever broken off.
    pub(super) async fn wait_for_snapshot(&mut self) -> Result<(), Failure> {
        if self.writing.is_none() {
            return Ok(());
        }
        let wrote = self.wrote().await;
        self.finish_snapshot(wrote).await
    }

    /// Puts the next snapshot by time off: the longer, the more have failed, so that a disk that fails is not asked without end.
    fn put_off(&mut self) {
        self.snapshots_failed = self.snapshots_failed.saturating_add(1);
        if let Some(interval) = self.options.conduct.snapshot_interval {
            let longer = interval.saturating_mul(1 << self.snapshots_failed.min(16));
            let wait = longer.min(RETRY_MAX.max(interval));
            self.snapshot_due = Some(self.host.clock.now().saturating_add(wait));
        }
    }

    /// Says how the run ended: on a line, and to everybody who waits for it.
    fn end_run(&mut self, placed: Result<Placed, Failure>) -> Result<(), Failure> {
        let Some(run) = self.runs.end() else {
            return placed.map(drop);
        };
        let (number, cause) = (run.number, run.cause);
        let (line, response, result) = match placed {
            Ok(Placed {
                covered,
                level,
                path,
            }) => {
                self.covered = Some(covered);
                self.snapshots_failed = 0;
                let line = Answer::Snapshot {
                    run: number,
                    cause,
                    sequence: covered,
                    path: path.clone(),
                };
                let done = Response::Done {
                    level,
                    sequence: covered,
                    path: Some(path),
                };
                (line, done, Ok(()))
            }
            Err(failure) => {
                self.put_off();
                let line = Answer::SnapshotFailed {
                    run: number,
                    cause,
                    message: failure.message.clone(),
                };
                (line, failure.clone().into(), Err(failure))
            }
        };
        match &self.lines {
            Some(lines) => lines.send(line.to_string()),
            None if result.is_err() => self.notes.note(&line.to_string()),
            None => {}
        }
        for caller in run.waiters {
            caller.answer(response.clone());
        }
        result
    }
}
