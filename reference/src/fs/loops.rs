//! The loops around short reads, short writes and `EINTR`, written once.

use std::io;

use super::FsFile;

/// Reads exactly `buf.len()` bytes at `offset`, over as many reads as it takes.
///
/// # Errors
/// `UnexpectedEof` when the file ends first, and every error of the reads but `EINTR`.
pub fn read_exact_at(file: &dyn FsFile, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match file.read_at(buf, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                buf = &mut buf[n..];
                offset += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Reads a whole file. Memory follows the length that the file system reports, never one found inside the file.
///
/// # Errors
/// Every error of the reads but `EINTR`; `InvalidInput` for a file longer than memory can address.
pub fn read_to_end(file: &dyn FsFile) -> io::Result<Vec<u8>> {
    let len = usize::try_from(file.metadata()?.len).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut bytes = vec![0; len];
    let filled = read_up_to(file, &mut bytes, 0)?;
    bytes.truncate(filled);
    Ok(bytes)
}

/// Reads at `offset` until `buf` is full or the file ends, and says how many bytes there were.
///
/// # Errors
/// Every error of the reads but `EINTR`.
pub fn read_up_to(file: &dyn FsFile, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buf.len() {
        match file.read_at(&mut buf[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// Writes all of `buf` at `offset`.
///
/// # Errors
/// `WriteZero` when a write takes nothing, and every error of the writes but `EINTR`. Any part may then have been written.
pub fn write_all_at(file: &dyn FsFile, mut buf: &[u8], mut offset: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match file.write_at(buf, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => {
                buf = &buf[n..];
                offset += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Appends all of `buf` to a handle opened for appending.
///
/// # Errors
/// `WriteZero` when a write takes nothing, and every error of the writes but `EINTR`. Any prefix may then have been appended.
pub fn append_all(file: &dyn FsFile, mut buf: &[u8]) -> io::Result<()> {
    while !buf.is_empty() {
        match file.append(buf) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => buf = &buf[n..],
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
