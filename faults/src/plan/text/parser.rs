//! The text form of faults and plans, read.

use std::str::FromStr;

use super::cursor::{Cursor, Parsed};
use super::error::{ParseFaultError, Wrong};
use super::misfit::misfit;
use super::space::space;
use super::target::target;
use super::values::{bytes, chance, damage, model, occurrence, phase};
use super::words::{Line, Word, is_chance, is_effect, is_reserved, lines};
use super::writeback::writeback;
use crate::errno::Errno;
use crate::latency::{self, Latency};
use crate::plan::effect::{Effect, Position};
use crate::plan::fault::{Fault, FaultPlan, Occurrence, OpSelector};
use crate::plan::scope::Scope;
use crate::plan::when::{Phase, When};

/// Longest plan: a plan is read by people.
const TEXT_MAX: usize = 1 << 20;

fn op(word: &str) -> Parsed<OpSelector> {
    match word {
        "any" => Ok(OpSelector::Any),
        "sync" => Ok(OpSelector::Sync),
        "growing" => Ok(OpSelector::Growing),
        kind => kind
            .parse()
            .map(OpSelector::Kind)
            .map_err(|_| Wrong::new(0, format!("`{kind}` is no operation"))),
    }
}

/// The effect at the cursor, without its position.
fn effect(cursor: &mut Cursor<'_>) -> Parsed<Effect> {
    let none = || "an operation and an effect are needed".to_owned();
    let Some(word) = cursor.peek() else {
        // What was taken for a path may have been meant as the effect.
        return Err(match cursor.words {
            [_] | [] => Wrong::new(cursor.at, none()),
            [.., last] => Wrong::new(
                cursor.at - 1,
                format!("{}; `{}` is no effect", none(), last.text),
            ),
        });
    };
    let text = word.text.as_str();
    if word.quoted || !is_effect(text) {
        return Err(Wrong::new(
            cursor.at,
            format!("`{text}` is one word too many"),
        ));
    }
    let found = match text {
        "drop" => Effect::Drop,
        "evict" | "evict-silently" => {
            cursor.at += 1;
            let is_one = cursor.plain() == Some("target");
            let target = is_one.then(|| target(cursor)).transpose()?;
            let silent = text != "evict";
            return Ok(Effect::Evict { target, silent });
        }
        "short" => Effect::Short,
        "hang" => Effect::Hang,
        "stall" => return cursor.time().map(Effect::Stall),
        "delay" => {
            let word = cursor.argument("how long")?;
            return Latency::parse(word).map(Effect::Delay).ok_or_else(|| {
                cursor
                    .wrong(format!("`{word}` is no delay"))
                    .help(latency::GRAMMAR)
            });
        }
        other => match (damage(other), other.parse::<Errno>()) {
            (Some(damage), _) => Effect::Damage(damage),
            (None, Ok(errno)) => Effect::Fail(errno, Position::Before),
            (None, Err(_)) => {
                return Err(Wrong::new(cursor.at, format!("`{other}` is no effect")));
            }
        },
    };
    cursor.at += 1;
    Ok(found)
}

/// The position behind an effect, or the way in which a sync fails.
fn position(cursor: &mut Cursor<'_>, effect: Effect) -> Parsed<Effect> {
    let at = cursor.at;
    if let Some(model) = model(cursor)? {
        return match effect {
            Effect::Fail(errno, _) => Ok(Effect::FailSync(errno, model)),
            _ => {
                let reason = format!("only an error of a sync can be like {model}");
                Err(Wrong::new(at, reason))
            }
        };
    }
    let Some(word) = cursor.plain() else {
        return Ok(effect);
    };
    let Some(&position) = Position::ALL
        .iter()
        .find(|position| position.name() == word)
    else {
        return Ok(effect);
    };
    let Effect::Fail(errno, _) = effect else {
        let before = &cursor.words[cursor.at - 1].text;
        return Err(Wrong::new(
            cursor.at,
            format!(
                "`{before}` is no error, and only an error comes before, amid or after the effect"
            ),
        ));
    };
    cursor.at += 1;
    Ok(Effect::Fail(errno, position))
}

fn scope(cursor: &mut Cursor<'_>) -> Parsed<Scope> {
    if cursor.plain() != Some("for") {
        return Ok(Scope::Operation);
    }
    let word = cursor.argument("a scope")?;
    if word == "target" {
        cursor.at -= 1;
        return target(cursor).map(Scope::Target);
    }
    Scope::ALL
        .iter()
        .copied()
        .find(|scope| scope.name() == word)
        .ok_or_else(|| {
            cursor
                .wrong(format!("`{word}` is no scope"))
                .help("a fault is for an `operation`, a `file`, a `directory`, `target K of N` or the `fs`")
        })
}

/// The selectors between operation and effect, in any order, each once.
fn selectors(cursor: &mut Cursor<'_>, fault: &mut Fault) -> Parsed<()> {
    while let Some(word) = cursor.peek() {
        let at = cursor.at;
        let text = word.text.as_str();
        if word.quoted || !is_reserved(text) {
            globset::Glob::new(text)
                .map_err(|e| Wrong::new(at, format!("the path pattern is wrong: {e}")))?;
            once(&mut fault.path, text.to_owned(), text, at)?;
            cursor.at += 1;
        } else if let Some(count) = text.strip_prefix('#') {
            let mut every = (fault.occurrence != Occurrence::Every).then_some(fault.occurrence);
            let found = occurrence(count).map_err(|reason| Wrong::new(at, reason))?;
            once(&mut every, found, text, at)?;
            fault.occurrence = found;
            cursor.at += 1;
        } else if is_chance(text) {
            let found = chance(text).ok_or_else(|| {
                Wrong::new(at, format!("`{text}` is no chance"))
                    .help("a chance is `1/64`, at most `1/1`, or with bursts of three `1/64*3`")
            })?;
            once(&mut fault.when.chance, found, text, at)?;
            cursor.at += 1;
        } else if !condition(cursor, &mut fault.when, text)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Fills a slot that must be empty.
fn once<T>(slot: &mut Option<T>, value: T, word: &str, at: usize) -> Parsed<()> {
    if slot.is_some() {
        return Err(Wrong::new(at, format!("`{word}` is one word too many")));
    }
    *slot = Some(value);
    Ok(())
}

/// A condition that starts with a keyword. Returns whether there is one.
fn condition(cursor: &mut Cursor<'_>, when: &mut When, keyword: &str) -> Parsed<bool> {
    let at = cursor.at;
    match keyword {
        "bytes" => {
            let word = cursor.argument("a range of bytes")?;
            let found = bytes(word).ok_or_else(|| {
                cursor
                    .wrong(format!("`{word}` is no range of bytes"))
                    .help("a range is `0..4096` or `4096..`, and not empty")
            })?;
            once(&mut when.bytes, found, keyword, at)?;
        }
        "target" => {
            let found = target(cursor)?;
            once(&mut when.target, found, keyword, at)?;
        }
        "in" => {
            let word = cursor.argument("a phase")?;
            let found = phase(word).ok_or_else(|| {
                let names: Vec<&str> = Phase::ALL.iter().map(|phase| phase.name()).collect();
                cursor
                    .wrong(format!("`{word}` is no phase"))
                    .help(format!("the phases are {}", names.join(", ")))
            })?;
            once(&mut when.phase, found, keyword, at)?;
        }
        "from" => {
            let time = cursor.time()?;
            once(&mut when.from, time, keyword, at)?;
        }
        "until" => {
            let time = cursor.time()?;
            once(&mut when.until, time, keyword, at)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn fault(words: &[Word]) -> Parsed<Fault> {
    let mut cursor = Cursor { words, at: 0 };
    let op = match cursor.plain() {
        Some(word) => op(word)?,
        None => return Err(Wrong::new(0, "an operation and an effect are needed")),
    };
    cursor.at = 1;
    // The effect is put in its place once the selectors before it are read.
    let mut fault = Fault::new(op, Effect::Hang);
    selectors(&mut cursor, &mut fault)?;
    let effect_at = cursor.at;
    let bare = effect(&mut cursor)?;
    fault.effect = position(&mut cursor, bare)?;
    fault.scope = scope(&mut cursor)?;
    if let Some(word) = cursor.peek() {
        let reason = format!("`{}` is one word too many", word.text);
        return Err(Wrong::new(cursor.at, reason));
    }
    match misfit(&fault) {
        Some(reason) => Err(Wrong::new(effect_at, reason)),
        None => Ok(fault),
    }
}

impl Line {
    fn located<T>(&self, text: &str, parsed: Parsed<T>) -> Result<T, ParseFaultError> {
        parsed.map_err(|wrong| {
            let (column, len) = match self.words.get(wrong.word) {
                Some(word) => (word.column, word.width),
                None => (self.end, 1),
            };
            ParseFaultError {
                text: text.trim().to_owned(),
                help: wrong.advice(),
                reason: wrong.reason,
                line: self.number,
                column,
                len,
            }
        })
    }

    fn check(&self, text: &str) -> Result<(), ParseFaultError> {
        match self.open_quote {
            None => Ok(()),
            Some(column) => Err(ParseFaultError {
                text: text.trim().to_owned(),
                reason: "a quote is never closed".to_owned(),
                help: "write `\"` behind the path".to_owned(),
                line: self.number,
                column,
                len: 1,
            }),
        }
    }

    /// Whether the line begins with this word.
    fn is(&self, keyword: &str) -> bool {
        matches!(self.words.first(), Some(word) if word.text == keyword && !word.quoted)
    }
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut plan: FaultPlan = text.parse()?;
        match (plan.faults.pop(), plan.is_empty()) {
            (Some(fault), true) => Ok(fault),
            _ => Err(ParseFaultError {
                text: text.trim().to_owned(),
                reason: "one fault is needed".to_owned(),
                help: Wrong::new(0, "").advice(),
                line: 1,
                column: 1,
                len: 1,
            }),
        }
    }
}

impl FromStr for FaultPlan {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut plan = Self::none();
        if text.len() > TEXT_MAX {
            return Err(ParseFaultError {
                text: String::new(),
                reason: "a plan has at most 1 MiB".to_owned(),
                help: "write a shorter one".to_owned(),
                line: 1,
                column: 1,
                len: 1,
            });
        }
        for line in lines(text) {
            line.check(text)?;
            if line.is("space") {
                plan.spaces.push(line.located(text, space(&line.words))?);
            } else if line.is("writeback") {
                let rule = line.located(text, writeback(&line.words))?;
                plan.writebacks.push(rule);
            } else {
                plan.faults.push(line.located(text, fault(&line.words))?);
            }
        }
        Ok(plan)
    }
}
