//! Numbers in text.

use std::str::FromStr;

/// The number that decimal digits name. What `FromStr` takes besides, a sign in front, is refused: a text form has one spelling for each
/// number.
///
/// ```
/// use plimsoll_reference::digits::number;
///
/// assert_eq!(number("12"), Some(12_u64));
/// assert_eq!(number::<u64>("+12"), None);
/// assert_eq!(number::<u8>("256"), None);
/// ```
pub fn number<T: FromStr>(text: &str) -> Option<T> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit());
    is_decimal.then(|| text.parse().ok()).flatten()
}
