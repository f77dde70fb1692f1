//! A pipe.

use std::collections::VecDeque;

use plimsoll_reference::host::PIPE_BYTES;

/// Bytes that a write puts into a pipe whole or not at all (`PIPE_BUF`, `pipe(7)`).
const ATOMIC_BYTES: usize = 4096;

/// Why a pipe does nothing now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipeError {
    /// There is nothing to read, or no room, and there may be later.
    WouldBlock,
    /// Nobody reads any longer (`EPIPE`).
    Broken,
}

/// A pipe that holds 65,536 bytes, as on Linux.
///
/// **Not modelled**: that Linux counts room in pages, so that many small writes may fill a pipe earlier.
#[derive(Clone, Debug)]
pub struct Pipe {
    bytes: VecDeque<u8>,
    readers: u32,
    writers: u32,
}

impl Default for Pipe {
    fn default() -> Self {
        Self {
            bytes: VecDeque::new(),
            readers: 1,
            writers: 1,
        }
    }
}

impl Pipe {
    /// Puts bytes in and says how many there was room for. Up to 4,096 bytes go in whole or not at all.
    ///
    /// # Errors
    /// `WouldBlock` without room, `Broken` without a reader.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, PipeError> {
        if self.readers == 0 {
            return Err(PipeError::Broken);
        }
        let room = PIPE_BYTES - self.bytes.len();
        let count = bytes.len().min(room);
        if count == bytes.len() || (count > 0 && bytes.len() > ATOMIC_BYTES) {
            self.bytes.extend(&bytes[..count]);
            return Ok(count);
        }
        Err(PipeError::WouldBlock)
    }

    /// Takes bytes out and says how many there were; zero is the end, once nobody writes any longer.
    ///
    /// # Errors
    /// `WouldBlock` while it is empty and somebody may write.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, PipeError> {
        let count = buf.len().min(self.bytes.len());
        if count == 0 && !buf.is_empty() && self.writers > 0 {
            return Err(PipeError::WouldBlock);
        }
        for (slot, byte) in buf.iter_mut().zip(self.bytes.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }

    /// Bytes that wait to be read.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing waits to be read.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// One more process has the end to read from.
    pub const fn add_reader(&mut self) {
        self.readers += 1;
    }

    /// One more process has the end to write to.
    pub const fn add_writer(&mut self) {
        self.writers += 1;
    }

    /// One who could read closed it. After the last, what waits to be read is gone.
    pub fn close_reader(&mut self) {
        self.readers = self.readers.saturating_sub(1);
        if self.readers == 0 {
            self.bytes.clear();
        }
    }

    /// One who could write closed it.
    pub const fn close_writer(&mut self) {
        self.writers = self.writers.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_pipe_takes_no_more_until_it_is_read() {
        let mut pipe = Pipe::default();
        assert_eq!(pipe.write(&vec![1; PIPE_BYTES - 10]), Ok(PIPE_BYTES - 10));
        assert_eq!(pipe.write(&[2; 11]), Err(PipeError::WouldBlock));
        assert_eq!(pipe.write(&[2; 4096]), Err(PipeError::WouldBlock));
        assert_eq!(pipe.write(&[2; 4097]), Ok(10), "longer writes go in parts");
        assert_eq!(pipe.write(&[3]), Err(PipeError::WouldBlock));
        let mut buf = [0; 4096];
        assert_eq!(pipe.read(&mut buf), Ok(4096));
        assert_eq!(pipe.write(&[3]), Ok(1));
        assert_eq!(pipe.len(), PIPE_BYTES - 4095);
    }

    #[test]
    fn the_end_comes_after_what_was_written() {
        let mut pipe = Pipe::default();
        let mut buf = [0; 8];
        assert_eq!(pipe.read(&mut buf), Err(PipeError::WouldBlock));
        assert_eq!(pipe.write(b"last"), Ok(4));
        pipe.add_writer();
        pipe.close_writer();
        assert_eq!(pipe.read(&mut buf), Ok(4));
        assert_eq!(
            pipe.read(&mut buf),
            Err(PipeError::WouldBlock),
            "one writer is left"
        );
        pipe.close_writer();
        assert_eq!(pipe.read(&mut buf), Ok(0));
    }

    #[test]
    fn nobody_writes_to_a_pipe_without_a_reader() {
        let mut pipe = Pipe::default();
        pipe.add_reader();
        pipe.close_reader();
        assert_eq!(pipe.write(b"x"), Ok(1));
        pipe.close_reader();
        assert_eq!(pipe.write(b"x"), Err(PipeError::Broken));
    }
}
