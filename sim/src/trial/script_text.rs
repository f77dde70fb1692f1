//! The text form of scripts.

use std::fmt;
use std::str::FromStr;

use plimsoll_faults::latency::Latency;
use plimsoll_faults::plan::{FaultPlan, parse_duration, show_duration};
use plimsoll_reference::digits;
use thiserror::Error;

use super::script::{Ending, LifeScript, Script, Step};
use crate::world::{Pace, Plan, Policy};

const ENDINGS: [(Ending, &str); 7] = [
    (Ending::Close, "close"),
    (Ending::Eof, "end of input"),
    (Ending::MidLine, "end of input in the middle of a line"),
    (Ending::Term, "SIGTERM"),
    (Ending::Int, "SIGINT"),
    (Ending::Kill, "kill"),
    (Ending::Power, "power loss"),
];

/// What follows the number of requests of a life.
const EARLY: &str = "not waiting until it is ready";
const UNSETTLED: &str = "leaving others behind";

const SETTLE: &str = "wait for all answers";
const ANOTHER: &str = "start another";

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ENDINGS.iter().find(|(ending, _)| ending == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(command) => write!(f, "ask {command}"),
            Self::Pause(time) => write!(f, "pause {}", show_duration(*time)),
            Self::Settle => f.write_str(SETTLE),
            Self::StartAnother => f.write_str(ANOTHER),
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, life) in self.lives.iter().enumerate() {
            write!(f, "life {}: {} at once", index + 1, life.outstanding)?;
            for (says, text) in [(life.early, EARLY), (!life.settles, UNSETTLED)] {
                if says {
                    write!(f, ", {text}")?;
                }
            }
            writeln!(f)?;
            for step in &life.steps {
                writeln!(f, "  {step}")?;
            }
            writeln!(f, "  then {}", life.ending)?;
        }
        let pace = self.pace;
        writeln!(
            f,
            "disk: reads {}, writes {}, syncs {}, names {}; gives way {} times of {}",
            pace.read, pace.write, pace.sync, pace.metadata, pace.preempt.0, pace.preempt.1
        )?;
        if self.policy != Policy::Walk {
            writeln!(f, "schedule: {}", self.policy)?;
        }
        if !self.faults.is_empty() {
            writeln!(f, "faults: {}", self.faults)?;
        }
        for line in self.plan.to_string().lines() {
            writeln!(f, "plan: {line}")?;
        }
        Ok(())
    }
}

/// A text that is no script.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}: {reason}")]
pub struct ParseScriptError {
    /// The line, from 1; behind the last one where something is missing.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl FromStr for Script {
    type Err = ParseScriptError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parser = Parser::default();
        let mut last = 0;
        for (index, line) in text.lines().enumerate() {
            last = index + 1;
            let wrong = |reason| ParseScriptError { line: last, reason };
            parser.line(line.trim()).map_err(wrong)?;
        }
        let wrong = |reason: &str| ParseScriptError {
            line: last + 1,
            reason: reason.to_owned(),
        };
        if parser.open.is_some() {
            return Err(wrong("the last life does not end: write `then` and how"));
        }
        if parser.lives.is_empty() {
            return Err(wrong("there is no life"));
        }
        Ok(Self {
            lives: parser.lives,
            plan: parser.plan,
            faults: parser.faults.unwrap_or_else(FaultPlan::none),
            pace: parser.pace.ok_or_else(|| wrong("there is no `disk:`"))?,
            policy: parser.policy.unwrap_or_default(),
        })
    }
}

#[derive(Default)]
struct Parser {
    lives: Vec<LifeScript>,
    /// The life whose end is still to come.
    open: Option<LifeScript>,
    pace: Option<Pace>,
    policy: Option<Policy>,
    faults: Option<FaultPlan>,
    plan: Plan,
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if line.is_empty() {
            return Ok(());
        }
        if let Some(life) = &mut self.open {
            if let Some(ending) = line.strip_prefix("then ") {
                life.ending = parse_ending(ending)?;
                self.lives.extend(self.open.take());
            } else {
                life.steps.push(line.parse()?);
            }
            return Ok(());
        }
        if let Some(rest) = line.strip_prefix("life ") {
            self.open = Some(parse_life(rest, self.lives.len() + 1)?);
        } else if let Some(rest) = line.strip_prefix("disk: ") {
            let pace = parse_pace(rest).ok_or(
                "a disk is `reads TIME, writes TIME, syncs TIME, names TIME; gives way N times of M`",
            )?;
            once(&mut self.pace, pace, "disk:")?;
        } else if let Some(rest) = line.strip_prefix("schedule: ") {
            once(&mut self.policy, rest.parse()?, "schedule:")?;
        } else if let Some(rest) = line.strip_prefix("faults: ") {
            let faults = rest.parse().map_err(|error| format!("{error}"))?;
            once(&mut self.faults, faults, "faults:")?;
        } else if let Some(rest) = line.strip_prefix("plan: ") {
            let planned = rest
                .parse()
                .map_err(|error: crate::world::ParsePlanError| error.to_string())?;
            self.plan.0.push(planned);
        } else {
            return Err(format!(
                "`{line}` means nothing here; write `life N:`, `disk:`, `schedule:`, `faults:` or `plan:`"
            ));
        }
        Ok(())
    }
}

fn once<T>(slot: &mut Option<T>, value: T, name: &str) -> Result<(), String> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("`{name}` is there twice")),
    }
}

/// The first line of a life, behind its first word.
fn parse_life(text: &str, number: usize) -> Result<LifeScript, String> {
    let grammar = || {
        format!("a life begins with `life {number}: N at once`, `, {EARLY}` and `, {UNSETTLED}`")
    };
    let (of, rest) = text.split_once(": ").ok_or_else(grammar)?;
    let mut parts = rest.split(", ");
    let outstanding = parts.next().and_then(|part| part.strip_suffix(" at once"));
    let outstanding = outstanding.and_then(digits::number);
    if of != number.to_string() {
        return Err(grammar());
    }
    let mut life = LifeScript {
        early: false,
        outstanding: outstanding.filter(|&count| count > 0).ok_or_else(grammar)?,
        steps: Vec::new(),
        ending: Ending::Eof,
        settles: true,
    };
    for part in parts {
        match part {
            EARLY if !life.early => life.early = true,
            UNSETTLED if life.settles => life.settles = false,
            _ => return Err(grammar()),
        }
    }
    Ok(life)
}

fn parse_ending(text: &str) -> Result<Ending, String> {
    let found = ENDINGS.iter().find(|(_, name)| *name == text);
    found.map(|(ending, _)| *ending).ok_or_else(|| {
        let names: Vec<&str> = ENDINGS.iter().map(|(_, name)| *name).collect();
        format!("`{text}` is no end; ends are `{}`", names.join("`, `"))
    })
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == SETTLE {
            return Ok(Self::Settle);
        }
        if text == ANOTHER {
            return Ok(Self::StartAnother);
        }
        if let Some(command) = text.strip_prefix("ask ") {
            return command.parse().map(Self::Ask).map_err(
                |error: plimsoll_reference::service::protocol::ParseRequestError| error.to_string(),
            );
        }
        let pause = text.strip_prefix("pause ").and_then(parse_duration);
        pause.map(Self::Pause).ok_or_else(|| {
            format!("`{text}` is no step; steps are `ask REQUEST`, `pause TIME`, `{SETTLE}` and `{ANOTHER}`; `then END` ends a life")
        })
    }
}

fn parse_pace(text: &str) -> Option<Pace> {
    let (times, preempt) = text.split_once("; gives way ")?;
    let (numerator, denominator) = preempt.split_once(" times of ")?;
    let mut times = times.split(", ");
    let mut time = |name: &str| {
        let text = times.next()?.strip_prefix(name)?.strip_prefix(' ')?;
        Latency::parse(text)
    };
    let pace = Pace {
        read: time("reads")?,
        write: time("writes")?,
        sync: time("syncs")?,
        metadata: time("names")?,
        preempt: (digits::number(numerator)?, digits::number(denominator)?),
    };
    times.next().is_none().then_some(pace)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::trial::draw::{Shape, script};
    use crate::trial::family::Family;
    use crate::trial::promise::Promise;
    use crate::trial::system::Asks;

    fn drawn(seed: u64) -> Script {
        let shape = Shape {
            families: Family::ALL.iter().copied().collect::<BTreeSet<_>>(),
            requests_max: 40,
            lives_max: 4,
            faults: Vec::new(),
        };
        let asks = Asks {
            maintenance: 3,
            rests: Some(std::time::Duration::from_secs(30)),
            ..Asks::default()
        };
        script(
            seed,
            &shape,
            &asks,
            &Promise::default(),
            &["parent", "child"],
        )
    }

    proptest! {
        #[test]
        fn prints_back_what_it_parses(seed: u64, faulty: bool) {
            let mut script = drawn(seed);
            if faulty {
                script.faults = "fsync #2 EIO; write *.log #3.. ENOSPC partial".parse().expect("a plan");
            }
            let text = script.to_string();
            prop_assert_eq!(text.parse::<Script>(), Ok(script));
        }

        /// A text with a line less is another script, or none.
        #[test]
        fn nothing_in_it_is_of_no_matter(seed: u64, line: prop::sample::Index) {
            let script = drawn(seed);
            let text = script.to_string();
            let mut lines: Vec<&str> = text.lines().collect();
            lines.remove(line.index(lines.len()));
            prop_assert_ne!(lines.join("\n").parse::<Script>(), Ok(script));
        }
    }

    #[test]
    fn what_is_no_script_is_refused_where_it_is() {
        let good = "life 1: 4 at once\n  ask put a 1\n  then close\ndisk: reads 0s, writes 0s, syncs 1ms..2ms, names 0s; gives way 1 times of 4\n";
        assert!(good.parse::<Script>().is_ok());
        for (from, to, line) in [
            ("life 1", "life 2", 1),
            ("4 at", "0 at", 1),
            ("at once", "at once, leaving", 1),
            ("ask put a 1", "ask putt a 1", 2),
            ("ask put a 1", "pause 5", 2),
            ("then close", "then rest", 3),
            ("syncs 1ms", "synx 1ms", 4),
            ("gives way 1", "gives way x", 4),
            ("disk: ", "disc: ", 4),
            ("  then close\n", "", 3),
        ] {
            assert!(good.contains(from), "{from}");
            let error = good.replacen(from, to, 1).parse::<Script>().expect_err(to);
            assert_eq!(error.line, line, "{to}: {error}");
        }
        assert_eq!("".parse::<Script>().expect_err("it is empty").line, 1);
        let unended = good.lines().take(2).collect::<Vec<_>>().join("\n");
        assert_eq!(unended.parse::<Script>().expect_err("it goes on").line, 3);
    }
}
