//! How processes end, and what happens to them from outside.

use std::panic::{AssertUnwindSafe, catch_unwind};

use plimsoll_reference::host::{ExitStatus, Signal};

use super::crash::{Victim, kinds, lose_power};
use super::due::Due;
use super::host::start;
use super::plan::{Action, Happened};
use super::process::{Life, PipeEnd, ProcessId};
use super::scheduler::{Scheduler, Task};
use super::state::State;
use super::task::{Body, Role};
use super::trace::Sort;

/// What the kernel says of a process that `SIGKILL` ended.
const KILLED: ExitStatus = ExitStatus::Signal(Signal::Kill.number());

/// The end of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessEnd {
    /// Its program.
    pub program: String,
    /// Whether another process had started it.
    pub is_child: bool,
    /// How it ended.
    pub status: ExitStatus,
    /// When.
    pub at: Happened,
}

impl State {
    /// The main task of a process returned, or panicked.
    pub(super) fn returned(&mut self, id: ProcessId, code: i32) {
        if self.process(id).life == Life::Running {
            self.process_mut(id).life = Life::Ending(code);
            self.due.push_back(Due::Returned(id, code));
        }
    }
}

impl Scheduler {
    /// Does what is due between two steps.
    pub(super) fn perform(&mut self, due: Due) {
        match due {
            Due::Act(action, done) => {
                self.act(&action);
                if let Some(done) = done {
                    done.keep(());
                }
            }
            Due::Kill(id, done) => {
                self.end(id, KILLED);
                done.keep(());
            }
            Due::Release(id, done) => {
                self.release(id);
                done.keep(());
            }
            Due::Returned(id, code) => self.end_slowly(id, code),
            Due::End(id, status) => self.end(id, status),
        }
    }

    fn act(&mut self, action: &Action) {
        let mut state = self.shared.state();
        state.event(Sort::Plan, None, [0, 0], || action.to_string());
        let (Action::Signal(_, program)
        | Action::Kill(program)
        | Action::CloseStdin(program)
        | Action::StopReading(program)
        | Action::ResumeReading(program)
        | Action::CloseStdout(program)
        | Action::FailStdout { program, .. }
        | Action::Release(program)) = action
        else {
            drop(state);
            return self.act_on_all(action);
        };
        let Some(id) = state.latest(program) else {
            return;
        };
        let (stdin, stdout) = (state.process(id).stdin, state.process(id).stdout);
        match action {
            Action::Signal(signal, _) => state.send_signal(id, *signal),
            Action::CloseStdin(_) => state.close_end(PipeEnd::Write(stdin)),
            // What one has left that has ended is read by whoever began to: nothing there can fill up and wait for it.
            Action::StopReading(_) if state.status(id, None).is_some() => {}
            Action::StopReading(_) => state.stop_reading(stdout, true),
            Action::ResumeReading(_) => state.stop_reading(stdout, false),
            Action::CloseStdout(_) => state.close_end(PipeEnd::Read(stdout)),
            Action::FailStdout { error, count, .. } => state.fail_writes(stdout, *error, *count),
            Action::Kill(_) => {
                drop(state);
                self.end(id, KILLED);
            }
            _ => {
                drop(state);
                self.release(id);
            }
        }
    }

    /// What happens to no single process.
    fn act_on_all(&mut self, action: &Action) {
        match action {
            Action::PowerLoss => self.crash(Victim::Machine),
            Action::ServerCrash => self.crash(Victim::Servers),
            Action::Clock { forward, by } => {
                let by = by.as_nanos() as i128;
                let mut state = self.shared.state();
                state.wall_offset += if *forward { by } else { -by };
            }
            Action::Fault(faults) => self.shared.state().add_faults(faults),
            Action::Numbers(count) => self.shared.state().numbers = Some(*count),
            Action::Interrupts => self.shared.state().interrupts = true,
            // Where there is no such program, or no number for it, there is nobody to tell.
            Action::Start(program) => drop(start(&self.shared, program, Vec::new(), None)),
            _ => {}
        }
    }

    /// Takes the tasks that this wants.
    fn take_tasks(&mut self, wanted: impl Fn(&Task) -> bool) -> Vec<Task> {
        let slots = self.tasks.iter_mut();
        let taken = slots.filter_map(|slot| slot.take_if(|task| wanted(task)));
        let taken = taken.collect();
        self.forget_taken();
        taken
    }

    /// The main task has returned: futures are dropped, and their destructors have effects, as when a runtime shuts down. Jobs that are
    /// under way are waited for or given up, by decision; those that are not begun never are.
    fn end_slowly(&mut self, id: ProcessId, code: i32) {
        if !matches!(self.shared.state().process(id).life, Life::Ending(_)) {
            return;
        }
        let dropped = self.take_tasks(|task| {
            task.role == Role::Part(id) && !matches!(task.body, Some(Body::Fiber(_)))
        });
        drop_all(dropped);
        if self.has_tasks(id) && self.shared.state().chance.choose(2) == 0 {
            return;
        }
        self.end(id, ExitStatus::Code(code));
    }

    /// Ends a process at once. What its destructors do has no effect.
    pub(super) fn end(&mut self, id: ProcessId, status: ExitStatus) {
        let mut state = self.shared.state();
        let process = state.process_mut(id);
        if matches!(process.life, Life::Ended(_)) {
            return;
        }
        process.fs.halt();
        if process.is_stuck || !process.hung.is_empty() {
            // It is gone when its operation returns.
            if !matches!(process.life, Life::Dying(_)) {
                process.life = Life::Dying(status);
                state.event(Sort::End, Some(id), [1, 0], || {
                    format!("is to end with {status}, but an operation hangs")
                });
            }
            return;
        }
        process.life = Life::Ended(status);
        process.frames.clear();
        process.handlers.clear();
        drop(state);
        let tasks = self.take_tasks(|task| task.role.process() == Some(id));
        self.drain(tasks);
        self.bury(id, status);
    }

    /// Lets jobs run to their end, and drops the rest.
    fn drain(&mut self, tasks: Vec<Task>) {
        let mut rest = Vec::new();
        for mut task in tasks {
            match task.body.take() {
                Some(Body::Fiber(fiber)) => self.leaked += u64::from(!fiber.drain()),
                body => {
                    task.body = body;
                    rest.push(task);
                }
            }
        }
        drop_all(rest);
    }

    /// Gives back what a process had, and tells who waits for its end.
    fn bury(&mut self, id: ProcessId, status: ExitStatus) {
        let mut state = self.shared.state();
        let process = state.process_mut(id);
        process.fs.fence();
        let ends = std::mem::take(&mut process.ends);
        let waiters = std::mem::take(&mut process.waiters);
        let parent = process.parent;
        for end in ends {
            state.close_end(end);
        }
        state.reap_orphans(id);
        let end = ProcessEnd {
            program: state.process(id).name.to_string(),
            is_child: parent.is_some(),
            status,
            at: state.happens(),
        };
        state.ends.push(end);
        let code = match status {
            ExitStatus::Code(code) => i64::from(code) as u64,
            ExitStatus::Signal(number) => 1 << 40 | number as u64,
        };
        state.event(Sort::End, Some(id), [0, code], || {
            format!("ends with {status}")
        });
        if let Some(parent) = parent {
            state.send_signal(parent, Signal::Chld);
        }
        drop(state);
        for waiter in waiters {
            waiter.wake();
        }
    }

    /// Operations that hang return with an error.
    fn release(&mut self, id: ProcessId) {
        let mut state = self.shared.state();
        let process = state.process_mut(id);
        process.is_stuck = false;
        let hung = std::mem::take(&mut process.hung);
        let life = process.life;
        drop(state);
        match life {
            Life::Dying(status) => self.end(id, status),
            _ => {
                for number in hung {
                    self.make_ready(number);
                }
            }
        }
    }

    /// Everything stops, and the disk holds what the profile allows.
    fn crash(&mut self, victim: Victim) {
        let kind = {
            let mut state = self.shared.state();
            let kinds = kinds(&state.setup.profile, victim);
            let chosen = state.chance.choose(kinds.len());
            kinds.get(chosen).copied()
        };
        let Some(kind) = kind else { return };
        self.end_all(KILLED);
        let mut state = self.shared.state();
        let setup = std::sync::Arc::clone(&state.setup);
        state.unmount(Some(kind));
        let State { eras, chance, .. } = &mut *state;
        let Some(era) = eras.last() else {
            return;
        };
        let (image, key) = lose_power(
            &era.base,
            &era.log,
            &setup.profile,
            kind,
            &setup.limits,
            chance,
        );
        state.mount(image);
        state.event(Sort::Crash, None, [key as u64, (key >> 64) as u64], || {
            format!("crash: {kind}")
        });
    }

    /// Ends every process, also those that hang.
    pub(super) fn end_all(&mut self, status: ExitStatus) {
        let count = self.shared.state().processes.len() as u32;
        for id in (0..count).map(ProcessId) {
            {
                let mut state = self.shared.state();
                let process = state.process_mut(id);
                process.is_stuck = false;
                process.hung.clear();
            }
            self.end(id, status);
        }
    }
}

/// Drops tasks one by one: a destructor that panics must not keep the others from running.
fn drop_all(tasks: Vec<Task>) {
    for task in tasks {
        // It has nobody to tell.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(task)));
    }
}
