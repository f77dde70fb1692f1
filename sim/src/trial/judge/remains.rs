//! What is on the disk, while a system runs and after it has ended.

use plimsoll_reference::level::Level;

use super::company::is_alone;
use super::promised::{Cut, must, stretches};
use super::readings::Readings;
use super::requests::holds_something;
use super::{Disturbed, Finding};
use crate::oracle::Oracle;
use crate::trial::history::{Answer, Asked, Found, Life, Moment, Notice, Pairs};
use crate::trial::legal::{Wrong, wrong};
use crate::trial::promise::{Order, Promise};

pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    readings: &Readings<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut held = |cut, at, found: &[&Found]| {
        let must = must(life, promise, disturbed, cut, at);
        let state = State {
            life,
            promise,
            disturbed,
            readings,
            cut,
            at,
            must,
        };
        state.held(found, findings);
    };
    for (at, notice) in &life.notices {
        if let Notice::Inspected(found) = notice {
            held(Cut::Beside, *at, &[found]);
        }
    }
    if let Some(cut) = Cut::of(life, promise) {
        let left: Vec<&Found> = life.left.iter().collect();
        held(cut, life.end.0, &left);
    }
}

/// A moment at which the disk is looked at, and what has to be there.
struct State<'a> {
    life: &'a Life,
    promise: &'a Promise,
    disturbed: Disturbed,
    readings: &'a Readings<'a>,
    cut: Cut,
    at: Moment,
    must: Vec<bool>,
}

impl State<'_> {
    /// Holds each of the things that may be on the disk then to what has to be.
    fn held(&self, all: &[&Found], findings: &mut Vec<Finding>) {
        let when = (self.cut, self.at);
        let stretches = stretches(self.life, self.promise, self.disturbed, when, &self.must);
        let nothing = Pairs::new();
        for found in all {
            let left = match found {
                Found::Store(pairs) => pairs,
                Found::Nothing if self.may_be_nothing() => continue,
                Found::Nothing => &nothing,
                Found::Unreadable(message) => {
                    let oracle = match self.cut {
                        Cut::Beside => Oracle::C1,
                        _ => Oracle::R3,
                    };
                    let expected = "a complete store".to_owned();
                    findings.push(self.finding(oracle, expected, message.clone()));
                    continue;
                }
            };
            if let Some(wrong) = wrong(&stretches, self.promise.rules(), left) {
                let expected = match self.cut {
                    Cut::Clean => {
                        "everything that was acknowledged: its exit code says so".to_owned()
                    }
                    _ => format!("everything up to {}", self.last_must()),
                };
                findings.push(self.finding(self.oracle(wrong, found, left), expected, show(found)));
            } else if let Some(finding) = self.unlike_seen(left) {
                findings.push(finding);
            }
        }
    }

    /// Whether there need not even be a store.
    fn may_be_nothing(&self) -> bool {
        let is_new = !self.must.contains(&true) && self.life.base.is_empty();
        self.cut == Cut::Beside && is_new
    }

    fn oracle(&self, wrong: Wrong, found: &Found, left: &Pairs) -> Oracle {
        // What a loss of power takes was lost; nobody need have emptied anything.
        let is_emptied = left.is_empty() && holds_something(self.life, self.at);
        match wrong {
            Wrong::Hole => Oracle::D3,
            Wrong::Invented => Oracle::D5,
            Wrong::Returned => Oracle::D4,
            Wrong::Lost => match (self.cut, found) {
                (Cut::Beside, Found::Nothing) => Oracle::C1,
                (Cut::Clean | Cut::Kill | Cut::Beside, _) if is_emptied => Oracle::R7,
                (Cut::Clean, _) => Oracle::E1,
                (Cut::Kill, _) if is_by_level(self.life, Level::Process) => Oracle::B2,
                (Cut::Kill | Cut::Power, _) if is_by_window(self.life) => Oracle::B1,
                _ => Oracle::D1,
            },
        }
    }

    /// A key that is not as the client has last seen it though nothing has happened to it since: after an end that went well, and where
    /// what a store shows is durable, after any.
    fn unlike_seen(&self, left: &Pairs) -> Option<Finding> {
        let oracle = match self.cut {
            Cut::Clean => Oracle::E2,
            Cut::Kill | Cut::Power if self.promise.shows_durable => Oracle::D8,
            _ => return None,
        };
        if !is_alone(self.life) || self.promise.filter.is_some() {
            return None;
        }
        let must = |index: usize, _: &Asked| self.must.get(index) == Some(&true);
        self.readings.keys().find_map(|key| {
            let last = self.readings.last(key, self.at)?;
            let value = left.get(key);
            let is_open = self.promise.order == Order::ByKey
                && self.readings.is_open(key, (self.at, self.at));
            if is_open
                || self
                    .readings
                    .may_follow(key, last, (self.at, oracle == Oracle::D8), must, value)
            {
                return None;
            }
            let name = String::from_utf8_lossy(key);
            let text = |value: Option<&Vec<u8>>| {
                value.map_or("nothing".into(), |value| {
                    String::from_utf8_lossy(value).into_owned()
                })
            };
            let expected = format!(
                "`{name}` is {}, as it was last read, or later",
                text(last.value)
            );
            let found = format!("`{name}` is {}", text(value));
            Some(self.finding(oracle, expected, found))
        })
    }

    fn finding(&self, oracle: Oracle, expected: String, found: String) -> Finding {
        Finding {
            oracle,
            at: self.at,
            expected,
            found,
        }
    }

    fn last_must(&self) -> String {
        match self.must.iter().rposition(|must| *must) {
            Some(index) => format!("request {}", index + 1),
            None => "what was there when it began".to_owned(),
        }
    }
}

fn is_by_level(life: &Life, level: Level) -> bool {
    has_ack(life, |of| of >= level)
}

fn is_by_window(life: &Life) -> bool {
    has_ack(life, |of| matches!(of, Level::Window(_)))
}

fn has_ack(life: &Life, is: impl Fn(Level) -> bool) -> bool {
    life.requests.iter().any(|asked| match asked.answer {
        Some((_, Answer::Done { level, .. })) => is(level),
        _ => false,
    })
}

/// What was found, for people.
pub(super) fn show(found: &Found) -> String {
    match found {
        Found::Nothing => "nothing".to_owned(),
        Found::Unreadable(message) => message.clone(),
        Found::Store(pairs) if pairs.is_empty() => "an empty store".to_owned(),
        Found::Store(pairs) => {
            let shown: Vec<String> = pairs
                .iter()
                .take(8)
                .map(|(key, value)| {
                    let (key, value) =
                        (String::from_utf8_lossy(key), String::from_utf8_lossy(value));
                    format!("{key}={value}")
                })
                .collect();
            let more = pairs.len().saturating_sub(shown.len());
            let rest = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!("{}{rest}", shown.join(" "))
        }
    }
}
