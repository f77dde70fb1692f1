//! Everything about a world but its tasks.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_faults::image::Image;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::process::SignalState;
use plimsoll_reference::host::{ExitStatus, Failed};

use super::chance::Chance;
use super::crash::Era;
use super::due::Due;
use super::handlers::Handled;
use super::lifecycle::ProcessEnd;
use super::mishaps::Mishaps;
use super::numbers::SentToNumber;
use super::pipe::{WorldPipe, wait_in};
use super::plan::{Arrived, Happened};
use super::process::{Life, PipeEnd, Process, ProcessId};
use super::promise::Promise;
use super::run::Main;
use super::setup::Setup;
use super::task::{NewTask, Role, Work};
use super::timers::Timers;
use super::trace::{Place, Sort, Trace};
use super::triggers::Triggers;

/// A program, and what was counted over all of its processes.
pub(super) struct Program {
    pub(super) name: Arc<str>,
    pub(super) main: Main,
    pub(super) operations: u64,
}

/// The operating system, so to speak.
pub(super) struct State {
    pub(super) setup: Arc<Setup>,
    pub(super) now: Duration,
    pub(super) step: u64,
    /// Operations on the disk so far.
    pub(super) operations: u64,
    pub(super) chance: Chance,
    pub(super) timers: Timers,
    pub(super) trace: Trace,
    pub(super) triggers: Triggers,
    pub(super) programs: Vec<Program>,
    pub(super) processes: Vec<Process>,
    pub(super) pipes: Vec<WorldPipe>,
    pub(super) spawned: Vec<NewTask>,
    pub(super) due: VecDeque<Due>,
    /// How far the wall clock was stepped, in nanoseconds.
    pub(super) wall_offset: i128,
    pub(super) disk: SimFs,
    disk_clock: SimClock,
    disk_base: Image,
    /// When each entry of the op log took effect.
    moments: Vec<Happened>,
    faults: FaultPlan,
    pub(super) eras: Vec<Era>,
    pub(super) mishaps: Mishaps,
    /// How many numbers there are for processes; without a limit none is given twice.
    pub(super) numbers: Option<u32>,
    /// Whether signals that are handled interrupt waits, and how many they did.
    pub(super) interrupts: bool,
    pub(super) interrupted: u64,
    /// Signals that processes sent to numbers.
    pub(super) sent: Vec<SentToNumber>,
    /// Processes that have ended.
    pub(super) ends: Vec<ProcessEnd>,
    next_task: u32,
    /// Tasks that the scheduler is to wake when it comes by: those that deliver signals.
    pub(super) kernels: Vec<u32>,
    /// Signals that reached a process.
    pub(super) arrived: Vec<Arrived>,
    /// Handlers that ran.
    pub(super) handled: Vec<Handled>,
}

impl State {
    pub(super) fn new(setup: Setup, programs: &BTreeMap<String, Main>) -> Self {
        let chance = setup.schedule.as_ref().map_or_else(
            || Chance::seeded(setup.seed, &setup.policy),
            Chance::recorded,
        );
        let programs = programs.iter().map(|(name, main)| Program {
            name: Arc::from(name.as_str()),
            main: Arc::clone(main),
            operations: 0,
        });
        let mut state = Self {
            now: Duration::ZERO,
            step: 0,
            operations: 0,
            chance,
            timers: Timers::default(),
            trace: Trace::new(setup.trace),
            triggers: Triggers::new(&setup.plan),
            programs: programs.collect(),
            processes: Vec::new(),
            pipes: Vec::new(),
            spawned: Vec::new(),
            due: VecDeque::new(),
            wall_offset: 0,
            disk: SimFs::new(Image::new()),
            disk_clock: SimClock::default(),
            disk_base: Image::new(),
            moments: Vec::new(),
            faults: setup.faults.clone(),
            eras: Vec::new(),
            mishaps: Mishaps::default(),
            numbers: None,
            interrupts: false,
            interrupted: 0,
            sent: Vec::new(),
            ends: Vec::new(),
            next_task: 0,
            kernels: Vec::new(),
            arrived: Vec::new(),
            handled: Vec::new(),
            setup: Arc::new(setup),
        };
        state.mount(state.setup.image.clone());
        state
    }

    /// Begins an era on a disk that holds this.
    pub(super) fn mount(&mut self, image: Image) {
        let disk = SimFs::new(image.clone());
        disk.set_clock(self.disk_clock.clone());
        let profile = &self.setup.profile;
        profile.behave(&disk);
        if !self.faults.is_empty() {
            disk.set_seeded_plan(&self.faults, self.setup.seed);
        }
        self.disk = disk;
        self.disk_base = image;
    }

    /// Ends the era, by a crash or because the world ends, and says what was durable at its beginning and what came since.
    pub(super) fn unmount(&mut self, crash: Option<CrashKind>) -> &Era {
        self.date_log();
        self.eras.push(Era {
            moments: std::mem::take(&mut self.moments),
            base: std::mem::take(&mut self.disk_base),
            log: self.disk.take_log(),
            end: self.disk.image(),
            crash,
            fired: self.disk.fired(),
        });
        &self.eras[self.eras.len() - 1]
    }

    /// Lets this go wrong, too.
    pub(super) fn add_faults(&mut self, more: &FaultPlan) {
        self.faults.faults.extend(more.faults.iter().cloned());
        self.faults
            .writebacks
            .extend(more.writebacks.iter().cloned());
        self.faults.spaces.extend(more.spaces.iter().cloned());
        self.disk.set_seeded_plan(&self.faults, self.setup.seed);
    }

    pub(super) fn process(&self, id: ProcessId) -> &Process {
        &self.processes[id.0 as usize]
    }

    pub(super) fn process_mut(&mut self, id: ProcessId) -> &mut Process {
        &mut self.processes[id.0 as usize]
    }

    /// The process of a program that was started last.
    pub(super) fn latest(&self, program: &str) -> Option<ProcessId> {
        let at = self
            .processes
            .iter()
            .rposition(|process| &*process.name == program)?;
        Some(ProcessId(at as u32))
    }

    /// Takes note of when the last entries of the op log came, which is now, and says where that is. It must be called before a step ends.
    pub(super) fn date_log(&mut self) -> Place {
        let log = self.disk.log_len();
        let (step, time) = (self.step, self.now);
        self.moments.resize(log, Happened { step, time });
        Place { step, time, log }
    }

    /// Takes note of an event.
    pub(super) fn event(
        &mut self,
        sort: Sort,
        process: Option<ProcessId>,
        details: [u64; 2],
        text: impl FnOnce() -> String,
    ) {
        let place = self.date_log();
        let [first, second] = details;
        let number = process.map_or(0, |id| u64::from(id.0) + 1);
        self.trace
            .event(sort, place, [first ^ number << 32, second]);
        if self.trace.keeps_text() {
            let process = process.map(|id| format!("{} {id}", self.process(id).name));
            self.trace.text(place, process, text());
        }
    }

    /// Adds a task. The name is for people.
    pub(super) fn spawn(
        &mut self,
        role: Role,
        name: &'static str,
        work: Work,
    ) -> (u32, Promise<Result<(), Failed>>) {
        let number = self.next_task;
        self.next_task += 1;
        let done = Promise::default();
        self.spawned.push(NewTask {
            number,
            role,
            name,
            work,
            done: Some(done.clone()),
        });
        (number, done)
    }

    /// Makes a process of a program; its first task is still to be added.
    ///
    /// # Errors
    /// `ENOENT`: there is no such program. `EAGAIN`: there is no number for it.
    pub(super) fn add_process(
        &mut self,
        program: &str,
        parent: Option<ProcessId>,
    ) -> io::Result<ProcessId> {
        let known = self.programs.iter().position(|slot| &*slot.name == program);
        let Some(index) = known else {
            return Err(plimsoll_faults::errno::Errno::ENOENT.into());
        };
        let id = ProcessId(self.processes.len() as u32);
        let number = self.next_number()?;
        let signals = parent.map_or_else(SignalState::default, |parent| {
            self.process(parent).signals.inherited()
        });
        let stdin = self.add_pipe(WorldPipe::default());
        let stdout = self.add_pipe(WorldPipe::output_of(id));
        let (kernel, _) = self.spawn(Role::Kernel(id), "signals", Work::Kernel);
        self.processes.push(Process {
            program: index,
            name: Arc::clone(&self.programs[index].name),
            number,
            is_reaped: false,
            life: Life::Running,
            fs: self.disk.process(),
            disk_clock: self.disk_clock.clone(),
            signals,
            notices: Vec::new(),
            handlers: Vec::new(),
            frames: Vec::new(),
            stdin,
            stdout,
            ends: vec![PipeEnd::Read(stdin), PipeEnd::Write(stdout)],
            parent,
            waiters: Vec::new(),
            kernel,
            busy_until: Duration::ZERO,
            hung: Vec::new(),
            is_stuck: false,
        });
        if let Some(parent) = parent {
            let ends = &mut self.process_mut(parent).ends;
            ends.extend([PipeEnd::Write(stdin), PipeEnd::Read(stdout)]);
        }
        self.event(Sort::Start, Some(id), [index as u64, 0], || {
            "starts".to_owned()
        });
        Ok(id)
    }

    /// Whether a process of a program has not ended.
    pub(super) fn is_running(&self, program: &str) -> bool {
        let is_running = |process: &Process| {
            *process.name == *program && !matches!(process.life, Life::Ended(_))
        };
        self.processes.iter().any(is_running)
    }

    /// Now, for whoever keeps when something happened.
    pub(super) const fn happens(&self) -> Happened {
        Happened {
            step: self.step,
            time: self.now,
        }
    }

    /// How a process ended, or that whoever asks is told when it does.
    pub(super) fn status(&mut self, id: ProcessId, waker: Option<&Waker>) -> Option<ExitStatus> {
        let process = self.process_mut(id);
        if let Life::Ended(status) = process.life {
            return Some(status);
        }
        if let Some(waker) = waker {
            wait_in(&mut process.waiters, waker);
        }
        None
    }

    /// What happens because a process has written a line.
    pub(super) fn line_written(&mut self, process: Option<ProcessId>, line: &str) {
        let Some(process) = process else {
            return;
        };
        let name = Arc::clone(&self.process(process).name);
        let now = self.happens();
        let actions = self.triggers.at_line(now, line, &name);
        self.due
            .extend(actions.into_iter().map(|action| Due::Act(action, None)));
    }

    /// The wall clock.
    pub(super) fn wall_time(&self) -> Duration {
        let now = (self.setup.wall_origin + self.now).as_nanos() as i128 + self.wall_offset;
        Duration::from_nanos(u64::try_from(now.max(0)).unwrap_or(u64::MAX))
    }
}
