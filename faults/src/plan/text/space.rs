//! Limits on space, read.

use plimsoll_reference::digits;

use super::cursor::{Cursor, Parsed};
use super::error::Wrong;
use super::values::counted;
use super::words::Word;
use crate::errno::Errno;
use crate::plan::duration;
use crate::plan::space::{Freed, Space};

/// How a limit on space is written.
const SPACE: &str = "a limit is `space [BYTES] [inodes N] [ENOSPC | EDQUOT] [reserved] [freed #OPERATION | freed TIME]`";

/// The limit that a line gives; its first word is `space`.
pub(super) fn space(words: &[Word]) -> Parsed<Space> {
    let wrong = |at: usize, reason: String| Wrong::new(at, reason).help(SPACE);
    let mut cursor = Cursor { words, at: 1 };
    let mut space = Space {
        bytes: None,
        ..Space::of(0)
    };
    while let Some(word) = cursor.peek() {
        let text = word.text.as_str();
        let number = digits::number::<u64>;
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

#[cfg(test)]
mod tests {
    use crate::plan::FaultPlan;

    #[test]
    fn a_number_has_one_spelling() {
        for (text, is_plan) in [
            ("space 6 inodes 1", true),
            ("space +6", false),
            ("space 6 inodes +1", false),
            ("fsync delay brownout(1ms,2ms,+3,1s)", false),
        ] {
            assert_eq!(text.parse::<FaultPlan>().is_ok(), is_plan, "{text}");
        }
    }
}
