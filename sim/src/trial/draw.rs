//! A script from a seed.

use std::collections::BTreeSet;
use std::time::Duration;

use plimsoll_faults::errno::Errno;
use plimsoll_faults::latency::Latency;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::rng::Rng;
use plimsoll_reference::host::Signal;
use plimsoll_reference::service::protocol::Command;

use super::family::Family;
use super::promise::Promise;
use super::run::STRANGER;
use super::script::{Ending, LifeScript, Script, Step};
use super::system::Asks;
use crate::command::Mutation;
use crate::world::{Action, Pace, Plan, Planned, Policy, When};

/// Bytes of the values that are long: a few fill a page, or one takes more than two, and more than a pipe takes at once.
const LONG_VALUES: [usize; 4] = [1500, 1500, 1500, 9000];

/// Numbers of processes beyond one for each program, where there are few: so many strangers may run beside the system.
const SPARE_NUMBERS: u32 = 2;

/// Worlds whose tasks take their turns at random, out of so many.
const WALKS: (u64, u64) = (1, 2);

/// Changes of priorities in the other worlds: bugs are looked for that take one more step than this in one order.
const CHANGES_MAX: u64 = 3;

/// When a process that stands still goes on at the latest.
const STOPPED_MAX_SECONDS: u64 = 6 * 3600;

/// What scripts are made of.
#[derive(Clone, Debug)]
pub struct Shape {
    /// What may happen.
    pub families: BTreeSet<Family>,
    /// Most requests of a life.
    pub requests_max: u32,
    /// Most lives.
    pub lives_max: u32,
    /// Lines of fault plans, of which one may go wrong where errors may; without any, operations fail at random.
    pub faults: Vec<FaultPlan>,
}

/// Draws a script.
pub(super) fn script(
    seed: u64,
    shape: &Shape,
    asks: &Asks,
    promise: &Promise,
    programs: &[&str],
) -> Script {
    let mut drawer = Drawer {
        rng: Rng::stream(seed, "trial script"),
        shape,
        asks,
        promise,
        programs,
        active: BTreeSet::new(),
        serial: 0,
    };
    // Swarm testing: a world in which everything may happen is a world in which nothing happens for long.
    drawer.active = shape
        .families
        .iter()
        .copied()
        .filter(|_| drawer.rng.ratio(2, 3))
        .collect();
    drawer.script()
}

struct Drawer<'a> {
    rng: Rng,
    shape: &'a Shape,
    asks: &'a Asks,
    promise: &'a Promise,
    programs: &'a [&'a str],
    active: BTreeSet<Family>,
    serial: u32,
}

impl Drawer<'_> {
    fn is(&self, family: Family) -> bool {
        self.active.contains(&family)
    }

    fn script(&mut self) -> Script {
        let lives = if self.is(Family::Restart) {
            2 + self.rng.below(u64::from(self.shape.lives_max.max(2) - 1))
        } else {
            1
        };
        let lives = (0..lives).map(|_| self.life()).collect();
        Script {
            lives,
            plan: self.plan(),
            faults: FaultPlan::none(),
            pace: self.pace(),
            policy: self.policy(),
        }
    }

    fn life(&mut self) -> LifeScript {
        let most = u64::from(self.shape.requests_max.max(1));
        // Mostly short: the fewer requests, the clearer the evidence.
        let count = if self.rng.ratio(1, 2) {
            1 + self.rng.below(most.min(8))
        } else {
            1 + self.rng.below(most)
        };
        let mut steps: Vec<Step> = Vec::new();
        for _ in 0..count {
            self.pause(&mut steps);
            steps.push(Step::Ask(self.request()));
        }
        if self.is(Family::Second) && self.rng.ratio(1, 2) {
            let at = self.rng.below(steps.len() as u64 + 1) as usize;
            steps.insert(at, Step::StartAnother);
        }
        if self.rng.ratio(1, 2) {
            steps.push(Step::Settle);
        }
        self.pause(&mut steps);
        LifeScript {
            early: self.is(Family::Early) && self.rng.ratio(1, 2),
            outstanding: *self.rng.pick(&[1, 2, 4, 16]),
            steps,
            ending: self.ending(),
            settles: self.rng.ratio(3, 4),
        }
    }

    /// Now and then, time passes.
    fn pause(&mut self, steps: &mut Vec<Step>) {
        if self.is(Family::Idle) && self.rng.ratio(1, 8) {
            if let Some(rests) = self.asks.rests
                && self.rng.ratio(3, 4)
            {
                steps.push(Step::Pause(self.about(rests)));
                return;
            }
            let seconds = *self
                .rng
                .pick(&[1, 10, 14, 16, 30, 299, 300, 301, 600, 3600]);
            steps.push(Step::Pause(Duration::from_secs(seconds)));
        } else if self.rng.ratio(1, 4) {
            let micros = 1 << self.rng.below(21);
            steps.push(Step::Pause(Duration::from_micros(micros)));
        }
    }

    /// This time exactly, or a little less or more.
    fn about(&mut self, time: Duration) -> Duration {
        let off = Duration::from_micros(1 << self.rng.below(21));
        match self.rng.below(4) {
            0 => time.saturating_sub(off),
            1 => time + off,
            _ => time,
        }
    }

    fn ending(&mut self) -> Ending {
        let mut endings = vec![Ending::Eof];
        if self.asks.closes {
            endings.push(Ending::Close);
        }
        if self.is(Family::Endings) && self.promise.ends_on_signals {
            endings.extend([Ending::Term, Ending::Int]);
        }
        for (family, ending) in [
            (Family::MidLine, Ending::MidLine),
            (Family::Kill, Ending::Kill),
            (Family::Power, Ending::Power),
        ] {
            if self.is(family) {
                endings.push(ending);
            }
        }
        *self.rng.pick(&endings)
    }

    fn request(&mut self) -> Command {
        let asks = self.asks;
        let weights = [
            asks.puts,
            asks.deletes,
            asks.batches,
            asks.gets,
            asks.scans,
            asks.syncs,
            asks.snapshots,
            asks.maintenance,
        ];
        match self.weighted(&weights) {
            1 => {
                let key = self.key();
                Command::Write(Mutation::Delete { key })
            }
            2 => {
                let bucket = self.bucket();
                let count = 2 + self.rng.below(3);
                Command::Batch((0..count).map(|_| self.change(bucket)).collect())
            }
            3 => Command::Get(self.key()),
            4 => Command::Scan,
            5 => Command::Sync,
            6 => Command::Snapshot,
            7 if self.rng.ratio(1, 2) => Command::Checkpoint,
            7 => Command::Compact,
            _ => {
                let bucket = self.bucket();
                Command::Write(self.put(bucket))
            }
        }
    }

    fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        let mut drawn = self.rng.below(total.max(1));
        for (index, &weight) in weights.iter().enumerate() {
            match drawn.checked_sub(u64::from(weight)) {
                Some(rest) => drawn = rest,
                None => return index,
            }
        }
        0
    }

    fn bucket(&mut self) -> u64 {
        self.rng.below(u64::from(self.asks.buckets.max(1)))
    }

    fn key(&mut self) -> Vec<u8> {
        let bucket = self.bucket();
        self.key_in(bucket)
    }

    fn key_in(&mut self, bucket: u64) -> Vec<u8> {
        let key = self.rng.below(u64::from(self.asks.keys.max(1)));
        format!("b{bucket}/k{key}").into_bytes()
    }

    fn change(&mut self, bucket: u64) -> Mutation {
        if self.rng.ratio(1, 4) {
            let key = self.key_in(bucket);
            Mutation::Delete { key }
        } else {
            self.put(bucket)
        }
    }

    /// Each value is written once, so that it tells which write it is of.
    fn put(&mut self, bucket: u64) -> Mutation {
        self.serial += 1;
        let mut value = format!("v{}", self.serial).into_bytes();
        if self.rng.ratio(1, 16) {
            let len = *self.rng.pick(&LONG_VALUES);
            value.resize(len, b'.');
        }
        Mutation::Put {
            key: self.key_in(bucket),
            value,
        }
    }

    /// A moment: any scheduling step, as likely early as late, or when a line has been written.
    fn moment(&mut self) -> When {
        let first = self.programs[0].to_owned();
        if self.rng.ratio(1, 4) {
            return When::Line {
                prefix: (*self.rng.pick(&["ready", "", "snapshot", "end"])).to_owned(),
                program: first,
                number: 1 + self.rng.below(4) as u32,
            };
        }
        let bits = 2 + self.rng.below(11);
        When::Step(self.rng.below(1 << bits))
    }

    /// As a moment, or before an operation on the disk.
    fn instant(&mut self) -> When {
        if self.rng.ratio(1, 2) {
            return self.moment();
        }
        let bits = 1 + self.rng.below(7);
        When::Operation {
            number: 1 + self.rng.below(1 << bits),
            program: (*self.rng.pick(self.programs)).to_owned(),
        }
    }

    fn plan(&mut self) -> Plan {
        let mut lines = Vec::new();
        let first = self.programs[0].to_owned();
        let signal = |signal| Action::Signal(signal, first.clone());
        if self.is(Family::Snapshots) {
            for _ in 0..=self.rng.below(3) {
                lines.push((self.moment(), signal(Signal::Usr1)));
            }
        }
        if self.is(Family::Endings) {
            let which = *self.rng.pick(&[Signal::Term, Signal::Int]);
            lines.push((self.moment(), signal(which)));
        }
        if self.is(Family::Twice) {
            let which = *self.rng.pick(&[Signal::Term, Signal::Int, Signal::Usr1]);
            lines.push((self.moment(), signal(which)));
            if self.rng.ratio(1, 2) {
                lines.push((self.moment(), Action::CloseStdin(first.clone())));
            }
        }
        if self.is(Family::Kill) {
            let program = (*self.rng.pick(self.programs)).to_owned();
            lines.push((self.instant(), Action::Kill(program)));
        }
        if self.is(Family::Power) {
            lines.push((self.instant(), Action::PowerLoss));
        }
        if self.is(Family::Servers) {
            lines.push((self.instant(), Action::ServerCrash));
        }
        self.plan_disk(&mut lines);
        self.plan_output(&mut lines, &first);
        self.plan_processes(&mut lines);
        let line = |(when, action)| Planned { when, action };
        Plan(lines.into_iter().map(line).collect())
    }

    fn plan_disk(&mut self, lines: &mut Vec<(When, Action)>) {
        if self.is(Family::Errors) {
            let fault = if self.shape.faults.is_empty() {
                let number = 1 + self.rng.below(6);
                let lines = [
                    "write EIO",
                    "write ENOSPC",
                    "write EIO partial",
                    "sync EIO",
                    "rename EIO",
                    "rename EIO after",
                    "rename EXDEV",
                    "open ENOSPC",
                    "open EMFILE",
                    "fsyncdir EIO",
                    "unlink EIO",
                ];
                let line = self.rng.pick(&lines);
                let (operation, effect) = line.split_once(' ').unwrap_or((line, "EIO"));
                let from = if self.rng.ratio(1, 3) { ".." } else { "" };
                format!("{operation} #{number}{from} {effect}").parse().ok()
            } else {
                Some(self.rng.pick(&self.shape.faults).clone())
            };
            if let Some(fault) = fault {
                lines.push((self.moment(), Action::Fault(fault)));
            }
        }
        if self.is(Family::Stalls) {
            let operation = *self
                .rng
                .pick(&["sync", "rename", "write", "open", "fsyncdir"]);
            let number = 1 + self.rng.below(4);
            let seconds = *self.rng.pick(&[1, 3, 6, 20, 60, 600]);
            if let Ok(fault) = format!("{operation} #{number} stall {seconds}s").parse() {
                lines.push((self.moment(), Action::Fault(fault)));
            }
        }
    }

    fn plan_output(&mut self, lines: &mut Vec<(When, Action)>, first: &str) {
        if self.is(Family::Unread) {
            lines.push((self.moment(), Action::StopReading(first.to_owned())));
            if self.rng.ratio(2, 3) {
                lines.push((self.moment(), Action::ResumeReading(first.to_owned())));
            }
        }
        if self.is(Family::Deaf) {
            lines.push((self.moment(), Action::CloseStdout(first.to_owned())));
        }
        if self.is(Family::Clock) {
            let by = Duration::from_secs(1 << self.rng.below(18));
            let forward = self.rng.ratio(1, 2);
            lines.push((self.moment(), Action::Clock { forward, by }));
        }
    }

    fn plan_processes(&mut self, lines: &mut Vec<(When, Action)>) {
        if self.is(Family::Strangers) {
            // Few enough that one is given again before long.
            let numbers = self.programs.len() as u32 + SPARE_NUMBERS;
            lines.push((When::Step(0), Action::Numbers(numbers)));
            for _ in 0..=self.rng.below(u64::from(SPARE_NUMBERS)) {
                // Others come as time passes, whether the system does anything or not.
                let when = if self.rng.ratio(1, 2) {
                    self.moment()
                } else {
                    When::Time(Duration::from_millis(self.rng.below(20_000)))
                };
                lines.push((when, Action::Start(STRANGER.to_owned())));
            }
        }
        if self.is(Family::Interrupts) {
            lines.push((When::Step(0), Action::Interrupts));
        }
        if self.is(Family::Full) {
            let index = self.rng.below(self.programs.len() as u64);
            // The first writes to a file; the others write to whoever started them, and are cut off only for a moment.
            let is_for_ever = index == 0 && self.rng.ratio(1, 2);
            let count = 1 + self.rng.below(3) as u32;
            let action = Action::FailStdout {
                program: self.programs[index as usize].to_owned(),
                error: *self.rng.pick(&[Errno::ENOSPC, Errno::EIO]),
                count: (!is_for_ever).then_some(count),
            };
            lines.push((self.moment(), action));
        }
        if self.is(Family::Stopped) {
            let program = (*self.rng.pick(self.programs)).to_owned();
            let seconds = *self.rng.pick(&[1, 10, 60, 600, 7200]);
            lines.push((self.moment(), Action::Signal(Signal::Stop, program.clone())));
            // The second is for a stop that comes after the first: who stands still for ever keeps the client waiting for days.
            for seconds in [seconds, STOPPED_MAX_SECONDS] {
                let later = When::Time(Duration::from_secs(seconds));
                lines.push((later, Action::Signal(Signal::Cont, program.clone())));
            }
        }
    }

    /// Every other world is a random walk. The others have priorities, and a few changes of them, as likely early as late.
    fn policy(&mut self) -> Policy {
        if self.rng.ratio(WALKS.0, WALKS.1) {
            return Policy::Walk;
        }
        let count = self.rng.below(CHANGES_MAX + 1);
        let mut changes = Vec::new();
        for _ in 0..count {
            let bits = 3 + self.rng.below(9);
            changes.push(self.rng.below(1 << bits));
        }
        changes.sort_unstable();
        Policy::Priorities { changes }
    }

    fn pace(&mut self) -> Pace {
        let ms = Duration::from_millis;
        if self.is(Family::Slow) {
            let names = Latency::LogNormal(Duration::from_micros(500), ms(30));
            return Pace {
                read: names,
                write: Latency::LogNormal(Duration::from_micros(50), ms(3)),
                sync: Latency::LogNormal(ms(20), ms(4000)),
                metadata: names,
                preempt: (1, 2),
            };
        }
        if self.rng.ratio(1, 3) {
            return Pace {
                preempt: (1, 2),
                ..Pace::instant()
            };
        }
        Pace::default()
    }
}
