//! The text form of faults and plans, read.

use std::str::FromStr;
use std::time::Duration;

use super::error::{ParseFaultError, Wrong};
use super::words::{Line, Word, is_chance, is_effect, is_reserved, lines};
use crate::errno::Errno;
use crate::latency::{self, Latency, digits, parse_ratio};
use crate::op_kind::OpKind;
use crate::plan::duration;
use crate::plan::effect::{Damage, Effect, Position};
use crate::plan::fault::{Fault, FaultPlan, Occurrence, OpSelector};
use crate::plan::scope::Scope;
use crate::plan::space::{Freed, Space};
use crate::plan::when::{ByteRange, Chance, Phase};

type Parsed<T> = Result<T, Wrong>;

/// Longest plan: a plan is read by people.
const TEXT_MAX: usize = 1 << 20;

/// The words of a line that are still to be read.
struct Cursor<'a> {
    words: &'a [Word],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<&'a Word> {
        self.words.get(self.at)
    }

    /// The next word, if it is not in quotes.
    fn plain(&self) -> Option<&'a str> {
        self.peek()
            .filter(|word| !word.quoted)
            .map(|word| word.text.as_str())
    }

    /// The word behind a keyword.
    fn argument(&mut self, what: &str) -> Parsed<&'a str> {
        self.at += 1;
        let Some(word) = self.plain() else {
            return Err(Wrong::new(self.at, format!("{what} is missing")));
        };
        self.at += 1;
        Ok(word)
    }

    /// An error at the word just read.
    fn wrong(&self, reason: impl Into<String>) -> Wrong {
        Wrong::new(self.at.saturating_sub(1), reason)
    }

    fn time(&mut self) -> Parsed<Duration> {
        let word = self.argument("a time")?;
        duration::parse(word).ok_or_else(|| {
            self.wrong(format!("`{word}` is no time"))
                .help("a time is a whole number and a unit, `s`, `ms`, `us` or `ns`")
        })
    }
}

fn counted(text: &str, digits_of: &str) -> Result<u32, String> {
    match digits(digits_of) {
        Some(n) if n > 0 => Ok(n),
        _ => Err(format!("`#{text}` must count from 1")),
    }
}

fn occurrence(text: &str) -> Result<Occurrence, String> {
    let Some((first, last)) = text.split_once("..") else {
        return counted(text, text).map(Occurrence::Nth);
    };
    let first = counted(text, first)?;
    if last.is_empty() {
        return Ok(Occurrence::From(first));
    }
    let last = counted(text, last)?;
    if last < first {
        return Err(format!("`#{text}` ends before it begins"));
    }
    Ok(Occurrence::Between(first, last))
}

fn bytes(text: &str) -> Option<ByteRange> {
    let number = |text: &str| {
        let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u64>().ok().filter(|_| all_digits)
    };
    let (first, end) = text.split_once("..")?;
    let first = number(first)?;
    if end.is_empty() {
        return Some(ByteRange { first, end: None });
    }
    let end = number(end).filter(|&end| end > first)?;
    Some(ByteRange {
        first,
        end: Some(end),
    })
}

fn chance(text: &str) -> Option<Chance> {
    let (ratio, burst) = match text.split_once('*') {
        None => (text, 1),
        Some((ratio, burst)) => (ratio, digits(burst).filter(|&burst| burst > 0)?),
    };
    let (numerator, denominator) = parse_ratio(ratio)?;
    Some(Chance {
        numerator,
        denominator,
        burst,
    })
}

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

fn damage(word: &str) -> Option<Damage> {
    if let Some(bits) = word.strip_prefix("flip*") {
        return digits(bits).filter(|&bits| bits > 0).map(Damage::Flip);
    }
    Damage::ALL
        .iter()
        .copied()
        .find(|damage| damage.name() == word)
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

/// The position behind an effect.
fn position(cursor: &mut Cursor<'_>, effect: Effect) -> Parsed<Effect> {
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
    Scope::ALL
        .iter()
        .copied()
        .find(|scope| scope.name() == word)
        .ok_or_else(|| {
            cursor
                .wrong(format!("`{word}` is no scope"))
                .help("a fault is for an `operation`, a `file`, a `directory` or the `fs`")
        })
}

/// Refuses an effect that none of the selected operations can have: the fault could never fire.
pub(in crate::plan) fn misfit(fault: &Fault) -> Option<String> {
    let (op, effect) = (fault.op, fault.effect);
    let fits = |kind: &&OpKind| op.matches(**kind) && effect.applies_to(**kind);
    let Some(_) = OpKind::ALL.iter().find(fits) else {
        return Some(match effect {
            Effect::Fail(_, Position::Partial) => {
                format!("`{op}` happens wholly or not at all; only a write can be `partial`")
            }
            Effect::Fail(_, Position::Late) => {
                format!("`{op}` is done when it returns; only a write can fail `late`")
            }
            Effect::Damage(damage) => format!("`{op}` has nothing that `{damage}` could damage"),
            Effect::Short => {
                format!("`{op}` moves no bytes; only a read or a write can be `short`")
            }
            Effect::Drop => format!("`{op}` is no sync, and only a sync can be dropped"),
            _ => format!("`{op}` changes nothing, so that no error can come `after`"),
        });
    };
    let has_bytes =
        |kind: &OpKind| op.matches(*kind) && effect.applies_to(*kind) && kind.has_range();
    if fault.when.bytes.is_some() && !OpKind::ALL.iter().any(has_bytes) {
        return Some(format!("`{op}` has no range of bytes"));
    }
    if let (Some(from), Some(until)) = (fault.when.from, fault.when.until)
        && until <= from
    {
        return Some("`until` is not after `from`".to_owned());
    }
    None
}

/// The selectors between operation and effect, in any order, each once.
fn selectors(cursor: &mut Cursor<'_>, fault: &mut Fault) -> Parsed<()> {
    while let Some(word) = cursor.peek() {
        let at = cursor.at;
        let text = word.text.as_str();
        let twice = |is_there: bool| {
            if is_there {
                Err(Wrong::new(at, format!("`{text}` is one word too many")))
            } else {
                Ok(())
            }
        };
        if word.quoted || !is_reserved(text) {
            twice(fault.path.is_some())?;
            globset::Glob::new(text)
                .map_err(|e| Wrong::new(at, format!("the path pattern is wrong: {e}")))?;
            fault.path = Some(text.to_owned());
            cursor.at += 1;
        } else if let Some(count) = text.strip_prefix('#') {
            twice(fault.occurrence != Occurrence::Every)?;
            fault.occurrence = occurrence(count).map_err(|reason| Wrong::new(at, reason))?;
            cursor.at += 1;
        } else if is_chance(text) {
            twice(fault.when.chance.is_some())?;
            fault.when.chance = Some(chance(text).ok_or_else(|| {
                Wrong::new(at, format!("`{text}` is no chance"))
                    .help("a chance is `1/64`, at most `1/1`, or with bursts of three `1/64*3`")
            })?);
            cursor.at += 1;
        } else {
            match text {
                "bytes" => {
                    twice(fault.when.bytes.is_some())?;
                    let word = cursor.argument("a range of bytes")?;
                    fault.when.bytes = Some(bytes(word).ok_or_else(|| {
                        cursor
                            .wrong(format!("`{word}` is no range of bytes"))
                            .help("a range is `0..4096` or `4096..`, and not empty")
                    })?);
                }
                "in" => {
                    twice(fault.when.phase.is_some())?;
                    let word = cursor.argument("a phase")?;
                    fault.when.phase = Some(phase(word).ok_or_else(|| {
                        let names: Vec<&str> =
                            Phase::ALL.iter().map(|phase| phase.name()).collect();
                        cursor
                            .wrong(format!("`{word}` is no phase"))
                            .help(format!("the phases are {}", names.join(", ")))
                    })?);
                }
                "from" => {
                    twice(fault.when.from.is_some())?;
                    fault.when.from = Some(cursor.time()?);
                }
                "until" => {
                    twice(fault.when.until.is_some())?;
                    fault.when.until = Some(cursor.time()?);
                }
                _ => return Ok(()),
            }
        }
    }
    Ok(())
}

fn phase(word: &str) -> Option<Phase> {
    Phase::ALL
        .iter()
        .copied()
        .find(|phase| phase.name() == word)
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

/// How a limit on space is written.
const SPACE: &str = "a limit is `space [BYTES] [inodes N] [ENOSPC | EDQUOT] [reserved] [freed #OPERATION | freed TIME]`";

fn space(words: &[Word]) -> Parsed<Space> {
    let wrong = |at: usize, reason: String| Wrong::new(at, reason).help(SPACE);
    let mut cursor = Cursor { words, at: 1 };
    let mut space = Space {
        bytes: None,
        ..Space::of(0)
    };
    while let Some(word) = cursor.peek() {
        let text = word.text.as_str();
        let number = |text: &str| text.parse::<u64>().ok();
        match text {
            "inodes" if space.inodes.is_none() => {
                let count = cursor.argument("a number").map_err(|w| w.help(SPACE))?;
                space.inodes = Some(number(count).ok_or_else(|| {
                    wrong(cursor.at - 1, format!("`{count}` is no number of inodes"))
                })?);
                continue;
            }
            "freed" if space.freed.is_none() => {
                let when = cursor.argument("when").map_err(|w| w.help(SPACE))?;
                let freed = match when.strip_prefix('#') {
                    Some(count) => counted(count, count).ok().map(Freed::Operation),
                    None => duration::parse(when).map(Freed::Time),
                };
                space.freed = Some(freed.ok_or_else(|| {
                    wrong(
                        cursor.at - 1,
                        format!("`{when}` is neither an operation nor a time"),
                    )
                })?);
                continue;
            }
            "reserved" if !space.reserved => space.reserved = true,
            "ENOSPC" => space.errno = Errno::ENOSPC,
            "EDQUOT" => space.errno = Errno::EDQUOT,
            _ => match number(text).filter(|_| space.bytes.is_none()) {
                Some(bytes) => space.bytes = Some(bytes),
                None => return Err(wrong(cursor.at, format!("`{text}` says nothing of space"))),
            },
        }
        cursor.at += 1;
    }
    if space.bytes.is_none() && space.inodes.is_none() {
        return Err(wrong(
            words.len(),
            "a limit needs a number of bytes or of inodes".to_owned(),
        ));
    }
    Ok(space)
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

    fn is_space(&self) -> bool {
        matches!(self.words.first(), Some(word) if word.text == "space" && !word.quoted)
    }
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut plan: FaultPlan = text.parse()?;
        match (
            plan.faults.pop(),
            plan.faults.is_empty() && plan.spaces.is_empty(),
        ) {
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
            if line.is_space() {
                plan.spaces.push(line.located(text, space(&line.words))?);
            } else {
                plan.faults.push(line.located(text, fault(&line.words))?);
            }
        }
        Ok(plan)
    }
}
