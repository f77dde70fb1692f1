//! What the actor does with a request.

use std::time::Duration;

use crate::host::Host;
use crate::level::Level;
use crate::mutation::Mutation;
use crate::native::check_batch;

use super::batch::Batch;
use super::caller::{Caller, Order};
use super::engine::Engine;
use super::failure::Failure;
use super::notes::Notes;
use super::options::{Acks, ServiceOptions};
use super::outlet::Outlet;
use super::overlay::{lay_over, look_up};
use super::protocol::{Answer, Cause, Command};
use super::response::Response;
use super::runs::Runs;
use super::seat::Seat;
use super::snapshots::{Waiter, Writing};

/// What makes the files of a store smaller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Upkeep {
    Checkpoint,
    Compact,
}

impl Upkeep {
    fn work(self) -> Work {
        match self {
            Self::Checkpoint => Engine::checkpoint,
            Self::Compact => Engine::compact,
        }
    }
}

type Work = fn(&mut Engine) -> Result<Level, Failure>;

/// The engine with everything that is on its way to it. It has no time of its own: the actor calls it.
pub(super) struct Worker {
    pub(super) host: Host,
    pub(super) options: ServiceOptions,
    pub(super) seat: Seat,
    /// Each write with whoever waits for its commit; nobody does where it was acknowledged before.
    batch: Batch<Option<Caller>>,
    pub(super) runs: Runs<Waiter>,
    /// The snapshot that is being written or put in place.
    pub(super) writing: Option<Writing>,
    /// Maintenance that waits until that is in place.
    deferred: Vec<(Caller, Upkeep)>,
    pub(super) snapshot_due: Option<Duration>,
    /// How many snapshots failed since one was put in place.
    pub(super) snapshots_failed: u32,
    /// What the last snapshot covers that this process has taken, or that a store in memory began with.
    pub(super) covered: Option<u64>,
    /// Where the lines about snapshots go.
    pub(super) lines: Option<Outlet>,
    pub(super) notes: Notes,
    /// What the first job said that panicked.
    pub(super) panic: Option<String>,
    /// What was acknowledged and may not be there any more.
    pub(super) lost: Option<String>,
    /// The same, until a request that asks for safety was told.
    pub(super) untold: Option<Failure>,
}

impl Worker {
    pub(super) fn new(
        host: &Host,
        options: &ServiceOptions,
        engine: Engine,
        lines: Option<Outlet>,
        notes: &Notes,
    ) -> Self {
        let now = host.clock.now();
        Self {
            host: host.clone(),
            covered: engine.is_saved().then(|| engine.sequence()),
            seat: Seat::new(engine),
            batch: Batch::new(options.conduct.batch),
            runs: Runs::default(),
            writing: None,
            deferred: Vec::new(),
            snapshot_due: options
                .conduct
                .snapshot_interval
                .map(|interval| now.saturating_add(interval)),
            snapshots_failed: 0,
            lines,
            notes: notes.clone(),
            options: options.clone(),
            panic: None,
            lost: None,
            untold: None,
        }
    }

    /// Whether something is on its way to the disk.
    pub(super) const fn is_busy(&self) -> bool {
        !self.batch.is_empty() || self.runs.is_running() || self.runs.is_wanted()
    }

    /// Does what is asked. `close` is for the actor: its caller is given back.
    pub(super) async fn take(&mut self, order: Order) -> Option<Caller> {
        let Order { command, caller } = order;
        match command {
            Command::Write(mutation) => self.write(vec![mutation], caller).await,
            Command::Batch(mutations) => self.write(mutations, caller).await,
            Command::Get(key) => self.get(key, caller).await,
            Command::Scan => self.scan(caller).await,
            Command::Sync => self.hold(caller, Engine::sync).await,
            Command::Checkpoint => self.maintain(caller, Upkeep::Checkpoint).await,
            Command::Compact => self.maintain(caller, Upkeep::Compact).await,
            Command::Snapshot => {
                let waiter = Waiter::of_snapshot(caller);
                self.runs.ask(Cause::Request, Some(waiter));
            }
            Command::Close => return Some(caller),
        }
        None
    }

    /// Does what is due by the clock. A batch that somebody waits for is due when no other request is at hand.
    pub(super) async fn do_due(&mut self, is_quiet: bool) {
        let now = self.host.clock.now();
        let is_awaited = is_quiet && self.options.conduct.acks == Acks::Power;
        if is_awaited || self.batch.due(now).is_some() {
            // Whoever waits for it was told; so is the end.
            let _ = self.commit().await;
        }
        let deadline = self.seat.engine().and_then(Engine::next_deadline);
        if deadline.is_some_and(|deadline| deadline <= now)
            && let Err(failure) = self.with_engine(Engine::tick).await
        {
            self.notes
                .note(&format!("background work failed: {failure}"));
        }
        self.begin_snapshot_if_due(now).await;
        self.mend_if_due().await;
    }

    /// When there is something to do that nobody asks for.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let is_idle = !self.runs.is_running();
        let is_broken = self.seat.needs_mending() && self.panic.is_none();
        [
            self.batch.deadline(),
            self.seat.engine().and_then(Engine::next_deadline),
            self.snapshot_due.filter(|_| is_idle),
            (is_broken && is_idle).then(|| self.seat.retry_at()),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    async fn write(&mut self, write: Vec<Mutation>, caller: Caller) {
        if self.batch.before(&write).is_some() {
            let _ = self.commit().await;
        }
        if let Err(failure) = self.admit(&write) {
            return caller.answer(failure);
        }
        let waiter = match self.options.conduct.acks {
            Acks::Power => Some(caller),
            Acks::Window => {
                let engine = self.seat.engine();
                let level = engine.map_or(Level::Memory, Engine::commit_level);
                caller.answer(Response::Done {
                    level: self.options.early_level(level),
                    sequence: self.next_sequence(),
                    path: None,
                });
                None
            }
        };
        let now = self.host.clock.now();
        self.batch.join(now, write, waiter);
        if self.batch.due(now).is_some() {
            let _ = self.commit().await;
        }
    }

    /// Says why a write cannot be taken. What is refused here costs the others in the batch nothing.
    fn admit(&self, write: &[Mutation]) -> Result<(), Failure> {
        if let Some(refusal) = self.seat.refusal() {
            return Err(refusal);
        }
        if write.is_empty() {
            return Err(Failure::absent("a batch has at least one change"));
        }
        Ok(check_batch(write)?)
    }

    /// The number that a write gets that joins now.
    fn next_sequence(&self) -> u64 {
        self.seat.sequence + self.batch.len() as u64 + 1
    }

    /// Commits the batch and tells everybody who waits for it. The error is the first one.
    pub(super) async fn commit(&mut self) -> Result<(), Failure> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let before = self.seat.sequence;
        let (writes, waiters): (Vec<_>, Vec<_>) = self.batch.take().into_iter().unzip();
        let committed = self
            .with_engine(move |engine| Ok((engine.commit(&writes), writes)))
            .await;
        let (results, writes) =
            committed.unwrap_or_else(|failure| (vec![Err(failure); waiters.len()], Vec::new()));
        let (mut first, mut lost) = (Ok(()), None);
        for (index, (waiter, result)) in waiters.into_iter().zip(results).enumerate() {
            let number = before + 1 + index as u64;
            match &result {
                Ok((_, sequence)) => self.seat.acknowledged = *sequence,
                Err(failure) => {
                    let write = writes.get(index).map_or(&[][..], Vec::as_slice);
                    self.seat.note_failed_write(write, failure);
                    if waiter.is_none() {
                        lost = Some((lost.map_or(number, |(first, _)| first), number));
                    }
                    first = first.and(Err(failure.clone()));
                }
            }
            if let Some(caller) = waiter {
                match result {
                    Ok((level, sequence)) => caller.answer(Response::Done {
                        level,
                        sequence,
                        path: None,
                    }),
                    Err(failure) => caller.answer(failure),
                }
            }
        }
        if let Err(failure) = &first {
            self.seat.note_trouble(failure);
            if let Some(lost) = lost {
                self.lose(lost, &failure.to_string());
            }
        }
        first
    }

    /// Says that writes from one number to another are lost, or may be, that were acknowledged.
    pub(super) fn lose(&mut self, (first, last): (u64, u64), why: &str) {
        let message =
            format!("acknowledged writes {first} to {last} could not be committed: {why}");
        self.notes.note(&message);
        if let Some(lines) = &self.lines {
            let line = Answer::Lost {
                first,
                last,
                message: message.clone(),
            };
            lines.send(line.to_string());
        }
        self.untold = Some(Failure::unknown(&*message));
        self.lost.get_or_insert(message);
    }

    /// Shows what was acknowledged: where that is before the commit, the batch as well. What nobody knows is settled first.
    async fn get(&mut self, key: Vec<u8>, caller: Caller) {
        if self.options.conduct.acks == Acks::Power {
            let _ = self.commit().await;
        }
        if let Some(value) = look_up(self.batch.changes(), &key) {
            return caller.answer(Response::Value(value.map(<[u8]>::to_vec)));
        }
        if let Err(failure) = self.settle(Some(&key)).await {
            return caller.answer(failure);
        }
        match self.with_engine(move |engine| engine.get(&key)).await {
            Ok(value) => caller.answer(Response::Value(value)),
            Err(failure) => caller.answer(failure),
        }
    }

    async fn scan(&mut self, caller: Caller) {
        if self.options.conduct.acks == Acks::Power {
            let _ = self.commit().await;
        }
        if let Err(failure) = self.settle(None).await {
            return caller.answer(failure);
        }
        match self.with_engine(|engine| engine.scan()).await {
            Ok(pairs) => caller.answer(Response::Pairs {
                pairs: lay_over(self.batch.changes(), pairs),
                sequence: self.next_sequence() - 1,
            }),
            Err(failure) => caller.answer(failure),
        }
    }

    /// Checkpoints or compacts. An engine in memory that does this by a snapshot takes one as any other, so that nobody waits for the disk
    /// who did not ask; one on disk waits for its turn to put one in place.
    async fn maintain(&mut self, caller: Caller, upkeep: Upkeep) {
        let engine = self.seat.engine();
        let by_snapshot = engine.is_some_and(Engine::maintains_by_snapshot);
        let in_memory = engine.is_some_and(Engine::is_in_memory);
        if by_snapshot && in_memory {
            self.save(caller, upkeep).await;
        } else if by_snapshot && self.is_placing() {
            self.deferred.push((caller, upkeep));
        } else {
            self.hold(caller, upkeep.work()).await;
        }
    }

    /// Has a snapshot taken of everything, for an engine that has nothing else on disk. A checkpoint needs none where one holds everything.
    async fn save(&mut self, caller: Caller, upkeep: Upkeep) {
        let committed = self.commit().await;
        let refused = self.seat.refusal().map_or(Ok(()), Err);
        let told = self.untold.take().map_or(Ok(()), Err);
        match committed.and(told).and(refused) {
            Ok(()) if upkeep == Upkeep::Checkpoint && self.is_saved() => {
                caller.answer(Response::Done {
                    level: Level::Power,
                    sequence: self.seat.sequence,
                    path: None,
                });
            }
            Ok(()) => {
                let waiter = Waiter::of_maintenance(caller);
                self.runs.ask(Cause::Request, Some(waiter));
            }
            Err(failure) => caller.answer(failure),
        }
    }

    /// Whether a snapshot is in place that holds all writes, and no other may be.
    fn is_saved(&self) -> bool {
        self.covered == Some(self.seat.sequence) && self.writing.is_none()
    }

    /// Does the maintenance that waited for a snapshot to be in place.
    pub(super) async fn do_deferred(&mut self) {
        for (caller, upkeep) in std::mem::take(&mut self.deferred) {
            self.hold(caller, upkeep.work()).await;
        }
    }

    /// Commits the batch and makes what is committed safer. It fails if something acknowledged was lost since this was last asked.
    async fn hold(&mut self, caller: Caller, work: Work) {
        let committed = self.commit().await;
        let held = match committed.and(self.untold.take().map_or(Ok(()), Err)) {
            Ok(()) => self.with_engine(work).await,
            Err(failure) => Err(failure),
        };
        match held {
            Ok(level) => {
                if level == Level::Power {
                    self.seat.acknowledged = self.seat.sequence;
                }
                caller.answer(Response::Done {
                    level,
                    sequence: self.seat.sequence,
                    path: None,
                });
            }
            Err(failure) => caller.answer(failure),
        }
    }
}
