//! A litmus program: what is durable beforehand, and what is done then.

use std::iter::Peekable;
use std::str::Lines;

use plimsoll_faults::disk::SimFs;
use plimsoll_faults::image::Image;
use plimsoll_faults::log::Entry;
use plimsoll_faults::plan::FaultPlan;

use super::step::{Runner, Step};

/// The program of one `.litmus` file.
pub(crate) struct Program {
    pub(crate) name: String,
    /// What goes wrong while the steps run.
    plan: FaultPlan,
    pub(crate) setup: Vec<Step>,
    pub(crate) steps: Vec<Step>,
}

/// What a program did to a simulated disk.
pub(crate) struct Recording {
    /// The disk after the setup, all of it durable.
    pub(crate) image: Image,
    /// The op log of each step.
    pub(crate) steps: Vec<Vec<Entry>>,
}

impl Program {
    /// Reads a program, and hands back the lines that follow its steps.
    pub(crate) fn parse(text: &str) -> (Self, Vec<&str>) {
        let mut lines = text.lines().peekable();
        let name = field(&mut lines, "name:").expect("a program has a name");
        let why = field(&mut lines, "why:").expect("a program says what it tries out");
        assert!(why.ends_with(['.', '?']), "`{why}` is no sentence");
        let plan = field(&mut lines, "faults:").unwrap_or_default();
        field(&mut lines, "setup:").expect("the setup follows");
        let setup = steps(&mut lines);
        field(&mut lines, "steps:").expect("the steps follow");
        let steps = steps(&mut lines);
        assert!(!steps.is_empty(), "{name} does nothing");
        let program = Self {
            name: name.to_owned(),
            plan: plan.parse().unwrap_or_else(|error| panic!("{error}")),
            setup,
            steps,
        };
        (program, lines.collect())
    }

    /// Runs the program, with its setup made durable first.
    pub(crate) fn record(&self) -> Recording {
        let disk = SimFs::new(Image::new());
        let mut runner = Runner::new(&disk);
        for step in &self.setup {
            runner.run(step);
        }
        drop(runner);
        let image = disk.image();
        let disk = SimFs::new(image.clone());
        disk.set_plan(&self.plan);
        let mut runner = Runner::new(&disk);
        let record = |step| {
            runner.run(step);
            disk.take_log()
        };
        let steps = self.steps.iter().map(record).collect();
        Recording { image, steps }
    }
}

/// The rest of the next line, if it starts with `key`.
fn field<'a>(lines: &mut Peekable<Lines<'a>>, key: &str) -> Option<&'a str> {
    let line = lines.next_if(|line| line.starts_with(key))?;
    line.strip_prefix(key).map(str::trim)
}

/// The indented lines that come next.
fn steps(lines: &mut Peekable<Lines<'_>>) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
        steps.push(Step::parse(line.trim()));
    }
    steps
}
