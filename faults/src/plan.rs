//! Fault plans: which operations go wrong, and how.
//!
//! A plan is data. It has a text form, one fault a line or separated by `;`, that prints back exactly what it parses:
//!
//! ```text
//! fsync *.tmp #2 drop            the second fsync of a *.tmp file returns success and does nothing
//! any #7 EIO                     the seventh operation fails, once
//! write *.log #3.. ENOSPC        the third write to a log and every later one fail
//! sync drop                      every fsync, fdatasync and directory fsync does nothing
//! ```
//!
//! **Not modelled yet**: errors after the effect, partial effects, delays.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::errno::Errno;
use crate::op_kind::OpKind;

/// Which operations a fault looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpSelector {
    /// Every operation.
    Any,
    /// Every `fsync`, `fdatasync` and directory `fsync`.
    Sync,
    /// Every operation that may need space: creating, writing, extending, naming, and the syncs that allocate late.
    Growing,
    /// One kind of operation.
    Kind(OpKind),
}

impl OpSelector {
    /// Whether `kind` is selected.
    pub fn matches(self, kind: OpKind) -> bool {
        match self {
            Self::Any => true,
            Self::Sync => kind.is_sync(),
            Self::Growing => kind.may_need_space(),
            Self::Kind(selected) => selected == kind,
        }
    }
}

/// Which of the selected operations, in the order they come, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Occurrence {
    /// All of them.
    Every,
    /// The nth only.
    Nth(u32),
    /// The nth and all later ones.
    From(u32),
}

impl Occurrence {
    /// Whether the `count`th selected operation (from 1) is meant.
    pub fn matches(self, count: u32) -> bool {
        match self {
            Self::Every => true,
            Self::Nth(n) => count == n,
            Self::From(n) => count >= n,
        }
    }
}

/// What happens to a selected operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It fails with this error before it has any effect.
    Fail(Errno),
    /// A sync returns success and makes nothing durable. Selected operations that are no syncs are left alone.
    Drop,
}

/// One fault: a selector and an effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// Which operations are counted.
    pub op: OpSelector,
    /// Glob over the whole path; none means every path. A rename, and a link, are matched by either of their paths.
    pub path: Option<String>,
    /// Which of the operations counted are hit.
    pub occurrence: Occurrence,
    /// What happens to those.
    pub effect: Effect,
}

/// A list of faults; the first that hits an operation decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FaultPlan {
    /// The faults, in order of precedence.
    pub faults: Vec<Fault>,
}

impl FaultPlan {
    /// The plan in which nothing goes wrong.
    pub const fn none() -> Self {
        Self { faults: Vec::new() }
    }

    /// A plan of one fault.
    pub fn one(fault: Fault) -> Self {
        Self {
            faults: vec![fault],
        }
    }

    /// Whether nothing can go wrong.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }
}

/// A text that is no fault.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "`{text}` is not a fault: {reason}; a fault is `OPERATION [PATH-GLOB] [#N | #N..] EFFECT`, such as `fsync *.tmp #2 drop` or \
     `write #3.. ENOSPC`"
)]
pub struct ParseFaultError {
    text: String,
    reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.op {
            OpSelector::Any => f.write_str("any")?,
            OpSelector::Sync => f.write_str("sync")?,
            OpSelector::Growing => f.write_str("growing")?,
            OpSelector::Kind(kind) => kind.fmt(f)?,
        }
        if let Some(path) = &self.path {
            write!(f, " {path}")?;
        }
        match self.occurrence {
            Occurrence::Every => {}
            Occurrence::Nth(n) => write!(f, " #{n}")?,
            Occurrence::From(n) => write!(f, " #{n}..")?,
        }
        match self.effect {
            Effect::Fail(errno) => write!(f, " {errno}"),
            Effect::Drop => f.write_str(" drop"),
        }
    }
}

fn parse_occurrence(text: &str) -> Result<Occurrence, String> {
    let (digits, open) = match text.strip_suffix("..") {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    match digits.parse::<u32>() {
        Ok(0) | Err(_) => Err(format!("`#{text}` must count from 1")),
        Ok(n) if open => Ok(Occurrence::From(n)),
        Ok(n) => Ok(Occurrence::Nth(n)),
    }
}

fn parse_fault(text: &str) -> Result<Fault, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [op, middle @ .., effect] = words.as_slice() else {
        return Err("an operation and an effect are needed".to_owned());
    };
    let op = match *op {
        "any" => OpSelector::Any,
        "sync" => OpSelector::Sync,
        "growing" => OpSelector::Growing,
        kind => OpSelector::Kind(
            kind.parse()
                .map_err(|_| format!("`{kind}` is no operation"))?,
        ),
    };
    let effect = match *effect {
        "drop" => Effect::Drop,
        errno => Effect::Fail(
            errno
                .parse()
                .map_err(|_| format!("`{errno}` is no effect"))?,
        ),
    };
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
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl FromStr for FaultPlan {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split([';', '\n'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(|faults| Self { faults })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        ];
        let effect = prop_oneof![
            Just(Effect::Drop),
            prop::sample::select(Errno::ALL).prop_map(Effect::Fail),
        ];
        (op, prop::option::of("[a-z*./]{1,8}"), occurrence, effect).prop_map(
            |(op, path, occurrence, effect)| Fault {
                op,
                path,
                occurrence,
                effect,
            },
        )
    }

    proptest! {
        #[test]
        fn prints_back_what_it_parses(faults in prop::collection::vec(fault(), 0..4)) {
            let plan = FaultPlan { faults };
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
        ] {
            let error = text.parse::<Fault>().expect_err(text);
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
