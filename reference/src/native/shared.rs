//! A store that many threads commit to, with shared syncs.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::level::Ack;
use crate::mutation::Mutation;

use super::error::StoreError;
use super::store::Store;

/// Most commits that share a sync: the last of them waits for all.
const GROUP_MAX: usize = 1024;

/// A commit that waits.
struct Waiting {
    mutations: Vec<Mutation>,
    slot: Arc<Slot>,
}

/// Where a writer finds what became of its commit.
#[derive(Default)]
struct Slot {
    state: Mutex<SlotState>,
    changed: Condvar,
}

#[derive(Default)]
enum SlotState {
    #[default]
    Waiting,
    /// The writer is to commit for everyone that waits.
    Leads,
    Done(Result<Ack, StoreError>),
    Taken,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    /// Whether a writer is at work for the others.
    is_led: bool,
}

/// A [`Store`] behind locks, for writers on several threads.
///
/// It starts no thread. The first writer that comes commits; those that come meanwhile wait in line, and one of them then commits for
/// all, with one write and one sync ([`Store::group`]). So a commit costs a sync when writers are few, and a fraction of one when they
/// are many. Commits take effect in the order of the line, and no reader sees one before it is acknowledged.
///
/// ```
/// use plimsoll_reference::{host::Host, level::Level};
/// use plimsoll_reference::native::{Mutation, Options, Shared, Store};
/// # let dir = tempfile::tempdir()?;
/// # let options = Options::new(dir.path().join("data"));
/// let shared = Shared::new(Store::open(&Host::real(), &options)?);
/// std::thread::scope(|scope| {
///     for number in 0..4_u8 {
///         let put = Mutation::Put { key: vec![number], value: b"value".to_vec() };
///         let shared = &shared;
///         scope.spawn(move || {
///             let ack = shared.commit(vec![put]).expect("the disk is sound");
///             assert_eq!(ack.level, Level::Power);
///         });
///     }
/// });
/// assert_eq!(shared.with(|store| store.len())?, 4);
/// shared.into_inner().close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// **Not covered**: fairness between writers beyond the order of the line; a bound on how many may wait.
#[derive(Debug)]
pub struct Shared {
    store: Mutex<Store>,
    line: Mutex<Line>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line")
            .field("waiting", &self.waiting.len())
            .field("is_led", &self.is_led)
            .finish()
    }
}

impl Shared {
    /// Takes over an open store.
    pub fn new(store: Store) -> Self {
        Self {
            store: Mutex::new(store),
            line: Mutex::default(),
        }
    }

    /// Makes several changes in order, together or not at all, and returns when they are held at
    /// [`Options::commit_level`](super::Options::commit_level).
    ///
    /// # Errors
    /// As [`Store::group`].
    pub fn commit(&self, mutations: Vec<Mutation>) -> Result<Ack, StoreError> {
        let slot = Arc::new(Slot::default());
        let leads = {
            let mut line = locked(&self.line);
            line.waiting.push_back(Waiting {
                mutations,
                slot: Arc::clone(&slot),
            });
            !std::mem::replace(&mut line.is_led, true)
        };
        if leads {
            self.lead();
        }
        loop {
            match slot.wait() {
                Some(result) => return result,
                None => self.lead(),
            }
        }
    }

    /// Calls `f` with the store while no commit is at work.
    pub fn with<T>(&self, f: impl FnOnce(&mut Store) -> T) -> T {
        f(&mut locked(&self.store))
    }

    /// Gives the store back, which is closed as any other.
    pub fn into_inner(self) -> Store {
        self.store
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits for everyone that waits, then passes the lead on to the next in line, if there is one.
    fn lead(&self) {
        let mut turn = Turn {
            line: &self.line,
            group: Vec::new(),
        };
        let mut store = locked(&self.store);
        // Taken only now: who came while an earlier group was written is part of this one.
        {
            let mut line = locked(&self.line);
            let count = line.waiting.len().min(GROUP_MAX);
            turn.group.extend(line.waiting.drain(..count));
        }
        let commits: Vec<&[Mutation]> = turn.group.iter().map(|one| &one.mutations[..]).collect();
        let results = store.group(&commits);
        drop(store);
        for (one, result) in turn.group.drain(..).zip(results) {
            one.slot.set(SlotState::Done(result));
        }
    }
}

/// A writer's turn to commit for all. When it ends, nobody it was to commit for waits any longer, and the next in line leads: also when
/// it ends by a panic.
struct Turn<'a> {
    line: &'a Mutex<Line>,
    group: Vec<Waiting>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        for one in self.group.drain(..) {
            one.slot.set(SlotState::Done(Err(StoreError::GroupFailed {
                cause: "the writer that committed for all panicked".to_owned(),
            })));
        }
        let mut line = locked(self.line);
        match line.waiting.front() {
            Some(next) => next.slot.set(SlotState::Leads),
            None => line.is_led = false,
        }
    }
}

impl Slot {
    fn set(&self, state: SlotState) {
        *locked(&self.state) = state;
        self.changed.notify_one();
    }

    /// Waits for the result, or for being told to lead: `None`.
    fn wait(&self) -> Option<Result<Ack, StoreError>> {
        let mut state = locked(&self.state);
        loop {
            match std::mem::replace(&mut *state, SlotState::Taken) {
                SlotState::Done(result) => return Some(result),
                SlotState::Leads => {
                    *state = SlotState::Waiting;
                    return None;
                }
                SlotState::Waiting | SlotState::Taken => {
                    *state = SlotState::Waiting;
                    state = self
                        .changed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

/// What a lock guards. A thread that panicked with it left nothing half-done: all that is guarded here is changed by calls that do not
/// panic, and the store keeps its own note of failures.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
