//! Bytes on their way out.

use std::collections::VecDeque;
use std::io;

use crate::host::Output;

/// Bytes that wait for an output to take them. Whoever has this calls [`pump`](Self::pump) beside everything else it waits for.
pub(super) struct Outbox {
    output: Option<Box<dyn Output>>,
    queue: VecDeque<u8>,
    is_finished: bool,
}

impl Outbox {
    /// An output that may be gone already.
    pub(super) const fn new(output: Option<Box<dyn Output>>) -> Self {
        Self {
            output,
            queue: VecDeque::new(),
            is_finished: false,
        }
    }

    /// Queues a line, without its end. One for an output that is gone is dropped.
    pub(super) fn push(&mut self, line: &str) {
        if self.output.is_some() && !self.is_finished {
            self.queue.extend(line.as_bytes());
            self.queue.push_back(b'\n');
        }
    }

    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Takes no more, and closes the output as soon as nothing waits.
    pub(super) fn finish(&mut self) {
        self.is_finished = true;
        self.close_if_done();
    }

    fn close_if_done(&mut self) {
        if self.is_finished && self.queue.is_empty() {
            self.output = None;
        }
    }

    /// Hands over some of what waits; while nothing does, this waits for ever. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The output takes no more, and never will: what waited is dropped.
    pub(super) async fn pump(&mut self) -> io::Result<()> {
        let (bytes, _) = self.queue.as_slices();
        let Some(output) = self.output.as_mut().filter(|_| !bytes.is_empty()) else {
            return std::future::pending().await;
        };
        let result = match output.write(bytes).await {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                self.queue.drain(..count);
                self.close_if_done();
                return Ok(());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => Err(error),
        };
        self.output = None;
        self.queue.clear();
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use crate::host::Later;

    use super::*;

    /// Takes three bytes at a time, and after nine of them none.
    struct Narrow(Arc<Mutex<Vec<u8>>>);

    impl Output for Narrow {
        fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Later<'a, io::Result<usize>> {
            let mut taken = self.0.lock().expect("no panic");
            let result = if taken.len() >= 9 {
                Err(io::ErrorKind::BrokenPipe.into())
            } else {
                let count = bytes.len().min(3);
                taken.extend(&bytes[..count]);
                Ok(count)
            };
            Box::pin(std::future::ready(result))
        }
    }

    /// Pumps until nothing waits or the output fails; it is always ready.
    fn drain(outbox: &mut Outbox) -> io::Result<()> {
        use std::task::{Context, Poll, Waker};
        while outbox.len() > 0 {
            let pumped =
                std::pin::pin!(outbox.pump()).poll(&mut Context::from_waker(Waker::noop()));
            match pumped {
                Poll::Ready(result) => result?,
                Poll::Pending => panic!("the output is always ready"),
            }
        }
        Ok(())
    }

    #[test]
    fn everything_goes_out_in_order_and_then_the_output_is_closed() {
        let taken = Arc::default();
        let mut outbox = Outbox::new(Some(Box::new(Narrow(Arc::clone(&taken)))));
        outbox.push("1 put");
        outbox.finish();
        outbox.push("late");
        drain(&mut outbox).expect("there is room");
        assert_eq!(*taken.lock().expect("no panic"), b"1 put\n");
        assert_eq!(Arc::strong_count(&taken), 1, "it is closed");
    }

    #[test]
    fn an_output_that_fails_takes_nothing_any_more() {
        let mut outbox = Outbox::new(Some(Box::new(Narrow(Arc::default()))));
        outbox.push("0123456789");
        assert!(drain(&mut outbox).is_err());
        outbox.push("more");
        assert_eq!(outbox.len(), 0);
    }
}
