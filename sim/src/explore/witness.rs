//! The evidence of a violation, for people.

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::image::{Image, Node};

use super::damage::Mishap;
use super::history::{Event, Position, What};
use super::judge::Reason;
use super::recording::{Finding, Recording};
use crate::case::Case;
use crate::report::Witness;
use crate::sites::Sites;

/// Operations of the trace that are shown; earlier ones are counted.
const TRACE_MAX: usize = 40;

/// Where and how it crashed.
pub(super) struct Scene<'a> {
    pub(super) case: &'a Case,
    pub(super) recording: &'a Recording,
    /// Log entries before the crash.
    pub(super) at: usize,
    /// The byte of its file at which the last of them, a write, was ended.
    pub(super) amid: Option<u64>,
    pub(super) step: Position,
    pub(super) kind: CrashKind,
    /// Pending changes that were lost: log entry and description.
    pub(super) lost: Vec<(u32, String)>,
    pub(super) image: &'a Image,
}

impl Scene<'_> {
    pub(super) fn witness(&self, reason: Reason) -> Witness {
        let log = &self.recording.log;
        let crash = match self.at.checked_sub(1).and_then(|last| log.get(last)) {
            Some(entry) => {
                let (place, end) = match self.amid {
                    Some(end) => ("within", format!(", which came to byte {end}")),
                    None => ("after", String::new()),
                };
                format!(
                    "{} in #{}, {place} operation {}: {entry}{end}",
                    self.kind, self.step, self.at
                )
            }
            None => format!("{} before the first operation", self.kind),
        };
        let lost = self
            .lost
            .iter()
            .map(|(entry, line)| match log.get(*entry as usize) {
                Some(operation) => format!("operation {}: {operation}: {line}", entry + 1),
                None => line.clone(),
            })
            .collect();
        Witness {
            commands: self.case.workload.clone(),
            commands_before: self.case.workload.len(),
            plan: self.case.plan.to_string(),
            trace: trace(self.recording, self.at),
            crash,
            sites: Sites::of(
                self.lost
                    .first()
                    .and_then(|(entry, _)| log.get(*entry as usize)),
                self.at.checked_sub(1).and_then(|last| log.get(last)),
            ),
            lost,
            image: list(self.image),
            expected: reason.expected,
            found: reason.found,
            help: None,
        }
    }
}

/// The evidence of what did not hold in the run itself.
pub(super) fn of_finding(case: &Case, recording: &Recording, finding: &Finding) -> Witness {
    Witness {
        commands: case.workload.clone(),
        commands_before: case.workload.len(),
        plan: case.plan.to_string(),
        trace: trace(recording, recording.log.len()),
        crash: format!("{} at #{}", finding.crash, finding.step),
        sites: Sites::at(&finding.crash),
        lost: Vec::new(),
        image: Vec::new(),
        expected: finding.expected.clone(),
        found: finding.found.clone(),
        help: None,
    }
}

/// The evidence of damage that was not taken as it should be.
pub(super) fn of_mishap(case: &Case, recording: &Recording, mishap: &Mishap) -> Witness {
    Witness {
        commands: case.workload.clone(),
        commands_before: case.workload.len(),
        plan: case.plan.to_string(),
        trace: trace(recording, recording.log.len()),
        crash: format!("no crash; damage to {}", mishap.damage),
        sites: Sites::at(&mishap.damage),
        lost: Vec::new(),
        image: list(&recording.image),
        expected: mishap.expected.to_owned(),
        found: mishap.found.clone(),
        help: None,
    }
}

fn trace(recording: &Recording, at: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut events = recording
        .events
        .iter()
        .filter(|event| event.at <= at)
        .peekable();
    for (index, entry) in recording.log[..at].iter().enumerate() {
        while let Some(event) = events.next_if(|event| event.at <= index) {
            lines.extend(event_line(recording, event));
        }
        lines.push(format!("  {:>3}  {entry}", index + 1));
    }
    lines.extend(events.filter_map(|event| event_line(recording, event)));
    let hidden = lines.len().saturating_sub(TRACE_MAX);
    if hidden > 0 {
        lines.drain(..hidden);
        lines.insert(0, format!("... {hidden} lines earlier"));
    }
    lines
}

fn event_line(recording: &Recording, event: &Event) -> Option<String> {
    let number = event.step;
    let step = (number as usize)
        .checked_sub(1)
        .and_then(|index| recording.steps.get(index));
    match (&event.what, step) {
        (What::Invoked, Some(step)) => Some(format!("#{number} {step}")),
        (What::Acked(level), _) => Some(format!("#{number} acknowledged: {level}")),
        (What::Failed(outcome, message), _) => {
            Some(format!("#{number} failed ({outcome:?}): {message}"))
        }
        (What::OpenFailed(message), _) => Some(format!("#{number} did not open: {message}")),
        (What::Opened(_) | What::Read | What::Invoked, _) => None,
    }
}

fn list(image: &Image) -> Vec<String> {
    let mut lines = Vec::new();
    image.walk(&mut |path, ino| match image.node(ino) {
        Some(Node::Dir(_)) => lines.push(format!("{path}/")),
        Some(Node::File(content)) => lines.push(format!("{path}  {} bytes", content.len())),
        Some(Node::Symlink(target)) => lines.push(format!("{path} -> {target}")),
        None => lines.push(format!("{path}  empty")),
    });
    lines
}
