//! A change of one key, and its text form.
//!
//! The text form is what workloads and reports contain; it prints back exactly what it parses:
//!
//! ```
//! use plimsoll_reference::mutation::Mutation;
//!
//! let put: Mutation = "put colour a*64".parse()?;
//! assert_eq!(put, Mutation::Put { key: b"colour".to_vec(), value: vec![b'a'; 64] });
//! assert_eq!(put.to_string(), "put colour a*64");
//! # Ok::<(), plimsoll_reference::mutation::ParseMutationError>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::digits::number;

/// A change of one key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// Give `key` the value `value`.
    Put {
        /// The key.
        key: Vec<u8>,
        /// Its new value.
        value: Vec<u8>,
    },
    /// Remove `key`; removing an absent key is allowed and changes nothing.
    Delete {
        /// The key.
        key: Vec<u8>,
    },
}

impl Mutation {
    /// The key that changes.
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }

    /// Makes the change in a map.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use plimsoll_reference::mutation::Mutation;
    ///
    /// let mut pairs = BTreeMap::new();
    /// for mutation in ["put a 1", "put b 2", "delete a"] {
    ///     mutation.parse::<Mutation>()?.apply_to(&mut pairs);
    /// }
    /// assert_eq!(pairs, BTreeMap::from([(b"b".to_vec(), b"2".to_vec())]));
    /// # Ok::<(), plimsoll_reference::mutation::ParseMutationError>(())
    /// ```
    pub fn apply_to(&self, pairs: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
        match self {
            Self::Put { key, value } => pairs.insert(key.clone(), value.clone()),
            Self::Delete { key } => pairs.remove(key),
        };
    }
}

/// A text that is no change. The message is a fragment that says what is wrong with it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{reason}")]
pub struct ParseMutationError {
    /// What is wrong.
    pub reason: &'static str,
}

/// Bytes that print in the text form of keys and values; [`parse_bytes`] reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a>(pub &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_bytes(f, self.0)
    }
}

/// Reads the text form of a key or value.
///
/// # Errors
/// The text is none.
pub fn parse_bytes(text: &str) -> Result<Vec<u8>, ParseMutationError> {
    bytes_of(text).map_err(|reason| ParseMutationError { reason })
}

/// Longest value that the `x*N` form may name, in bytes.
const RUN_MAX: usize = 16 << 20;

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { key, value } => {
                f.write_str("put ")?;
                write_bytes(f, key)?;
                f.write_str(" ")?;
                write_bytes(f, value)
            }
            Self::Delete { key } => {
                f.write_str("delete ")?;
                write_bytes(f, key)
            }
        }
    }
}

// Values are bytes; a list of numbers tells a reader nothing.
impl fmt::Debug for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

impl FromStr for Mutation {
    type Err = ParseMutationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let parsed = match words.as_slice() {
            ["put", key, value] => {
                bytes_of(key).and_then(|key| bytes_of(value).map(|value| Self::Put { key, value }))
            }
            ["put", ..] => Err("`put` takes a key and a value"),
            ["delete", key] => bytes_of(key).map(|key| Self::Delete { key }),
            ["delete", ..] => Err("`delete` takes a key"),
            _ => Err("unknown word"),
        };
        parsed.map_err(|reason| ParseMutationError { reason })
    }
}

fn write_bytes(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    // A run of one byte prints as `x*64`, so that workloads with large values stay readable.
    if let [first, rest @ ..] = bytes
        && rest.len() >= 3
        && rest.iter().all(|b| b == first)
        && first.is_ascii_alphanumeric()
    {
        return write!(f, "{}*{}", char::from(*first), bytes.len());
    }
    if bytes.is_empty() {
        return f.write_str("-");
    }
    for &byte in bytes {
        if byte.is_ascii_graphic() && !matches!(byte, b'%' | b';' | b'*' | b'-') {
            write!(f, "{}", char::from(byte))?;
        } else {
            write!(f, "%{byte:02x}")?;
        }
    }
    Ok(())
}

fn bytes_of(text: &str) -> Result<Vec<u8>, &'static str> {
    if text == "-" {
        return Ok(Vec::new());
    }
    if let Some((unit, count)) = text.split_once('*') {
        let [byte] = unit.as_bytes() else {
            return Err("the part before `*` must be one character");
        };
        let count: usize = number(count).ok_or("the part after `*` must be a count")?;
        if count > RUN_MAX {
            return Err("a value is at most 16 MiB");
        }
        return Ok(vec![*byte; count]);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let wrong = "`%` needs two hexadecimal digits";
            let (digits, behind) = tail.split_at_checked(2).ok_or(wrong)?;
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return Err(wrong);
            }
            let digits = std::str::from_utf8(digits).map_err(|_| wrong)?;
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong)?);
            rest = behind;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        for (text, expected) in [("x*5", vec![b'x'; 5]), ("%0a%0A", vec![10; 2])] {
            assert_eq!(parse_bytes(text), Ok(expected));
        }
        for text in ["x*+5", "x*-5", "x*", "%+1", "%-1", "%1", "% 1", "%é"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }
}
