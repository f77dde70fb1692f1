//! What of a plan is still to come.

use std::time::Duration;

use super::plan::{Action, Happened, Plan, Planned, When};

/// A plan at work.
#[derive(Debug)]
pub(super) struct Triggers {
    /// What is still to come; for lines with how many there were.
    waiting: Vec<(usize, Planned, u32)>,
    /// When each line happened.
    happened: Vec<Option<Happened>>,
    /// The numbers of those that did, in that order.
    order: Vec<usize>,
    wants_operations: bool,
    wants_lines: bool,
    next_step: u64,
    next_time: Option<Duration>,
}

impl Triggers {
    pub(super) fn new(plan: &Plan) -> Self {
        let waiting = plan.0.iter().cloned().enumerate();
        let mut triggers = Self {
            waiting: waiting
                .map(|(index, planned)| (index, planned, 0))
                .collect(),
            happened: vec![None; plan.0.len()],
            order: Vec::new(),
            wants_operations: false,
            wants_lines: false,
            next_step: u64::MAX,
            next_time: None,
        };
        triggers.look();
        triggers
    }

    /// Finds out what is next.
    fn look(&mut self) {
        self.wants_operations = false;
        self.wants_lines = false;
        self.next_step = u64::MAX;
        self.next_time = None;
        for (_, planned, _) in &self.waiting {
            match &planned.when {
                When::Step(step) => self.next_step = self.next_step.min(*step),
                When::Operation { .. } => self.wants_operations = true,
                When::Time(time) => {
                    self.next_time = Some(self.next_time.map_or(*time, |next| next.min(*time)));
                }
                When::Line { .. } => self.wants_lines = true,
            }
        }
    }

    /// Takes what happens now.
    fn take(
        &mut self,
        at: Happened,
        mut is_now: impl FnMut(&When, &mut u32) -> bool,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        let (happened, order) = (&mut self.happened, &mut self.order);
        self.waiting.retain_mut(|(index, planned, count)| {
            let now = is_now(&planned.when, count);
            if now {
                happened[*index] = Some(at);
                order.push(*index);
                actions.push(planned.action.clone());
            }
            !now
        });
        self.look();
        actions
    }

    /// The next time at which something happens.
    pub(super) const fn next_time(&self) -> Option<Duration> {
        self.next_time
    }

    /// What happens before this step, at this time.
    pub(super) fn at(&mut self, step: u64, now: Duration) -> Vec<Action> {
        if step < self.next_step && self.next_time.is_none_or(|time| now < time) {
            return Vec::new();
        }
        let at = Happened { step, time: now };
        self.take(at, |when, _| match when {
            When::Step(at) => *at <= step,
            When::Time(at) => *at <= now,
            _ => false,
        })
    }

    /// What happens before this operation of this program.
    pub(super) fn at_operation(
        &mut self,
        now: Happened,
        number: u64,
        program: &str,
    ) -> Vec<Action> {
        if !self.wants_operations {
            return Vec::new();
        }
        self.take(now, |when, _| {
            matches!(when, When::Operation { number: at, program: of } if *at == number && of == program)
        })
    }

    /// Whether lines matter.
    pub(super) const fn wants_lines(&self) -> bool {
        self.wants_lines
    }

    /// What happens when this program has written this line.
    pub(super) fn at_line(&mut self, now: Happened, line: &str, program: &str) -> Vec<Action> {
        self.take(now, |when, count| match when {
            When::Line {
                prefix,
                program: of,
                number,
            } if of == program && line.starts_with(prefix.as_str()) => {
                *count += 1;
                *count == *number
            }
            _ => false,
        })
    }

    /// When each line of the plan happened.
    pub(super) fn happened(&self) -> Vec<Option<Happened>> {
        self.happened.clone()
    }

    /// The numbers of the lines that happened, in that order.
    pub(super) fn order(&self) -> Vec<usize> {
        self.order.clone()
    }
}
