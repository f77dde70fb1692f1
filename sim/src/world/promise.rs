//! A value that comes later.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

#[derive(Debug)]
struct Inner<T> {
    value: Option<T>,
    waker: Option<Waker>,
}

/// Where one side puts a value and the other waits for it. Clones are the same promise.
#[derive(Debug)]
pub(super) struct Promise<T>(Arc<Mutex<Inner<T>>>);

impl<T> Clone for Promise<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Promise<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Inner {
            value: None,
            waker: None,
        })))
    }
}

impl<T> Promise<T> {
    fn inner(&self) -> MutexGuard<'_, Inner<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the value.
    pub(super) fn keep(&self, value: T) {
        let mut inner = self.inner();
        inner.value = Some(value);
        if let Some(waker) = inner.waker.take() {
            waker.wake();
        }
    }

    /// Takes the value, if it is there.
    pub(super) fn take(&self) -> Option<T> {
        self.inner().value.take()
    }
}

/// Waits for the value; once it was taken, for ever.
impl<T> Future for Promise<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut inner = self.inner();
        match inner.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                inner.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
