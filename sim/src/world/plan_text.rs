//! The text form of plans.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use plimsoll_faults::plan::{parse_duration, show_duration};
use plimsoll_reference::digits;
use thiserror::Error;

use super::plan::{Action, Plan, Planned, When};

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(number) => write!(f, "step {number}"),
            Self::Operation { number, program } => write!(f, "operation {number} of {program}"),
            Self::Time(time) => write!(f, "time {}", show_duration(*time)),
            Self::Line {
                prefix,
                program,
                number,
            } => {
                let quoted = prefix.replace('\\', "\\\\").replace('"', "\\\"");
                write!(f, "line \"{quoted}\" of {program}")?;
                if *number != 1 {
                    write!(f, " #{number}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal, program) => write!(f, "signal {signal} to {program}"),
            Self::Kill(program) => write!(f, "kill {program}"),
            Self::PowerLoss => f.write_str("power-loss"),
            Self::ServerCrash => f.write_str("server-crash"),
            Self::CloseStdin(program) => write!(f, "close-stdin {program}"),
            Self::StopReading(program) => write!(f, "stop-reading {program}"),
            Self::ResumeReading(program) => write!(f, "resume-reading {program}"),
            Self::CloseStdout(program) => write!(f, "close-stdout {program}"),
            Self::FailStdout {
                program,
                error,
                count,
            } => {
                write!(f, "fail-stdout {program} {error}")?;
                match count {
                    Some(count) => write!(f, " #{count}"),
                    None => Ok(()),
                }
            }
            Self::Start(program) => write!(f, "start {program}"),
            Self::Numbers(count) => write!(f, "numbers {count}"),
            Self::Interrupts => f.write_str("interrupts"),
            Self::Clock { forward, by } => {
                let sign = if *forward { '+' } else { '-' };
                write!(f, "clock {sign}{}", show_duration(*by))
            }
            Self::Fault(fault) => write!(f, "fault {fault}"),
            Self::Release(program) => write!(f, "release {program}"),
        }
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.when, self.action)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, planned) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{planned}")?;
        }
        Ok(())
    }
}

/// A text that is no plan.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ParsePlanError {
    /// The part before the colon.
    #[error(
        "`{0}` says no time; write `step N`, `operation N of PROGRAM`, `time 5s` or `line \"PREFIX\" of PROGRAM #N`, then a colon"
    )]
    When(String),
    /// The part behind it.
    #[error(
        "`{0}` is nothing that can happen; write `signal SIGNAL to PROGRAM`, `power-loss`, `server-crash`, `clock +5s`, `fault LINE`, \
         `numbers 8`, `interrupts`, `fail-stdout PROGRAM ERROR`, or `start`, `kill`, `close-stdin`, `stop-reading`, `resume-reading`, \
         `close-stdout` or `release` and a program"
    )]
    Action(String),
}

impl FromStr for Plan {
    type Err = ParsePlanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Planned {
    type Err = ParsePlanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (when, rest) = when(text).ok_or_else(|| ParsePlanError::When(text.to_owned()))?;
        let action = rest.trim();
        let action =
            parse_action(action).ok_or_else(|| ParsePlanError::Action(action.to_owned()))?;
        Ok(Self { when, action })
    }
}

/// The time, and what is behind its colon.
fn when(text: &str) -> Option<(When, &str)> {
    let (word, rest) = text.split_once(' ')?;
    if word == "line" {
        let (prefix, rest) = unquoted(rest)?;
        let (place, rest) = rest.split_once(':')?;
        let place = place.strip_prefix(" of ")?;
        let (program, number) = match place.split_once(" #") {
            Some((program, number)) => (program, digits::number(number).filter(|&n| n > 0)?),
            None => (place, 1),
        };
        let when = When::Line {
            prefix,
            program: name(program)?,
            number,
        };
        return Some((when, rest));
    }
    let (place, rest) = rest.split_once(':')?;
    let when = match word {
        "step" => When::Step(digits::number(place)?),
        "time" => When::Time(parse_duration(place)?),
        "operation" => {
            let (number, program) = place.split_once(" of ")?;
            When::Operation {
                number: digits::number(number).filter(|&number| number > 0)?,
                program: name(program)?,
            }
        }
        _ => return None,
    };
    Some((when, rest))
}

/// What stands in quotes, and what is behind them.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('"')?;
    let mut inner = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((inner, &text[at + 1..])),
            '\\' => inner.push(chars.next()?.1),
            c => inner.push(c),
        }
    }
    None
}

/// The name of a program is one word.
fn name(text: &str) -> Option<String> {
    let is_word = !text.is_empty() && !text.contains(char::is_whitespace) && !text.contains(':');
    is_word.then(|| text.to_owned())
}

fn parse_action(text: &str) -> Option<Action> {
    match text {
        "power-loss" => return Some(Action::PowerLoss),
        "server-crash" => return Some(Action::ServerCrash),
        "interrupts" => return Some(Action::Interrupts),
        _ => {}
    }
    let (word, rest) = text.split_once(' ')?;
    let action = match word {
        "signal" => {
            let (signal, program) = rest.split_once(" to ")?;
            Action::Signal(signal.parse().ok()?, name(program)?)
        }
        "kill" => Action::Kill(name(rest)?),
        "close-stdin" => Action::CloseStdin(name(rest)?),
        "stop-reading" => Action::StopReading(name(rest)?),
        "resume-reading" => Action::ResumeReading(name(rest)?),
        "close-stdout" => Action::CloseStdout(name(rest)?),
        "release" => Action::Release(name(rest)?),
        "start" => Action::Start(name(rest)?),
        "numbers" => Action::Numbers(digits::number(rest).filter(|&count| count > 0)?),
        "fail-stdout" => parse_fail_stdout(rest)?,
        "clock" => {
            let (sign, time) = rest.split_at_checked(1)?;
            let forward = match sign {
                "+" => true,
                "-" => false,
                _ => return None,
            };
            let by: Duration = parse_duration(time)?;
            Action::Clock { forward, by }
        }
        "fault" => Action::Fault(rest.parse().ok()?),
        _ => return None,
    };
    Some(action)
}

/// A program, an error, and perhaps how many writes fail.
fn parse_fail_stdout(text: &str) -> Option<Action> {
    let (program, rest) = text.split_once(' ')?;
    let (error, count) = match rest.split_once(" #") {
        Some((error, count)) => (
            error,
            Some(digits::number(count).filter(|&count| count > 0)?),
        ),
        None => (rest, None),
    };
    Some(Action::FailStdout {
        program: name(program)?,
        error: error.parse().ok()?,
        count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_back_what_it_parses() {
        let text = "step 120: signal SIGTERM to server\n\
                    operation 17 of server: kill server\n\
                    time 5s: power-loss\n\
                    step 9: server-crash\n\
                    line \"3 ok: \\\"a\\\\\" of server #2: close-stdin server\n\
                    line \"ready\" of parent: stop-reading parent\n\
                    time 60s: resume-reading server\n\
                    step 4: close-stdout server\n\
                    step 4: fail-stdout server ENOSPC\n\
                    step 4: fail-stdout server EIO #2\n\
                    step 4: start stranger\n\
                    step 4: numbers 8\n\
                    step 4: interrupts\n\
                    step 4: clock +5s\n\
                    step 5: clock -1ms\n\
                    time 0s: fault fsync *.log #2 stall 60s\n\
                    time 90s: release server";
        let plan: Plan = text.parse().unwrap();
        assert_eq!(plan.to_string(), text);
        assert_eq!(plan.to_string().parse(), Ok(plan));
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        for text in [
            "kill server",
            "step x: kill server",
            "step +1: kill server",
            "operation +1 of server: kill server",
            "step 1: kill",
            "step 1: kill two words",
            "operation 0 of server: kill server",
            "line \"open of server: kill server",
            "step 1: clock 5s",
            "step 1: signal SIGFOO to server",
            "step 1: fault nothing at all",
            "step 1: numbers 0",
            "step 1: fail-stdout server",
            "step 1: fail-stdout server ENOSPC #0",
            "step 1: interrupts server",
        ] {
            assert!(text.parse::<Plan>().is_err(), "{text}");
        }
    }
}
