//! Futures of trait objects.

use std::pin::{Pin, pin};
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

/// Parts of the time of [`patience`].
const PARTS: u32 = 10;

/// As [`timeout`], in ten parts, each of which begins when the one before it is over: while a process stands still (`SIGSTOP`) one of them may
/// pass, and not all of the time that it has given others.
pub async fn patience<T>(
    host: &Host,
    time: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..PARTS {
        let value = timeout(host, time / PARTS, future.as_mut()).await;
        if value.is_some() {
            return value;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits for what is there a second after the process stood still for an hour, in one of these ways.
    fn waited<F: Future<Output = Option<()>>>(
        wait: impl FnOnce(Host, Duration, Later<'static, ()>) -> F,
    ) -> Option<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let second = Duration::from_secs(1);
            let reader = async move {
                // Time begins to count when it is first waited for.
                tokio::task::yield_now().await;
                tokio::time::advance(3600 * second).await;
                tokio::time::sleep(second).await;
            };
            wait(Host::real_process(), 20 * second, Box::pin(reader)).await
        })
    }

    #[test]
    fn a_process_that_stood_still_gives_others_time_when_it_goes_on() {
        let at_once =
            waited(|host, time, reader| async move { timeout(&host, time, reader).await });
        assert_eq!(at_once, None, "all of the time is over");
        let in_parts =
            waited(|host, time, reader| async move { patience(&host, time, reader).await });
        assert_eq!(in_parts, Some(()));
    }

    #[test]
    fn patience_ends() {
        let never = waited(|host, time, reader| async move {
            let never = async {
                reader.await;
                std::future::pending().await
            };
            patience(&host, time, never).await
        });
        assert_eq!(never, None);
    }
}
