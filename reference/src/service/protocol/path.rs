//! Paths and messages at the end of a line.

use std::ffi::OsString;
use std::fmt::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A path on a line. Control characters, `%` and what is no UTF-8 print as `%xx`; spaces stay, as it is the last thing on its line.
pub(super) struct OnLine<'a>(pub(super) &'a Path);

impl fmt::Display for OnLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.as_os_str().as_bytes().utf8_chunks() {
            for character in chunk.valid().chars() {
                if character.is_control() || character == '%' {
                    let mut buf = [0; 4];
                    escape(f, character.encode_utf8(&mut buf).as_bytes())?;
                } else {
                    f.write_char(character)?;
                }
            }
            escape(f, chunk.invalid())?;
        }
        Ok(())
    }
}

fn escape(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "%{byte:02x}"))
}

/// Reads what [`OnLine`] printed.
pub(super) fn parse_path(text: &str) -> Result<PathBuf, &'static str> {
    let wrong = "in a path, two hexadecimal digits follow `%`";
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%' {
            let (digits, behind) = tail.split_at_checked(2).ok_or(wrong)?;
            let digits = std::str::from_utf8(digits).map_err(|_| wrong)?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(wrong);
            }
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong)?);
            rest = behind;
        } else {
            bytes.push(first);
        }
    }
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

/// A message on a line: control characters print as spaces.
pub(super) struct Message<'a>(pub(super) &'a str);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            f.write_char(if character.is_control() {
                ' '
            } else {
                character
            })?;
        }
        Ok(())
    }
}
