//! Object targets, read.

use super::cursor::{Cursor, Parsed};
use super::error::Wrong;
use crate::object_target::ObjectTarget;

/// How a target is written.
const TARGET: &str = "a target is `target K of N [stripe BYTES]`, such as `target 1 of 2 stripe 65536`; targets count from 0, and a stripe \
     has a multiple of 4096 bytes";

/// A number that is all of a word.
fn number<T: std::str::FromStr>(word: &str) -> Option<T> {
    let all_digits = word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|_| all_digits)
}

/// The number behind the word at the cursor, and where it stands.
fn argument<T: std::str::FromStr>(cursor: &mut Cursor<'_>, what: &str) -> Parsed<(T, usize)> {
    let word = cursor.argument(what)?;
    let at = cursor.at - 1;
    let found = number(word).ok_or_else(|| cursor.wrong(format!("`{word}` is not {what}")))?;
    Ok((found, at))
}

/// The target at the cursor, which is at the word `target`.
pub(super) fn target(cursor: &mut Cursor<'_>) -> Parsed<ObjectTarget> {
    parts(cursor).map_err(|wrong| wrong.help(TARGET))
}

fn parts(cursor: &mut Cursor<'_>) -> Parsed<ObjectTarget> {
    let (index, index_at) = argument::<u32>(cursor, "the number of a target")?;
    if cursor.plain() != Some("of") {
        let reason = "`of`, and how many targets there are, is missing";
        return Err(Wrong::new(cursor.at, reason));
    }
    let (count, count_at) = argument::<u32>(cursor, "how many targets there are")?;
    if count == 0 {
        return Err(Wrong::new(count_at, "there is at least one target"));
    }
    let (stripe_bytes, stripe_at) = if cursor.plain() == Some("stripe") {
        argument::<u64>(cursor, "the length of a stripe")?
    } else {
        (ObjectTarget::STRIPE_BYTES, index_at)
    };
    if !ObjectTarget::is_stripe(stripe_bytes) {
        let reason = format!("a stripe cannot have {stripe_bytes} bytes");
        return Err(Wrong::new(stripe_at, reason));
    }
    ObjectTarget::new(index, count, stripe_bytes).ok_or_else(|| {
        let reason = format!("of {count} targets none has the number {index}");
        Wrong::new(index_at, reason)
    })
}
