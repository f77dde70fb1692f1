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
