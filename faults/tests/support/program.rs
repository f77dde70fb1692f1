//! A litmus program: what is durable beforehand, and what is done then.

use plimsoll_faults::disk::SimFs;
use plimsoll_faults::image::Image;
use plimsoll_faults::log::Entry;

use super::step::{Runner, Step};

/// The program of one `.litmus` file.
pub struct Program {
    pub name: String,
    /// One sentence: what is tried out.
    pub why: String,
    setup: Vec<Step>,
    pub steps: Vec<Step>,
}

/// What a program did to a simulated disk.
pub struct Recording {
    /// The disk after the setup, all of it durable.
    pub image: Image,
    /// The op log of each step.
    pub steps: Vec<Vec<Entry>>,
}

impl Program {
    /// Reads a program, and hands back the lines that follow its steps.
    pub fn parse(text: &str) -> (Self, Vec<&str>) {
        let mut lines = text.lines().peekable();
        let mut field = |key: &str| {
            let line = lines.next().unwrap_or_default();
            line.strip_prefix(key)
                .unwrap_or_else(|| panic!("`{key}` must come here, not `{line}`"))
                .trim()
                .to_owned()
        };
        let (name, why) = (field("name:"), field("why:"));
        assert!(why.ends_with(['.', '?', ')']), "`{why}` is no sentence");
        assert_eq!(field("setup:"), "", "setup steps are on lines of their own");
        let setup = steps(&mut lines);
        assert_eq!(lines.next(), Some("steps:"), "steps follow the setup");
        let steps = steps(&mut lines);
        assert!(!steps.is_empty(), "{name} does nothing");
        let program = Self {
            name,
            why,
            setup,
            steps,
        };
        (program, lines.collect())
    }

    /// The first step that a simulated disk cannot do.
    pub fn unsupported(&self) -> Option<&Step> {
        let mut all = self.setup.iter().chain(&self.steps);
        all.find(|step| !step.is_supported())
    }

    /// Runs the program, with its setup made durable first.
    pub fn record(&self) -> Recording {
        let disk = SimFs::new(Image::new());
        let mut runner = Runner::new(&disk);
        for step in &self.setup {
            runner.run(step);
        }
        drop(runner);
        let image = disk.image();
        let disk = SimFs::new(image.clone());
        let mut runner = Runner::new(&disk);
        let record = |step| {
            runner.run(step);
            disk.take_log()
        };
        let steps = self.steps.iter().map(record).collect();
        Recording { image, steps }
    }
}

/// The indented lines that come next.
fn steps<'a>(lines: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
        steps.push(Step::parse(line.trim()));
    }
    steps
}
