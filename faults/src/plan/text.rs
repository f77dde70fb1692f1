//! The text form of faults and plans.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::fault::{Effect, Fault, FaultPlan, Occurrence, OpSelector, Position};
use super::writeback::parse_writeback;
use crate::fsync_failure::FsyncFailure;
use crate::op_kind::OpKind;

/// A text that is no fault.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "`{text}` is not a fault: {reason}; a fault is `OPERATION [PATH-GLOB] [#N | #N.. | #N..M] EFFECT [before | partial | after | F1 to F11]`, \
     such as `fsync *.tmp #2 drop` or `write #3.. ENOSPC`"
)]
pub struct ParseFaultError {
    text: String,
    reason: String,
}

impl fmt::Display for OpSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Sync => f.write_str("sync"),
            Self::Growing => f.write_str("growing"),
            Self::Kind(kind) => kind.fmt(f),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail(errno, Position::Before) => errno.fmt(f),
            Self::Fail(errno, Position::Partial) => write!(f, "{errno} partial"),
            Self::Fail(errno, Position::After) => write!(f, "{errno} after"),
            Self::FailSync(errno, model) => write!(f, "{errno} {model}"),
            Self::Drop => f.write_str("drop"),
            Self::Short => f.write_str("short"),
            Self::Evict { silent: false } => f.write_str("evict"),
            Self::Evict { silent: true } => f.write_str("evict-silently"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.op.fmt(f)?;
        if let Some(path) = &self.path {
            write!(f, " {path}")?;
        }
        match self.occurrence {
            Occurrence::Every => {}
            Occurrence::Nth(n) => write!(f, " #{n}")?,
            Occurrence::From(n) => write!(f, " #{n}..")?,
            Occurrence::Between(first, last) => write!(f, " #{first}..{last}")?,
        }
        write!(f, " {}", self.effect)
    }
}

fn parse_count(digits: &str) -> Result<u32, String> {
    match digits.parse::<u32>() {
        Ok(0) | Err(_) => Err(format!("`#{digits}` must count from 1")),
        Ok(n) => Ok(n),
    }
}

fn parse_occurrence(text: &str) -> Result<Occurrence, String> {
    let Some((first, last)) = text.split_once("..") else {
        return parse_count(text).map(Occurrence::Nth);
    };
    let first = parse_count(first)?;
    if last.is_empty() {
        return Ok(Occurrence::From(first));
    }
    let last = parse_count(last)?;
    if last < first {
        return Err(format!("`#{text}` ends before it begins"));
    }
    Ok(Occurrence::Between(first, last))
}

fn parse_op(word: &str) -> Result<OpSelector, String> {
    match word {
        "any" => Ok(OpSelector::Any),
        "sync" => Ok(OpSelector::Sync),
        "growing" => Ok(OpSelector::Growing),
        kind => kind
            .parse()
            .map(OpSelector::Kind)
            .map_err(|_| format!("`{kind}` is no operation")),
    }
}

/// The position that a word names. Nobody needs to write the first.
fn parse_position(word: &str) -> Option<Position> {
    match word {
        "before" => Some(Position::Before),
        "partial" => Some(Position::Partial),
        "after" => Some(Position::After),
        _ => None,
    }
}

fn parse_effect(word: &str, position: Option<Position>) -> Result<Effect, String> {
    let effect = match word {
        "drop" => Effect::Drop,
        "short" => Effect::Short,
        "evict" => Effect::Evict { silent: false },
        "evict-silently" => Effect::Evict { silent: true },
        errno => Effect::Fail(
            errno
                .parse()
                .map_err(|_| format!("`{errno}` is no effect"))?,
            position.unwrap_or_default(),
        ),
    };
    if position.is_some() && !matches!(effect, Effect::Fail(..)) {
        return Err(format!(
            "`{word}` is no error, and only an error comes before, amid or after the effect"
        ));
    }
    Ok(effect)
}

/// Refuses an effect that none of the selected operations can have: the fault could never fire.
fn check_effect(op: OpSelector, effect: Effect) -> Result<(), String> {
    if OpKind::ALL
        .iter()
        .any(|&kind| op.matches(kind) && effect.applies_to(kind))
    {
        return Ok(());
    }
    Err(match effect {
        Effect::Fail(_, Position::Partial) => {
            format!("`{op}` happens wholly or not at all; only a write can be `partial`")
        }
        Effect::Fail(..) => format!("`{op}` changes nothing, so that no error can come `after`"),
        Effect::FailSync(_, model) => {
            format!("`{op}` is no sync, and {model} is a way in which syncs fail")
        }
        Effect::Drop => format!("`{op}` is no sync, and only a sync can be dropped"),
        Effect::Short => format!("`{op}` moves no bytes; only a read or a write can be `short`"),
        Effect::Evict { .. } => {
            format!("`{op}` is of no open file; an eviction comes before a read, write or sync")
        }
    })
}

fn parse_fault(text: &str) -> Result<Fault, String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let position = words.last().copied().and_then(parse_position);
    let model = words
        .last()
        .and_then(|word| word.parse::<FsyncFailure>().ok());
    if position.is_some() || model.is_some() {
        words.pop();
    }
    let [op, middle @ .., effect] = words.as_slice() else {
        return Err("an operation and an effect are needed".to_owned());
    };
    let op = parse_op(op)?;
    let effect = match (parse_effect(effect, position)?, model) {
        (Effect::Fail(errno, _), Some(model)) => Effect::FailSync(errno, model),
        (_, Some(model)) => return Err(format!("only an error of a sync can be like {model}")),
        (effect, None) => effect,
    };
    check_effect(op, effect)?;
    let mut path = None;
    let mut occurrence = Occurrence::Every;
    for &word in middle {
        if let Some(count) = word.strip_prefix('#') {
            occurrence = parse_occurrence(count)?;
        } else if path.is_none() {
            globset::Glob::new(word).map_err(|e| format!("the path pattern is wrong: {e}"))?;
            path = Some(word.to_owned());
        } else {
            return Err(format!("`{word}` is one word too many"));
        }
    }
    Ok(Fault {
        op,
        path,
        occurrence,
        effect,
    })
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_fault(text).map_err(|reason| ParseFaultError {
            text: text.trim().to_owned(),
            reason,
        })
    }
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("; "))
    }
}

impl FaultPlan {
    /// Adds what one line says: a fault, or a rule for write-backs.
    ///
    /// # Errors
    /// The line is neither.
    pub fn add(&mut self, line: &str) -> Result<(), ParseFaultError> {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["writeback", words @ ..] => {
                let rule = parse_writeback(words).map_err(|reason| ParseFaultError {
                    text: line.trim().to_owned(),
                    reason,
                })?;
                self.writebacks.push(rule);
            }
            _ => self.faults.push(line.parse()?),
        }
        Ok(())
    }
}

impl FromStr for FaultPlan {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut plan = Self::none();
        for line in text.split([';', '\n']).map(str::trim) {
            if !line.is_empty() {
                plan.add(line)?;
            }
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::super::writeback::Writeback;
    use super::*;
    use crate::errno::Errno;
    use proptest::prelude::*;

    fn fault() -> impl Strategy<Value = Fault> {
        let op = prop_oneof![
            Just(OpSelector::Any),
            Just(OpSelector::Sync),
            Just(OpSelector::Growing),
            prop::sample::select(OpKind::ALL).prop_map(OpSelector::Kind),
        ];
        let occurrence = prop_oneof![
            Just(Occurrence::Every),
            (1_u32..).prop_map(Occurrence::Nth),
            (1_u32..).prop_map(Occurrence::From),
            (1_u32.., 0_u32..9).prop_map(|(first, more)| {
                Occurrence::Between(first, first.saturating_add(more))
            }),
        ];
        let position = prop_oneof![
            Just(Position::Before),
            Just(Position::Partial),
            Just(Position::After),
        ];
        let effect = prop_oneof![
            Just(Effect::Drop),
            Just(Effect::Short),
            any::<bool>().prop_map(|silent| Effect::Evict { silent }),
            (prop::sample::select(Errno::ALL), position)
                .prop_map(|(errno, position)| Effect::Fail(errno, position)),
            (
                prop::sample::select(Errno::ALL),
                prop::sample::select(FsyncFailure::ALL),
            )
                .prop_map(|(errno, model)| Effect::FailSync(errno, model)),
        ];
        (op, prop::option::of("[a-z*./]{1,8}"), occurrence, effect)
            .prop_map(|(op, path, occurrence, effect)| Fault {
                op,
                path,
                occurrence,
                effect,
            })
            .prop_filter("no operation can be affected so", |fault| {
                check_effect(fault.op, fault.effect).is_ok()
            })
    }

    fn writeback() -> impl Strategy<Value = Writeback> {
        let sequence = prop_oneof!["[xw]{0,4}x[xw]{0,4}W?", "[xw]{0,6}X"];
        (
            "[a-z*./]{1,8}",
            prop::option::of(any::<u64>()),
            sequence,
            prop::option::of(prop::sample::select(FsyncFailure::ALL)),
        )
            .prop_map(|(path, block, sequence, model)| Writeback {
                path,
                block,
                sequence: sequence.parse().expect("a sequence"),
                model,
            })
    }

    proptest! {
        #[test]
        fn prints_back_what_it_parses(
            faults in prop::collection::vec(fault(), 0..4),
            writebacks in prop::collection::vec(writeback(), 0..3),
        ) {
            let plan = FaultPlan { faults, writebacks };
            prop_assert_eq!(plan.to_string().parse::<FaultPlan>(), Ok(plan));
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, reason) in [
            ("fsync", "an operation and an effect are needed"),
            ("fsnyc drop", "`fsnyc` is no operation"),
            ("fsync #0 drop", "must count from 1"),
            ("fsync a b drop", "one word too many"),
            ("fsync EWHAT", "`EWHAT` is no effect"),
            ("fsync #3..2 EIO", "`#3..2` ends before it begins"),
            ("fsync #3..0 EIO", "must count from 1"),
            ("rename EIO partial", "only a write can be `partial`"),
            ("read EIO after", "`read` changes nothing"),
            ("sync short", "only a read or a write can be `short`"),
            ("rename drop", "only a sync can be dropped"),
            ("rename evict", "`rename` is of no open file"),
            ("write short after", "`short` is no error"),
            ("write after", "an operation and an effect are needed"),
            ("write EIO F1", "F1 is a way in which syncs fail"),
            ("fsync drop F2", "only an error of a sync can be like F2"),
            ("writeback *.log", "writeback PATH-GLOB"),
            ("writeback *.log block b x", "`b` is no number of a block"),
            ("writeback *.log xq", "made of x, w, X and W"),
            ("writeback *.log x F12", "F1 to F11"),
        ] {
            let error = text.parse::<FaultPlan>().expect_err(text);
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[test]
    fn takes_a_position_only_behind_the_effect() {
        let fault: Fault = "rename after #1 EIO after".parse().expect("a fault");
        assert_eq!(fault.path.as_deref(), Some("after"));
        assert_eq!(fault.effect, Effect::Fail(Errno::EIO, Position::After));
        let fault: Fault = "write #2..4 EIO before".parse().expect("a fault");
        assert_eq!(fault.to_string(), "write #2..4 EIO");
    }
}
