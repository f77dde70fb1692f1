//! A write buffer as `std::io::BufWriter` is one: what does not fit is written early, what is large is written past it.

use std::io;

use plimsoll_reference::fs::FsFile;

use super::codec::Encoded;

/// Size of the buffer.
const CAPACITY: usize = 8 << 10;

/// What happens to a buffer that could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterFailure {
    /// Dropping it writes it once more.
    WriteAgain,
    /// It is forgotten.
    Forget,
}

/// Appends encoded values through a buffer.
pub(super) fn append(
    file: &dyn FsFile,
    encoded: &Encoded,
    after_failure: AfterFailure,
) -> io::Result<()> {
    let mut buffer = Buffer {
        file,
        pending: Vec::with_capacity(CAPACITY),
    };
    let result = encoded
        .pieces()
        .try_for_each(|piece| buffer.put(piece))
        .and_then(|()| buffer.flush());
    if result.is_err() && after_failure == AfterFailure::WriteAgain {
        let _ = buffer.flush();
    }
    result
}

struct Buffer<'a> {
    file: &'a dyn FsFile,
    pending: Vec<u8>,
}

impl Buffer<'_> {
    fn put(&mut self, piece: &[u8]) -> io::Result<()> {
        if self.pending.len() + piece.len() > CAPACITY {
            self.flush()?;
        }
        if piece.len() >= CAPACITY {
            plimsoll_reference::fs::append_all(self.file, piece)
        } else {
            self.pending.extend_from_slice(piece);
            Ok(())
        }
    }

    /// Writes what is pending; after an error the rest stays pending.
    fn flush(&mut self) -> io::Result<()> {
        let mut written = 0;
        let mut result = Ok(());
        while written < self.pending.len() && result.is_ok() {
            match self.file.append(&self.pending[written..]) {
                Ok(0) => result = Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => result = Err(e),
            }
        }
        self.pending.drain(..written);
        result
    }
}
