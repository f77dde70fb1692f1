//! What is done between two steps.

use plimsoll_reference::host::ExitStatus;

use super::plan::Action;
use super::process::ProcessId;
use super::promise::Promise;

/// Something to be done before the next step: while no task is in the middle of one.
#[derive(Debug)]
pub(super) enum Due {
    /// An action of the plan or of the harness, and who waits for it.
    Act(Action, Option<Promise<()>>),
    /// A process is killed, and who waits for it.
    Kill(ProcessId, Promise<()>),
    /// Operations of a process that hang return.
    Release(ProcessId, Promise<()>),
    /// The main task of a process returned this.
    Returned(ProcessId, i32),
    /// A process is gone.
    End(ProcessId, ExitStatus),
}
