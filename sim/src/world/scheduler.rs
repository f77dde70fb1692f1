//! The gate: who runs next.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use plimsoll_reference::host::{ExitStatus, Failed};

use super::due::Due;
use super::engine;
use super::fiber::{self, Fiber, Pause, Resumed};
use super::handlers::Thread;
use super::process::{Life, ProcessId};
use super::promise::Promise;
use super::run::Ended;
use super::shared::Shared;
use super::task::{Body, NewTask, PARKED, Role, Work, waker};
use super::trace::Sort;

/// What a program that panicked ends with, as Rust's runtime does it.
const PANIC_CODE: i32 = 101;

/// A task, and whether it is among the ready ones.
pub(super) struct Task {
    pub(super) role: Role,
    name: &'static str,
    /// Taken while it runs.
    pub(super) body: Option<Body>,
    waker: Waker,
    is_ready: bool,
    parking: Parking,
    done: Option<Promise<Result<(), Failed>>>,
}

/// Whether the fiber of a task waits for what is no operation of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parking {
    No,
    /// It has come while the fiber did something else.
    Told,
    Waits,
}

impl Task {
    /// The thread that it is on, if it is no handler's.
    const fn thread(&self, number: u32) -> Thread {
        match self.body {
            Some(Body::Fiber(_) | Body::Work(Work::Job(_))) => Thread::Job(number),
            _ => Thread::Tasks,
        }
    }
}

/// Polls one task after the other.
pub(super) struct Scheduler {
    pub(super) shared: Arc<Shared>,
    /// By number; empty where it has ended.
    pub(super) tasks: Vec<Option<Task>>,
    /// Numbers of tasks that can go on, lowest first.
    ready: Vec<u32>,
    woken: Vec<u32>,
    free: Vec<u32>,
    /// What the runtime below takes for the time.
    engine_now: Duration,
    /// Stacks that were given up.
    pub(super) leaked: u64,
    /// A panic of the harness.
    pub(super) panic: Option<Box<dyn std::any::Any + Send>>,
    is_done: bool,
}

impl Scheduler {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            tasks: Vec::new(),
            ready: Vec::new(),
            woken: Vec::new(),
            free: Vec::new(),
            engine_now: Duration::ZERO,
            leaked: 0,
            panic: None,
            is_done: false,
        }
    }

    /// Runs until the harness's first task has ended, nobody can go on, or a limit is reached.
    pub(super) fn run(&mut self) -> Ended {
        loop {
            self.before_step();
            if self.is_done {
                return Ended::Complete;
            }
            let Some(number) = self.pick() else {
                match self.wait() {
                    Some(ended) => return ended,
                    None => continue,
                }
            };
            self.step(number);
            if let Some(ended) = self.after_step() {
                return ended;
            }
        }
    }

    /// Does what is due, and takes in what was spawned and woken.
    fn before_step(&mut self) {
        loop {
            let mut state = self.shared.state();
            let (step, now) = (state.step, state.now);
            let actions = state.triggers.at(step, now);
            let due = actions.into_iter().map(|action| Due::Act(action, None));
            state.due.extend(due);
            let spawned = std::mem::take(&mut state.spawned);
            self.woken.append(&mut state.kernels);
            let due = state.due.pop_front();
            drop(state);
            for task in spawned {
                self.add(task);
            }
            match due {
                Some(due) => self.perform(due),
                None => break,
            }
        }
        self.shared.wakes.take(&mut self.woken);
        for number in std::mem::take(&mut self.woken) {
            if number & PARKED == 0 {
                self.make_ready(number);
            } else {
                self.unpark(number & !PARKED);
            }
        }
    }

    fn add(&mut self, new: NewTask) {
        let index = new.number as usize;
        if self.tasks.len() <= index {
            self.tasks.resize_with(index + 1, || None);
        }
        let is_gone = new.role.process().is_some_and(|process| {
            matches!(self.shared.state().process(process).life, Life::Ended(_))
        });
        if is_gone {
            return;
        }
        let is_ready = !matches!(new.work, Work::Kernel);
        self.tasks[index] = Some(Task {
            role: new.role,
            name: new.name,
            body: Some(Body::Work(new.work)),
            waker: waker(new.number, &self.shared.wakes),
            is_ready: false,
            parking: Parking::No,
            done: new.done,
        });
        // Signals wake what delivers them.
        if is_ready {
            self.make_ready(new.number);
        }
    }

    pub(super) fn make_ready(&mut self, number: u32) {
        let Some(Some(task)) = self.tasks.get_mut(number as usize) else {
            return;
        };
        if !task.is_ready {
            task.is_ready = true;
            let at = self.ready.partition_point(|&other| other < number);
            self.ready.insert(at, number);
        }
    }

    /// What the fiber of a task waits for may be there.
    fn unpark(&mut self, number: u32) {
        let Some(Some(task)) = self.tasks.get_mut(number as usize) else {
            return;
        };
        let was_waiting = task.parking == Parking::Waits;
        task.parking = if was_waiting {
            Parking::No
        } else {
            Parking::Told
        };
        if was_waiting {
            self.make_ready(number);
        }
    }

    /// The fiber of a task waits for what is no operation of its own.
    fn park(&mut self, number: u32) {
        let Some(Some(task)) = self.tasks.get_mut(number as usize) else {
            return;
        };
        let was_told = task.parking == Parking::Told;
        task.parking = if was_told {
            Parking::No
        } else {
            Parking::Waits
        };
        if was_told {
            self.make_ready(number);
        }
    }

    /// Tasks that are gone are not ready.
    pub(super) fn forget_taken(&mut self) {
        let tasks = &self.tasks;
        self.ready
            .retain(|&number| tasks.get(number as usize).is_some_and(Option::is_some));
    }

    /// Takes a task from those that can go on.
    fn pick(&mut self) -> Option<u32> {
        let mut state = self.shared.state();
        let now = state.now;
        self.free.clear();
        for &number in &self.ready {
            let Some(Some(task)) = self.tasks.get(number as usize) else {
                continue;
            };
            let is_held = match task.role {
                Role::Harness | Role::Beside | Role::Kernel(_) => false,
                Role::Main(id) | Role::Part(id) | Role::Handler(id) => {
                    let process = state.process(id);
                    process.is_held(now)
                        || (!process.frames.is_empty()
                            && process.is_interrupted(number, task.thread(number)))
                }
            };
            if !is_held {
                self.free.push(number);
            }
        }
        if self.free.is_empty() {
            return None;
        }
        let number = self.free[state.chance.task(&self.free)];
        let task = self.tasks.get(number as usize).and_then(Option::as_ref);
        let process = task.and_then(|task| task.role.process());
        state.event(Sort::Step, process, [u64::from(number), 0], || {
            let name = task.map_or("", |task| task.name);
            format!("task {number} ({name}) goes on")
        });
        drop(state);
        self.ready.retain(|&other| other != number);
        if let Some(Some(task)) = self.tasks.get_mut(number as usize) {
            task.is_ready = false;
        }
        Some(number)
    }

    /// Lets one task go on.
    fn step(&mut self, number: u32) {
        let Some(Some(task)) = self.tasks.get_mut(number as usize) else {
            return;
        };
        let Some(body) = task.body.take() else {
            return;
        };
        let role = task.role;
        let (rest, result) = match body {
            Body::Work(Work::Kernel) => {
                if let Role::Kernel(process) = role {
                    let jobs = || self.begun_jobs(process);
                    self.shared.state().deliver(process, jobs);
                }
                (Some(Body::Work(Work::Kernel)), None)
            }
            Body::Work(Work::Future(mut future)) => {
                let waker = task.waker.clone();
                let poll =
                    AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(&waker)));
                match catch_unwind(poll) {
                    Ok(Poll::Pending) => (Some(Body::Work(Work::Future(future))), None),
                    Ok(Poll::Ready(())) => (None, Some(Ok(()))),
                    Err(payload) => {
                        let failed = Failed::panicked(&*payload);
                        if role.process().is_none() {
                            self.panic = Some(payload);
                            self.is_done = true;
                        }
                        (None, Some(Err(failed)))
                    }
                }
            }
            Body::Work(Work::Job(job)) => self.resume(number, role, Fiber::new(job)),
            Body::Work(Work::Handler(handler)) => {
                let waker = waker(number | PARKED, &self.shared.wakes);
                let job = move || fiber::complete(handler.run(), &waker);
                self.resume(number, role, Fiber::new(Box::new(job)))
            }
            Body::Fiber(fiber) => self.resume(number, role, fiber),
        };
        match result {
            None => {
                if let Some(Some(task)) = self.tasks.get_mut(number as usize) {
                    task.body = rest;
                }
            }
            Some(result) => self.ended(number, role, result),
        }
    }

    fn resume(
        &mut self,
        number: u32,
        role: Role,
        fiber: Fiber,
    ) -> (Option<Body>, Option<Result<(), Failed>>) {
        match fiber.resume() {
            Resumed::Ended(result) => (None, Some(result)),
            Resumed::Paused(fiber, pause) => {
                match (pause, role.process()) {
                    (Pause::Wait(time), _) => self.wake_later(number, time),
                    (Pause::Park, _) => self.park(number),
                    (Pause::Hang, Some(process)) => {
                        let mut state = self.shared.state();
                        state.process_mut(process).hung.push(number);
                    }
                    _ => self.make_ready(number),
                }
                (Some(Body::Fiber(fiber)), None)
            }
        }
    }

    fn wake_later(&self, number: u32, time: Duration) {
        let Some(Some(task)) = self.tasks.get(number as usize) else {
            return;
        };
        let mut state = self.shared.state();
        let at = state.now.saturating_add(time);
        state.timers.add(at, task.waker.clone());
    }

    /// A task has come to its end.
    fn ended(&mut self, number: u32, role: Role, result: Result<(), Failed>) {
        let task = self.tasks[number as usize].take();
        let has_panicked = result.is_err();
        if let Some(done) = task.and_then(|task| task.done) {
            done.keep(result);
        }
        match role {
            Role::Harness => self.is_done = true,
            Role::Main(id) if has_panicked => self.shared.state().returned(id, PANIC_CODE),
            Role::Part(id) => self.job_ended(id),
            Role::Handler(id) => {
                let mut state = self.shared.state();
                state.end_handler(id, number);
                if has_panicked {
                    state.returned(id, PANIC_CODE);
                }
                drop(state);
                self.job_ended(id);
            }
            Role::Beside | Role::Main(_) | Role::Kernel(_) => {}
        }
    }

    /// A process whose main task has returned ends with the last of its jobs.
    fn job_ended(&self, id: ProcessId) {
        let mut state = self.shared.state();
        if let Life::Ending(code) = state.process(id).life
            && !self.has_tasks(id)
        {
            state.due.push_back(Due::End(id, ExitStatus::Code(code)));
        }
    }

    /// Whether a process has a task beside the one that delivers its signals.
    pub(super) fn has_tasks(&self, id: ProcessId) -> bool {
        let mut tasks = self.tasks.iter().flatten();
        let own = [Role::Part(id), Role::Main(id), Role::Handler(id)];
        tasks.any(|task| own.contains(&task.role))
    }

    /// The jobs of a process that have begun.
    fn begun_jobs(&self, id: ProcessId) -> Vec<u32> {
        let numbered = (0_u32..).zip(&self.tasks);
        let begun = numbered.filter(|(_, task)| {
            task.as_ref().is_some_and(|task| {
                task.role == Role::Part(id) && matches!(task.body, Some(Body::Fiber(_)))
            })
        });
        begun.map(|(number, _)| number).collect()
    }

    /// Lets the time of a step pass.
    fn after_step(&mut self) -> Option<Ended> {
        let mut state = self.shared.state();
        state.date_log();
        state.step += 1;
        if state.step >= state.setup.limits.steps_max {
            return Some(Ended::StepLimit);
        }
        if state.operations > state.setup.limits.operations_max {
            return Some(Ended::OperationLimit);
        }
        let now = state.now + state.setup.step_time;
        state.now = now;
        state.timers.fire(now);
        drop(state);
        self.shared.set_now(now);
        None
    }

    /// Nobody can go on: moves to the next time at which somebody may.
    fn wait(&mut self) -> Option<Ended> {
        let mut state = self.shared.state();
        let planned = state.triggers.next_time();
        let next = match (state.timers.first(), planned) {
            (Some(timer), Some(planned)) => timer.min(planned),
            (Some(time), None) | (None, Some(time)) => time,
            (None, None) => return Some(Ended::Stuck),
        };
        if next > state.setup.limits.time_max {
            return Some(Ended::TimeLimit);
        }
        let now = next.max(state.now);
        state.now = now;
        state.timers.fire(now);
        drop(state);
        self.shared.set_now(now);
        engine::advance(now.saturating_sub(self.engine_now));
        self.engine_now = now;
        None
    }
}
