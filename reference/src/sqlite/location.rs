//! Where a database lives, and the spellings of that.
//!
//! A spelling is parsed, never searched for a word: a path that holds `:memory:` somewhere is a path.
//!
//! | spelling | means |
//! |---|---|
//! | `:memory:`, `sqlite::memory:`, `file::memory:`, `sqlite:file::memory:` | memory |
//! | `file:NAME?mode=memory`, `sqlite://?mode=memory` | memory |
//! | `file:PATH`, `file:///PATH`, `file://localhost/PATH`, `sqlite:PATH`, `sqlite://PATH` | that file, percent-decoded |
//! | anything else | a path, as it is |

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

/// What SQLite calls a database in memory.
const MEMORY: &str = ":memory:";

/// Where a database lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In memory, of this store alone.
    Memory,
    /// In this file.
    File(PathBuf),
}

/// A text that names no database.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` names no database: {reason}")]
pub struct ParseLocationError {
    text: String,
    reason: String,
}

impl ParseLocationError {
    pub(super) fn new(text: &str, reason: impl Into<String>) -> Self {
        Self {
            text: text.to_owned(),
            reason: reason.into(),
        }
    }
}

/// A spelling in its parts: a location, and the parameters behind the question mark, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) location: Location,
    /// Names and values in order, without `cache` and `mode`.
    pub(super) parameters: Vec<(String, String)>,
    /// Whether the text allows to create the file, where it says so.
    pub(super) may_create: Option<bool>,
}

impl FromStr for Location {
    type Err = ParseLocationError;

    /// Reads a spelling. It may have the parameters `cache` (`shared` or `private`, which are the same to a store with one
    /// connection) and `mode` (`memory`, `rw` or `rwc`), and no others.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let spelling = Spelling::parse(text)?;
        match spelling.parameters.first() {
            None => Ok(spelling.location),
            Some((name, _)) => {
                let reason = format!("the parameter `{name}` is unknown");
                Err(ParseLocationError::new(text, reason))
            }
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str(MEMORY),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Spelling {
    pub(super) fn parse(text: &str) -> Result<Self, ParseLocationError> {
        Self::split(text).map_err(|reason| ParseLocationError::new(text, reason))
    }

    fn split(text: &str) -> Result<Self, String> {
        let (rest, is_sqlite) = match text.strip_prefix("sqlite:") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        if rest == MEMORY {
            return Self::of(rest, "");
        }
        if let Some(rest) = rest.strip_prefix("file:") {
            // A fragment says nothing to SQLite.
            let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
            let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
            return Self::of(without_authority(path)?, query);
        }
        if is_sqlite {
            let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
            return Self::of(path.strip_prefix("//").unwrap_or(path), query);
        }
        if rest.is_empty() {
            return Err("it is empty".to_owned());
        }
        Ok(Self {
            location: Location::File(PathBuf::from(rest)),
            parameters: Vec::new(),
            may_create: None,
        })
    }

    /// From an encoded path and an encoded query.
    fn of(path: &str, query: &str) -> Result<Self, String> {
        let path = decode(path)?;
        let mut is_memory = path == MEMORY;
        let mut may_create = None;
        let mut parameters = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            match (name.as_str(), value.as_str()) {
                ("mode", "memory") => is_memory = true,
                ("mode", "rw") => may_create = Some(false),
                ("mode", "rwc") => may_create = Some(true),
                ("mode", _) => {
                    return Err(format!(
                        "the mode is `memory`, `rw` or `rwc`, not `{value}`"
                    ));
                }
                ("cache", "shared" | "private") => {}
                ("cache", _) => {
                    return Err(format!("the cache is `shared` or `private`, not `{value}`"));
                }
                _ => parameters.push((name, value)),
            }
        }
        let location = match (is_memory, path.is_empty()) {
            (true, _) => Location::Memory,
            (false, true) => return Err("it has no path".to_owned()),
            (false, false) => Location::File(PathBuf::from(path)),
        };
        Ok(Self {
            location,
            parameters,
            may_create,
        })
    }
}

/// The path of a `file:` URI, whose authority can only be this machine.
fn without_authority(path: &str) -> Result<&str, String> {
    let Some(rest) = path.strip_prefix("//") else {
        return Ok(path);
    };
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    match authority {
        "" | "localhost" => Ok(path),
        _ => Err(format!("`{authority}` is another machine")),
    }
}

/// Replaces each `%XX` by the byte it stands for.
fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
        match (digit(rest.first()), digit(rest.get(1))) {
            (Some(0), Some(0)) => return Err("a path holds no zero byte".to_owned()),
            (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
            _ => return Err("two hexadecimal digits follow a `%`".to_owned()),
        }
        rest = &rest[2..];
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 when decoded".to_owned())
}

/// A path as SQLite takes it. SQLite reads some relative paths as something else.
pub(super) fn for_sqlite(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.starts_with(b":") || bytes.starts_with(b"file:") {
        Path::new(".").join(path)
    } else {
        path.to_path_buf()
    }
}

/// The same path as SQLite takes it where nobody changes the file: it is read without a lock, and nothing beside it is looked for or made.
pub(super) fn immutable(path: &Path) -> String {
    let path = for_sqlite(path);
    let bytes = path.as_os_str().as_encoded_bytes();
    // The empty authority keeps two slashes at the start of a path from being read as one.
    let authority = if bytes.starts_with(b"/") { "//" } else { "" };
    let mut uri = format!("file:{authority}");
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02x}"));
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_memory() {
        for text in [
            ":memory:",
            "sqlite::memory:",
            "file::memory:",
            "file::memory:?cache=shared",
            "sqlite:file::memory:?cache=shared",
            "file:x?mode=memory&cache=shared",
            "file:x?cache=private&mode=memory",
            "file:?mode=memory",
            "file:%3Amemory%3A",
            "file:x?m%6Fde=mem%6Fry",
            "sqlite://?mode=memory",
            "sqlite://:memory:",
            "sqlite:any?mode=memory",
        ] {
            assert_eq!(text.parse(), Ok(Location::Memory), "{text}");
        }
    }

    #[test]
    fn a_path_that_holds_a_spelling_of_memory_is_a_path() {
        for (text, path) in [
            ("/data/:memory:", "/data/:memory:"),
            ("./:memory:", "./:memory:"),
            (":memory:.db", ":memory:.db"),
            ("my:memory:db", "my:memory:db"),
            ("/data/file::memory:", "/data/file::memory:"),
            ("sqlite:/data/file::memory:.db", "/data/file::memory:.db"),
            ("file:/data/:memory:", "/data/:memory:"),
            (
                "file:/data/file::memory:?cache=shared",
                "/data/file::memory:",
            ),
            ("/data/x?mode=memory", "/data/x?mode=memory"),
            ("file:/data/x%3Fmode=memory", "/data/x?mode=memory"),
            (":MEMORY:", ":MEMORY:"),
        ] {
            let location = Location::File(PathBuf::from(path));
            assert_eq!(text.parse(), Ok(location), "{text}");
        }
    }

    #[test]
    fn spellings_of_files() {
        for (text, path) in [
            ("store.db", "store.db"),
            ("a%20b", "a%20b"),
            ("file:a%20b", "a b"),
            ("file:/a/b#c?mode=memory", "/a/b"),
            ("file:///a/b", "/a/b"),
            ("file://localhost/a/b?mode=rwc", "/a/b"),
            ("sqlite:a.db", "a.db"),
            ("sqlite://a.db?mode=rw", "a.db"),
            ("sqlite:///a.db", "/a.db"),
            ("file:%c3%a4", "ä"),
        ] {
            let location = Location::File(PathBuf::from(path));
            assert_eq!(text.parse(), Ok(location), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, reason) in [
            ("", "empty"),
            ("file:", "no path"),
            ("sqlite://", "no path"),
            ("sqlite://?cache=shared", "no path"),
            ("file://elsewhere/a", "another machine"),
            ("file:a?mode=ro", "`memory`, `rw` or `rwc`"),
            ("file:a?mode=Memory", "`memory`, `rw` or `rwc`"),
            ("file:a?cache=on", "`shared` or `private`"),
            ("file:a?keep=3", "unknown"),
            ("file:a%2", "hexadecimal"),
            ("file:a%+1", "hexadecimal"),
            ("file:a%00", "zero byte"),
            ("file:a%ff", "UTF-8"),
        ] {
            let error = text.parse::<Location>().expect_err(text);
            assert!(error.to_string().contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn sqlite_gets_paths_that_it_reads_as_paths() {
        for (path, shown) in [
            (":memory:", "./:memory:"),
            ("file:a", "./file:a"),
            ("a/:memory:", "a/:memory:"),
            ("/file:a", "/file:a"),
        ] {
            assert_eq!(for_sqlite(Path::new(path)), Path::new(shown));
        }
    }
}
