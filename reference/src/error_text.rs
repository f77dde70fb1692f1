//! Errors as people read them.

use std::error::Error;

/// An error with its causes, on one line.
///
/// ```
/// use plimsoll_reference::error_text::with_causes;
///
/// let error = "nine".parse::<u8>().expect_err("it is no digit");
/// assert_eq!(with_causes(&error), error.to_string());
/// ```
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
