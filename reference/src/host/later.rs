//! Futures of trait objects.

use std::pin::Pin;
use std::time::Duration;

use thiserror::Error;

use super::Host;

/// A future that a trait object returns.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A task or job that did not return. The message says what it said when it panicked, or why it was never run.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct Failed {
    message: String,
}

impl Failed {
    /// A failure with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }

    /// What a panic said.
    pub fn panicked(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a panic without a message");
        Self::new(text)
    }
}

/// Waits for `future`, but no longer than `time`: `None` says that time is up. The future is then dropped.
///
/// When both are there at the same time the future wins: what has happened is never reported as late.
pub async fn timeout<T>(host: &Host, time: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        value = future => Some(value),
        () = host.sleep(time) => None,
    }
}
