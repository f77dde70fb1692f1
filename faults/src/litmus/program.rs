//! A litmus program: what is durable beforehand, and what is done then.

use super::error::LitmusError;
use super::line::{Lines, Part};
use super::runner::Runner;
use super::step::{Action, Step};
use crate::crash::CrashKind;
use crate::disk::SimFs;
use crate::image::Image;
use crate::log::Entry;
use crate::plan::{Effect, FaultPlan};
use crate::profile::{Cover, Profile};

/// The program of a litmus file.
#[derive(Clone, Debug)]
pub struct Program {
    /// The name of the file.
    pub name: String,
    /// What it tries out, in one sentence.
    pub why: String,
    /// What goes wrong while the steps run.
    pub plan: FaultPlan,
    /// What is durable beforehand.
    pub setup: Vec<Step>,
    /// What a crash may interrupt.
    pub steps: Vec<Step>,
}

/// What a program did to a simulated disk.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The disk after the setup, all of it durable.
    pub image: Image,
    /// The op log of each step.
    pub steps: Vec<Vec<Entry>>,
    /// What processes see: after the setup, then after each step.
    pub seen: Vec<Image>,
}

impl Program {
    /// Reads a text that is a program and nothing else.
    ///
    /// # Errors
    /// The text is no program, or goes on after it.
    pub fn parse(text: &str) -> Result<Self, LitmusError> {
        let mut lines = Lines::of(text);
        let program = Self::read(&mut lines)?;
        match lines.find(|line| !line.text.trim().is_empty()) {
            Some(line) => Err(line.error("nothing may follow the steps of a program")),
            None => Ok(program),
        }
    }

    /// Reads a program and leaves the lines that follow its steps.
    pub(super) fn read(lines: &mut Lines<'_>) -> Result<Self, LitmusError> {
        let name = lines.need("name:", "the name of the file without its ending")?;
        if name.text.is_empty() {
            return Err(name.error("the name is missing: give that of the file without its ending"));
        }
        let why = lines.need("why:", "one sentence on what is tried out")?;
        if !why.text.ends_with(['.', '?']) {
            return Err(why.error("`why` is one sentence: end it with a full stop"));
        }
        let plan = lines.field("faults:").map(|part| {
            let parsed = part.text.parse::<FaultPlan>();
            parsed.map_err(|error| part.error(error.to_string()))
        });
        let plan = plan.transpose()?.unwrap_or_default();
        heading(
            lines,
            "setup:",
            "what is durable beforehand, which may be nothing",
        )?;
        let setup = steps(lines)?;
        heading(lines, "steps:", "what a crash may interrupt")?;
        let end = lines.here();
        let steps = steps(lines)?;
        if steps.is_empty() {
            return Err(end.error("there are no steps: add at least one, indented by two spaces"));
        }
        Ok(Self {
            name: name.text.to_owned(),
            why: why.text.to_owned(),
            plan,
            setup,
            steps,
        })
    }

    /// Whether the program says something on such a disk.
    ///
    /// One whose fault plan evicts a client says nothing where no server evicts any. One that lets a sync fail says nothing where
    /// each write is written back as its handle is closed: there is nothing left for the sync to write.
    pub fn applies_to(&self, profile: &Profile) -> bool {
        let plan = &self.plan;
        let has = |wanted: fn(&Effect) -> bool| plan.faults.iter().any(|it| wanted(&it.effect));
        let evicts = has(|effect| matches!(effect, Effect::Evict { .. }));
        let fails_sync =
            has(|effect| matches!(effect, Effect::FailSync(..))) || !plan.writebacks.is_empty();
        let keeps_open = |step: &Step| matches!(step.action, Action::Open { .. });
        let network = profile.network.as_ref();
        let writes_at_close = network.is_some_and(|it| it.close_covers.contains(&Cover::Data))
            && !self.steps.iter().any(keeps_open);
        (!evicts || profile.crashes().contains(&CrashKind::Eviction))
            && !(fails_sync && writes_at_close)
    }

    /// Runs the program, with its setup made durable first.
    ///
    /// # Errors
    /// A step does not end as it says.
    pub fn record(&self) -> Result<Recording, LitmusError> {
        let disk = SimFs::new(Image::new());
        let mut runner = Runner::new(&disk);
        for step in &self.setup {
            runner.run(step)?;
        }
        drop(runner);
        let image = disk.image();
        let disk = SimFs::new(image.clone());
        disk.set_plan(&self.plan);
        let mut runner = Runner::new(&disk);
        let mut steps = Vec::new();
        let mut seen = vec![image.clone()];
        for step in &self.steps {
            runner.run(step)?;
            steps.push(disk.take_log());
            seen.push(disk.image());
        }
        Ok(Recording { image, steps, seen })
    }
}

fn heading<'a>(lines: &mut Lines<'a>, key: &str, what: &str) -> Result<Part<'a>, LitmusError> {
    let rest = lines.need(key, what)?;
    if rest.text.is_empty() {
        return Ok(rest);
    }
    Err(rest.error("put each step on a line of its own, indented by two spaces"))
}

/// The indented lines that come next.
fn steps(lines: &mut Lines<'_>) -> Result<Vec<Step>, LitmusError> {
    let mut steps = Vec::new();
    while let Some(line) = lines.next_if(|line| line.text.starts_with("  ")) {
        steps.push(Step::parse(&line)?);
    }
    Ok(steps)
}
