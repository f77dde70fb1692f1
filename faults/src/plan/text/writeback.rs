//! Rules for write-backs, read.

use super::cursor::{Cursor, Parsed};
use super::error::Wrong;
use super::values::model;
use super::words::Word;
use crate::plan::writeback::{ParseSequenceError, Writeback};

/// How a rule for write-backs is written.
const WRITEBACK: &str = "a rule is `writeback PATH-GLOB [block N] SEQUENCE [F1 to F11]`, such as `writeback *.log block 0 xxW`";

/// The rule that a line gives; its first word is `writeback`.
pub(super) fn writeback(words: &[Word]) -> Parsed<Writeback> {
    let wrong = |at: usize, reason: String| Wrong::new(at, reason).help(WRITEBACK);
    let mut cursor = Cursor { words, at: 1 };
    let Some(path) = cursor.peek() else {
        return Err(wrong(1, "a path pattern is missing".to_owned()));
    };
    let path = path.text.clone();
    globset::Glob::new(&path).map_err(|e| wrong(1, format!("the path pattern is wrong: {e}")))?;
    cursor.at += 1;
    let block =
        if cursor.plain() == Some("block") {
            let number = cursor.argument("a number").map_err(|w| w.help(WRITEBACK))?;
            let all_digits = number.bytes().all(|byte| byte.is_ascii_digit());
            let block = number.parse::<u64>().ok().filter(|_| all_digits);
            Some(block.ok_or_else(|| {
                wrong(cursor.at - 1, format!("`{number}` is no number of a block"))
            })?)
        } else {
            None
        };
    let Some(sequence) = cursor.plain() else {
        return Err(wrong(cursor.at, "a sequence is missing".to_owned()));
    };
    let sequence = sequence
        .parse()
        .map_err(|error: ParseSequenceError| wrong(cursor.at, error.to_string()))?;
    cursor.at += 1;
    let model = model(&mut cursor)?;
    match cursor.peek() {
        Some(word) => Err(wrong(
            cursor.at,
            format!("`{}` is one word too many", word.text),
        )),
        None => Ok(Writeback {
            path,
            block,
            sequence,
            model,
        }),
    }
}
