//! Which write-backs of a file's blocks fail, in the notation of CuttleFS.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::fsync_failure::FsyncFailure;

/// What becomes of the write-backs of a block, one after the other: `x` fails, `w` succeeds, and a capital at the end goes on for ever.
/// After the end of a sequence without one, all succeed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sequence {
    /// Whether each of the first fails.
    steps: Vec<bool>,
    /// Whether all later ones fail, where the sequence says.
    rest: Option<bool>,
}

impl Sequence {
    /// The first steps, each of which fails or does not, and what goes on for ever behind them. Some write-back must fail.
    pub(super) const fn new(steps: Vec<bool>, rest: Option<bool>) -> Self {
        Self { steps, rest }
    }

    /// Whether the `count`th write-back (from 1) fails.
    pub fn fails(&self, count: u32) -> bool {
        self.steps
            .get((count as usize).saturating_sub(1))
            .copied()
            .or(self.rest)
            .unwrap_or(false)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &fails in &self.steps {
            f.write_str(if fails { "x" } else { "w" })?;
        }
        match self.rest {
            Some(true) => f.write_str("X"),
            Some(false) => f.write_str("W"),
            None => Ok(()),
        }
    }
}

/// A text that is no sequence.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is no sequence: {reason}")]
pub struct ParseSequenceError {
    text: String,
    reason: &'static str,
}

impl FromStr for Sequence {
    type Err = ParseSequenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason| ParseSequenceError {
            text: text.to_owned(),
            reason,
        };
        let mut sequence = Self {
            steps: Vec::new(),
            rest: None,
        };
        for letter in text.chars() {
            if sequence.rest.is_some() {
                return Err(wrong("nothing follows a capital, which goes on for ever"));
            }
            match letter {
                'x' | 'w' => sequence.steps.push(letter == 'x'),
                'X' | 'W' => sequence.rest = Some(letter == 'X'),
                _ => return Err(wrong("it is made of x, w, X and W, such as `xxwxW`")),
            }
        }
        if !sequence.steps.contains(&true) && sequence.rest != Some(true) {
            return Err(wrong("none of its write-backs fails"));
        }
        Ok(sequence)
    }
}

/// Write-backs that fail. A sync writes every block that was changed since it was last written, each of 4096 bytes.
///
/// The sync that meets a failing block fails as the model says, and only the blocks that failed suffer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Writeback {
    /// Glob over the whole path of the handle that is synced.
    pub path: String,
    /// Which block; every block, each counted on its own, when there is none.
    pub block: Option<u64>,
    /// Which of its write-backs fail.
    pub sequence: Sequence,
    /// How the sync fails; as on the file system at hand when there is none.
    pub model: Option<FsyncFailure>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_says_which_write_backs_fail() {
        let sequence: Sequence = "xxwxW".parse().expect("a sequence");
        let fails: Vec<bool> = (1..=6).map(|count| sequence.fails(count)).collect();
        assert_eq!(fails, [true, true, false, true, false, false]);
        let sequence: Sequence = "wX".parse().expect("a sequence");
        assert!(!sequence.fails(1) && sequence.fails(2) && sequence.fails(99));
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, reason) in [
            ("xWx", "nothing follows a capital"),
            ("ww", "none of its write-backs fails"),
            ("", "none of its write-backs fails"),
            ("xy", "made of x, w, X and W"),
        ] {
            let error = text.parse::<Sequence>().expect_err(text);
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
