//! Standard input and output.

use std::io;

use super::later::Later;

/// Bytes that a pipe holds on Linux before a writer has to wait (`pipe(7)`).
pub const PIPE_BYTES: usize = 65_536;

/// Longest line that is taken, in bytes, its end not counted.
pub const LINE_MAX: usize = 1 << 20;

/// A stream of bytes to read: standard input, or a pipe from a child.
pub trait Input: Send {
    /// Waits for bytes and says how many there were; zero is the end.
    ///
    /// Dropping the future loses nothing: bytes are taken only by a call that returns them.
    ///
    /// # Errors
    /// As `read(2)`; `EINTR` is for the caller to try again.
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Later<'a, io::Result<usize>>;
}

/// A stream of bytes to write: standard output, or a pipe to a child.
pub trait Output: Send {
    /// Waits until the other side has room and says how many bytes were taken, which may be fewer than given. Nothing is kept back:
    /// bytes that were taken are there to be read.
    ///
    /// Dropping the future before it is ready writes nothing.
    ///
    /// # Errors
    /// As `write(2)`: `EPIPE` when nobody reads any longer, `ENOSPC` when it is a file on a full disk; `EINTR` is for the caller to
    /// try again.
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Later<'a, io::Result<usize>>;
}

/// Writes all of it. When this future is dropped half-way, a part may be written.
///
/// # Errors
/// As [`Output::write`], `EINTR` excepted.
pub async fn write_all(output: &mut dyn Output, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match output.write(bytes).await {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Cuts an input into lines.
///
/// A last line without an end is no line: whoever wrote it was cut off in the middle, and it may be a part of what was meant.
pub struct Lines {
    input: Box<dyn Input>,
    taken: Vec<u8>,
    /// Bytes at the front of `taken` that hold no end of a line.
    searched: usize,
    /// Whether what comes up to the next end of a line belongs to one that was too long.
    is_skipping: bool,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines")
            .field("taken", &self.taken.len())
            .finish_non_exhaustive()
    }
}

impl Lines {
    /// The lines of an input.
    pub fn new(input: Box<dyn Input>) -> Self {
        Self {
            input,
            taken: Vec::new(),
            searched: 0,
            is_skipping: false,
        }
    }

    /// Waits for the next line, without its end; `None` is the end of the input, whether or not there is a last line that was cut off
    /// ([`rest`](Self::rest) has it).
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    /// As [`Input::read`], `EINTR` excepted; `InvalidData` when a line is longer than [`LINE_MAX`] or no UTF-8, in which case the next call
    /// goes on behind that line.
    pub async fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            let unsearched = self.taken.get(self.searched..).unwrap_or_default();
            if let Some(found) = unsearched.iter().position(|&byte| byte == b'\n') {
                let end = self.searched + found;
                let mut line: Vec<u8> = self.taken.drain(..=end).collect();
                line.pop();
                self.searched = 0;
                if std::mem::take(&mut self.is_skipping) {
                    continue;
                }
                if line.len() > LINE_MAX {
                    return Err(too_long());
                }
                return String::from_utf8(line)
                    .map(Some)
                    .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a line is no UTF-8"));
            }
            if self.is_skipping {
                self.taken.clear();
            }
            self.searched = self.taken.len();
            if self.taken.len() > LINE_MAX {
                self.taken.clear();
                self.searched = 0;
                self.is_skipping = true;
                return Err(too_long());
            }
            let mut buf = [0; 4096];
            match self.input.read(&mut buf).await {
                Ok(0) => return Ok(None),
                Ok(count) => self
                    .taken
                    .extend_from_slice(buf.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What was read behind the last line that [`next`](Self::next) gave: whole lines may be in it until that has said `None`.
    pub fn rest(&self) -> &[u8] {
        &self.taken
    }
}

fn too_long() -> io::Error {
    let message = format!("a line is longer than {LINE_MAX} bytes");
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Gives these bytes, and then the end.
    struct Bytes(Vec<u8>);

    impl Input for Bytes {
        fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Later<'a, io::Result<usize>> {
            let count = buf.len().min(self.0.len());
            for (slot, byte) in buf.iter_mut().zip(self.0.drain(..count)) {
                *slot = byte;
            }
            Box::pin(std::future::ready(Ok(count)))
        }
    }

    /// The lengths of lines, nothing for those that are refused.
    fn lengths(bytes: Vec<u8>) -> Vec<Option<usize>> {
        let mut lines = Lines::new(Box::new(Bytes(bytes)));
        let mut found = Vec::new();
        loop {
            let next = std::pin::pin!(lines.next()).poll(&mut Context::from_waker(Waker::noop()));
            match next {
                Poll::Ready(Ok(Some(line))) => found.push(Some(line.len())),
                Poll::Ready(Ok(None)) => return found,
                Poll::Ready(Err(_)) => found.push(None),
                Poll::Pending => panic!("the input is always ready"),
            }
        }
    }

    #[test]
    fn a_line_is_too_long_or_not_wherever_reads_cut_it() {
        for before in [0, 1, 4095] {
            for len in [LINE_MAX, LINE_MAX + 1, LINE_MAX + 4096] {
                let mut bytes = vec![b'a'; before];
                bytes.push(b'\n');
                bytes.extend(vec![b'b'; len]);
                bytes.extend(b"\nlast\n");
                let long = (len == LINE_MAX).then_some(len);
                assert_eq!(
                    lengths(bytes),
                    [Some(before), long, Some(4)],
                    "{before} {len}"
                );
            }
        }
    }
}
