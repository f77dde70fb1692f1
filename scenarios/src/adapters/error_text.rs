//! Errors as reports show them.

use std::error::Error;

/// An error with its causes, on one line.
pub(super) fn text(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
