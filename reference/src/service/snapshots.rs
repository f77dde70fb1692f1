//! Taking snapshots beside everything else.

use std::path::PathBuf;
use std::time::Duration;

use crate::host::{Failed, Later};
use crate::level::Level;

use super::caller::Caller;
use super::failure::Failure;
use super::jobs::{PlacedSnapshot, WrittenSnapshot};
use super::protocol::{Answer, Cause};
use super::response::Response;
use super::worker::Worker;

/// Longest time that a snapshot by time is put off after failures.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// A snapshot that is being written or put in place. The job goes on by itself; what it gives must not be lost.
pub(super) struct Writing {
    /// Number of the last write in the cut.
    covered: u64,
    path: PathBuf,
    is_placing: bool,
    job: Later<'static, Wrote>,
}

/// How far a job took a snapshot.
pub(super) enum Step {
    Written(WrittenSnapshot),
    Placed(PlacedSnapshot),
}

/// What comes of a job.
pub(super) type Wrote = Result<Result<Step, Failure>, Failed>;

/// Whoever waits for a snapshot.
pub(super) struct Waiter {
    caller: Caller,
    /// Whether that is what was asked for, so that the answer says where it is.
    wants_path: bool,
}

impl Waiter {
    /// Who asked for a snapshot.
    pub(super) const fn of_snapshot(caller: Caller) -> Self {
        Self {
            caller,
            wants_path: true,
        }
    }

    /// Who asked for something that a snapshot does.
    pub(super) const fn of_maintenance(caller: Caller) -> Self {
        Self {
            caller,
            wants_path: false,
        }
    }

    fn answer(self, response: &Response) {
        let response = match response {
            Response::Done {
                level, sequence, ..
            } if !self.wants_path => Response::Done {
                level: *level,
                sequence: *sequence,
                path: None,
            },
            other => other.clone(),
        };
        self.caller.answer(response);
    }
}

/// A snapshot that is in place.
struct Placed {
    covered: u64,
    level: Level,
    path: PathBuf,
}

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
                let write = move || job.write().map(Step::Written);
                self.writing = Some(Writing {
                    covered,
                    path: path.unwrap_or_default(),
                    is_placing: false,
                    job: Box::pin(async move { host.blocking(write).await }),
                });
                Ok(())
            }
            Err(failure) => self.end_run(Err(failure)),
        }
    }

    /// Whether a snapshot is being put in place, so that nothing else can be.
    pub(super) fn is_placing(&self) -> bool {
        self.writing
            .as_ref()
            .is_some_and(|writing| writing.is_placing)
    }

    /// Waits for the job of the snapshot that is being taken; for ever if there is none. Dropping the future loses nothing.
    pub(super) async fn wrote(&mut self) -> Wrote {
        match &mut self.writing {
            Some(writing) => writing.job.as_mut().await,
            None => std::future::pending().await,
        }
    }

    /// Goes on with the snapshot that is being taken. One that was written is put in place, in a job of its own: nobody waits for that but
    /// who asked for it. One that is in place is told to them.
    pub(super) async fn go_on(&mut self, wrote: Wrote) -> Result<(), Failure> {
        let Some(Writing { covered, path, .. }) = self.writing.take() else {
            return Ok(());
        };
        let step = match wrote {
            Ok(step) => step,
            Err(failed) => Err(self.panicked(&failed)),
        };
        let placed = match step {
            Ok(Step::Written(written)) => {
                let begun = self.with_engine(move |engine| engine.begin_placing(written));
                match begun.await {
                    Ok(job) => {
                        let host = self.host.clone();
                        let place = move || Ok(Step::Placed(job.place()));
                        self.writing = Some(Writing {
                            covered,
                            path,
                            is_placing: true,
                            job: Box::pin(async move { host.blocking(place).await }),
                        });
                        return Ok(());
                    }
                    Err(failure) => Err(failure),
                }
            }
            Ok(Step::Placed(placed)) => {
                self.with_engine(move |engine| engine.end_placing(placed))
                    .await
            }
            Err(failure) => Err(failure),
        };
        let ended = self.end_run(placed.map(|level| Placed {
            covered,
            level,
            path,
        }));
        self.do_deferred().await;
        ended
    }

    /// Takes a snapshot from the cut to its place.
    pub(super) async fn snapshot_now(&mut self) -> Result<(), Failure> {
        self.begin_snapshot().await?;
        self.wait_for_snapshot().await
    }

    /// Waits for the snapshot that is being written, if there is one: none is ever broken off.
    pub(super) async fn wait_for_snapshot(&mut self) -> Result<(), Failure> {
        let mut ended = Ok(());
        while self.writing.is_some() {
            let wrote = self.wrote().await;
            ended = self.go_on(wrote).await;
        }
        ended
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
        for waiter in run.waiters {
            waiter.answer(&response);
        }
        result
    }
}
