//! Handlers of signals that are code.

use std::fmt;
use std::sync::Arc;

use super::later::Later;
use super::signal::Signal;

/// Code that runs on top of what a signal interrupts, as a handler of `sigaction(2)` does: what it interrupts stands still until it has
/// returned. While it runs, its own signal is blocked and others are not, so that handlers may run inside of handlers.
///
/// What waits here for something that it interrupted waits for ever. Whoever can, takes note of a signal
/// ([`ProcessOps::catch`](super::ProcessOps::catch)) and acts on it elsewhere.
///
/// **Not covered**: jumps out of a handler, and masks that a handler changes being put back when it returns.
#[derive(Clone)]
pub struct Handler {
    code: Arc<dyn Fn() -> Later<'static, ()> + Send + Sync>,
    blocks: Vec<Signal>,
    blocks_itself: bool,
    takes_any_thread: bool,
}

impl Handler {
    /// A handler of a program that has one thread: nothing else of the process runs meanwhile.
    pub fn new<F>(code: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self {
            code: Arc::new(move || Box::pin(code())),
            blocks: Vec::new(),
            blocks_itself: true,
            takes_any_thread: false,
        }
    }

    /// The same, with these signals blocked while it runs (`sa_mask`).
    #[must_use]
    pub fn blocking(mut self, signals: &[Signal]) -> Self {
        self.blocks.extend_from_slice(signals);
        self
    }

    /// The same, with its own signal not blocked while it runs (`SA_NODEFER`).
    #[must_use]
    pub const fn reentrant(mut self) -> Self {
        self.blocks_itself = false;
        self
    }

    /// The same in a program that has several threads: it runs on top of one of them, whichever that is (`signal(7)`), which is that of the
    /// tasks or one that runs a job, and the others go on.
    #[must_use]
    pub const fn on_any_thread(mut self) -> Self {
        self.takes_any_thread = true;
        self
    }

    /// Whether the other threads of the process go on.
    pub const fn takes_any_thread(&self) -> bool {
        self.takes_any_thread
    }

    /// Whether a signal is blocked while it runs as the handler of another, or of the same.
    pub fn blocks(&self, own: Signal, signal: Signal) -> bool {
        (self.blocks_itself && own == signal) || self.blocks.contains(&signal)
    }

    /// Begins to run it.
    pub fn run(&self) -> Later<'static, ()> {
        (self.code)()
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler")
            .field("blocks", &self.blocks)
            .field("blocks_itself", &self.blocks_itself)
            .field("takes_any_thread", &self.takes_any_thread)
            .finish_non_exhaustive()
    }
}
