//! Standard input and output.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{read, write};
use tokio::task::JoinHandle;

use crate::host::{Input, Later, Output};

/// Most bytes that a pipe takes without blocking whenever it says that it is ready (`pipe(7)`, `PIPE_BUF` on Linux).
const WRITE_MAX: usize = 4096;

/// How long a wait goes on after nobody is interested any more, in milliseconds.
const ABANDON_MS: u8 = 100;

/// A descriptor that may be shared with other processes, and so is left as it is: a call is made only when it will not block.
///
/// The wait is a blocking job. It takes nothing, so that a future that is dropped loses nothing; the next call waits on with it.
pub(super) struct Stream {
    fd: io::Result<Arc<OwnedFd>>,
    waiting: Option<JoinHandle<()>>,
    is_gone: Arc<AtomicBool>,
}

impl Stream {
    /// A stream over a descriptor of its own.
    pub(super) fn of(fd: BorrowedFd<'_>) -> Self {
        Self {
            fd: fd.try_clone_to_owned().map(Arc::new),
            waiting: None,
            is_gone: Arc::default(),
        }
    }

    async fn call(
        &mut self,
        flags: PollFlags,
        call: &mut (dyn FnMut(BorrowedFd<'_>) -> nix::Result<usize> + Send),
    ) -> io::Result<usize> {
        let fd = match &self.fd {
            Ok(fd) => Arc::clone(fd),
            Err(error) => {
                let unknown = Errno::EBADF as i32;
                return Err(io::Error::from_raw_os_error(
                    error.raw_os_error().unwrap_or(unknown),
                ));
            }
        };
        loop {
            if is_ready(fd.as_fd(), flags, PollTimeout::ZERO)? {
                match call(fd.as_fd()) {
                    // Somebody else was faster, or made it non-blocking.
                    Err(Errno::EAGAIN) => tokio::task::yield_now().await,
                    result => return Ok(result?),
                }
            } else {
                self.wait(&fd, flags).await?;
            }
        }
    }

    async fn wait(&mut self, fd: &Arc<OwnedFd>, flags: PollFlags) -> io::Result<()> {
        let waiting = self.waiting.get_or_insert_with(|| {
            let (fd, is_gone) = (Arc::clone(fd), Arc::clone(&self.is_gone));
            tokio::task::spawn_blocking(move || {
                // What went wrong is met again by whoever asks without waiting.
                while !is_gone.load(Ordering::Relaxed)
                    && matches!(is_ready(fd.as_fd(), flags, ABANDON_MS.into()), Ok(false))
                {
                }
            })
        });
        let waited = waiting.await;
        self.waiting = None;
        waited.map_err(io::Error::other)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.is_gone.store(true, Ordering::Relaxed);
    }
}

/// Whether a call would not block: there is something, or there is room, or the other side is gone.
fn is_ready(fd: BorrowedFd<'_>, flags: PollFlags, timeout: PollTimeout) -> nix::Result<bool> {
    let mut fds = [PollFd::new(fd, flags)];
    match poll(&mut fds, timeout) {
        Ok(count) => Ok(count > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno),
    }
}

impl Input for Stream {
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Later<'a, io::Result<usize>> {
        Box::pin(async move {
            let mut call = |fd: BorrowedFd<'_>| read(fd, buf);
            self.call(PollFlags::POLLIN, &mut call).await
        })
    }
}

impl Output for Stream {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Later<'a, io::Result<usize>> {
        Box::pin(async move {
            let part = bytes.get(..WRITE_MAX).unwrap_or(bytes);
            let mut call = |fd: BorrowedFd<'_>| write(fd, part);
            self.call(PollFlags::POLLOUT, &mut call).await
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    use nix::unistd::pipe;

    use crate::host::{Host, PIPE_BYTES, timeout};

    use super::*;

    const SOON: Duration = Duration::from_millis(50);

    /// Runs a test with both ends of a pipe as streams, and the one that is read as a descriptor.
    fn run<F: Future<Output = ()>>(test: impl FnOnce(Host, Stream, Stream, OwnedFd) -> F) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let (from, to) = pipe().expect("a pipe");
            let (input, output) = (Stream::of(from.as_fd()), Stream::of(to.as_fd()));
            drop(to);
            test(Host::real_process(), input, output, from).await;
        });
    }

    #[test]
    fn a_read_waits_and_one_that_is_dropped_takes_nothing() {
        run(|host, mut input, mut output, _from| async move {
            let mut buf = [0; 8];
            for _ in 0..3 {
                assert!(timeout(&host, SOON, input.read(&mut buf)).await.is_none());
            }
            assert_eq!(output.write(b"whole").await.expect("it is read"), 5);
            assert_eq!(input.read(&mut buf).await.expect("it is open"), 5);
            drop(output);
            assert_eq!(input.read(&mut buf).await.expect("it is open"), 0);
        });
    }

    #[test]
    fn a_write_waits_for_room_and_for_nobody() {
        run(|host, mut input, mut output, from| async move {
            let page = [0; 3 * WRITE_MAX];
            let mut taken = 0;
            while let Some(written) = timeout(&host, SOON, output.write(&page)).await {
                taken += written.expect("it is open");
            }
            assert_eq!(taken, PIPE_BYTES);
            let mut buf = [0; PIPE_BYTES];
            assert_eq!(input.read(&mut buf).await.expect("it is open"), PIPE_BYTES);
            assert_eq!(output.write(b"x").await.expect("there is room"), 1);
            drop((input, from));
            let error = output.write(b"x").await.expect_err("nobody reads");
            assert_eq!(error.raw_os_error(), Some(Errno::EPIPE as i32));
        });
    }

    #[test]
    fn what_others_share_is_left_as_it_is() {
        run(|host, mut input, output, from| async move {
            let mut buf = [0; 8];
            assert!(timeout(&host, SOON, input.read(&mut buf)).await.is_none());
            let flags = fcntl(&from, FcntlArg::F_GETFL).expect("it is open");
            let flags = OFlag::from_bits_retain(flags);
            assert!(!flags.contains(OFlag::O_NONBLOCK));
            drop(output);
        });
    }
}
