//! What a process gets from its operating system.
//!
//! Stores take the file system and the clock. A service also takes [`ProcessOps`]: tasks, signals, standard input and output, children
//! and its end. Nothing else of the operating system is used, so that whoever implements these traits can put a process into another
//! world.

mod child;
mod detached;
mod handler;
mod later;
mod process;
mod signal;
mod std_process;
mod stdio;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::clock::{Clock, StdClock};
use crate::fs::{FsOps, StdFs};

pub use child::{Child, ExitStatus, Program};
pub use detached::Detached;
pub use handler::Handler;
pub use later::{Failed, Later, patience, timeout};
pub use process::ProcessOps;
pub use signal::{Disposition, Signal, Signals};
pub use std_process::StdProcess;
pub use stdio::{Input, LINE_MAX, Lines, Output, PIPE_BYTES, write_all};

/// The operating system of one process. Cloning shares it.
#[derive(Clone)]
pub struct Host {
    /// The file system.
    pub fs: Arc<dyn FsOps>,
    /// Monotonic time.
    pub clock: Arc<dyn Clock>,
    /// Tasks, signals, standard input and output, children.
    pub process: Arc<dyn ProcessOps>,
}

/// One for all hosts that need none of it: stores are opened millions of times.
static DETACHED: LazyLock<Arc<Detached>> = LazyLock::new(Arc::default);

impl Host {
    /// A host for a store: a file system and a clock. Of the rest everything fails with `ENOTSUP`.
    pub fn new(fs: Arc<dyn FsOps>, clock: Arc<dyn Clock>) -> Self {
        let process = Arc::clone(&DETACHED) as Arc<dyn ProcessOps>;
        Self { fs, clock, process }
    }

    /// The same file system and clock for a process.
    #[must_use]
    pub fn with_process(mut self, process: Arc<dyn ProcessOps>) -> Self {
        self.process = process;
        self
    }

    /// The real operating system, for a store; relative paths are taken from the current directory of the process.
    pub fn real() -> Self {
        Self::new(Arc::new(StdFs::new()), Arc::new(StdClock::new()))
    }

    /// The real operating system, for a process: as [`real`](Self::real), with a [`StdProcess`].
    pub fn real_process() -> Self {
        Self::real().with_process(Arc::new(StdProcess::new()))
    }

    /// Runs code that may block, such as all of a store's, where it does not keep tasks from running, and returns what it returns.
    ///
    /// The job runs to its end, also when the future is dropped.
    ///
    /// # Errors
    /// [`Failed`]: the job panicked, or the process ends and the job was never begun.
    pub async fn blocking<T, F>(&self, job: F) -> Result<T, Failed>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let job = move || {
            // Whoever asked may have stopped waiting.
            let _ = sender.send(job());
        };
        self.process.run_blocking(Box::new(job)).await?;
        receiver
            .await
            .map_err(|_| Failed::new("the job returned nothing"))
    }

    /// Starts a task of the process. It runs to its end, whether the future that is returned is awaited or dropped.
    ///
    /// # Errors
    /// The future gives [`Failed`] when the task panicked.
    pub fn spawn(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Later<'static, Result<(), Failed>> {
        self.process.spawn_task(name, Box::pin(task))
    }

    /// Waits at least this long, without blocking.
    pub async fn sleep(&self, time: Duration) {
        self.process.sleep(time).await;
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
