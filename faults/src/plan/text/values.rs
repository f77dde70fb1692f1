//! Values of single words.

use super::cursor::{Cursor, Parsed};
use super::error::Wrong;
use crate::fsync_failure::FsyncFailure;
use crate::latency::{digits, parse_ratio};
use crate::plan::effect::Damage;
use crate::plan::fault::Occurrence;
use crate::plan::when::{ByteRange, Chance, Phase};

/// A number from 1. `text` is all that was behind the `#`.
pub(super) fn counted(text: &str, digits_of: &str) -> Result<u32, String> {
    match digits(digits_of) {
        Some(n) if n > 0 => Ok(n),
        _ => Err(format!("`#{text}` must count from 1")),
    }
}

/// Which of the operations: what stands behind `#`.
pub(super) fn occurrence(text: &str) -> Result<Occurrence, String> {
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

/// A range of bytes that is not empty.
pub(super) fn bytes(text: &str) -> Option<ByteRange> {
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

/// A chance, with or without bursts.
pub(super) fn chance(text: &str) -> Option<Chance> {
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

/// A sort of damage.
pub(super) fn damage(word: &str) -> Option<Damage> {
    if let Some(bits) = word.strip_prefix("flip*") {
        return digits(bits).filter(|&bits| bits > 0).map(Damage::Flip);
    }
    Damage::ALL
        .iter()
        .copied()
        .find(|damage| damage.name() == word)
}

/// A phase by its name.
pub(super) fn phase(word: &str) -> Option<Phase> {
    Phase::ALL
        .iter()
        .copied()
        .find(|phase| phase.name() == word)
}

/// The failure model of a sync at the cursor, where the word there is one or is meant as one.
pub(super) fn model(cursor: &mut Cursor<'_>) -> Parsed<Option<FsyncFailure>> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(word) = cursor
        .plain()
        .filter(|word| word.strip_prefix('F').is_some_and(is_number))
    else {
        return Ok(None);
    };
    let model: FsyncFailure = word.parse().map_err(|_| {
        Wrong::new(cursor.at, format!("`{word}` is no failure model of fsync"))
            .help("the models are F1 to F11")
    })?;
    cursor.at += 1;
    Ok(Some(model))
}
