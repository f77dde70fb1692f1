//! Work that blocks, done beside the steps of a workload.

use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};

use crate::world::fiber::{Fiber, Pause, Resumed, pause};

/// A job that is done an operation on the disk at a time, whenever its owner says so. It is for a store in an exploration: on the disk that
/// a store is opened on there, and between its operations that store can be asked for other things.
///
/// Dropping one that has not come to its end lets it run to its end first: what it does then has an effect unless the process was killed.
///
/// It has a stack of its own on the thread of its owner. A mutex that is held over an operation on the disk must not be wanted by anybody
/// else meanwhile, and a connection of SQLite must not be used by the owner and the job at once.
pub struct Beside<T> {
    /// None at its end.
    fiber: Option<Fiber>,
    result: Arc<Mutex<Option<T>>>,
}

impl<T> std::fmt::Debug for Beside<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beside")
            .field("has_ended", &self.fiber.is_none())
            .finish_non_exhaustive()
    }
}

/// Gives the thread back to the owner of the job that is about to do an operation, if it is a job that does.
pub(crate) fn give_way() {
    pause(Pause::Yield);
}

impl<T: Send + 'static> Beside<T> {
    /// Begins a job, up to its first operation.
    ///
    /// # Panics
    /// As the job does.
    pub fn begin(job: impl FnOnce() -> T + Send + 'static) -> Self {
        let result = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&result);
        let job = move || {
            let value = job();
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        };
        let mut beside = Self {
            fiber: Some(Fiber::new(Box::new(job))),
            result,
        };
        beside.step();
        beside
    }

    /// Lets it do its next operation, and what it does before the one after that. Returns whether it goes on.
    ///
    /// # Panics
    /// As the job does.
    pub fn step(&mut self) -> bool {
        let Some(fiber) = self.fiber.take() else {
            return false;
        };
        match fiber.resume() {
            Resumed::Paused(fiber, _) => {
                self.fiber = Some(fiber);
                true
            }
            Resumed::Ended(Ok(())) => false,
            Resumed::Ended(Err(failed)) => resume_unwind(Box::new(failed.to_string())),
        }
    }

    /// Lets it run to its end, and returns what came of it; nothing if that was handed out or the job has panicked.
    ///
    /// # Panics
    /// As the job does.
    pub fn end(mut self) -> Option<T> {
        while self.step() {}
        self.result
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl<T> Drop for Beside<T> {
    fn drop(&mut self) {
        if let Some(fiber) = self.fiber.take() {
            fiber.drain();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use plimsoll_faults::disk::SimFs;
    use plimsoll_faults::image::Image;
    use plimsoll_reference::fs::FsOps;

    use super::*;

    /// A job that makes three directories and returns how many it has made.
    fn job(fs: &SimFs) -> impl FnOnce() -> usize + Send + 'static {
        let fs = fs.clone();
        move || {
            let made = ["a", "b", "c"].map(|name| fs.create_dir(Path::new(name)));
            made.iter().filter(|result| result.is_ok()).count()
        }
    }

    fn disk() -> SimFs {
        SimFs::new(Image::new()).giving_way(give_way)
    }

    #[test]
    fn a_job_does_one_operation_a_step() {
        let fs = disk();
        let mut beside = Beside::begin(job(&fs));
        assert_eq!(fs.log_len(), 0);
        assert!(beside.step());
        assert_eq!(fs.log_len(), 1);
        fs.create_dir(Path::new("between"))
            .expect("the owner goes on");
        assert!(beside.step());
        assert_eq!(beside.end(), Some(3));
        assert_eq!(fs.log_len(), 4);
    }

    #[test]
    fn a_dropped_job_runs_to_its_end_and_has_no_effect_after_a_kill() {
        let fs = disk();
        drop(Beside::begin(job(&fs)));
        assert_eq!(fs.log_len(), 3);
        let fs = disk();
        let mut beside = Beside::begin(job(&fs));
        beside.step();
        fs.fence();
        drop(beside);
        assert_eq!(fs.log_len(), 1);
    }

    #[test]
    #[should_panic(expected = "as planned")]
    fn a_panic_is_one_of_whoever_lets_the_job_go_on() {
        let fs = disk();
        let mut beside = Beside::begin(move || {
            let _ = fs.create_dir(Path::new("a"));
            panic!("as planned")
        });
        let _: bool = beside.step();
        let _: Option<()> = beside.end();
    }
}
