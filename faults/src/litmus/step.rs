//! One step of a litmus program.

use std::fmt;

use plimsoll_reference::digits;

use super::error::LitmusError;
use super::line::Part;
use crate::errno::Errno;

/// The longest file that a step may make, in bytes; a limit on memory, not on what is modelled.
const LEN_MAX: u64 = 1 << 24;

/// Every operation with its operands, for messages.
const FORMS: &[&str] = &[
    "create FILE",
    "open FILE",
    "close FILE",
    "wait SECONDS",
    "rename FROM TO",
    "link FROM TO",
    "symlink TARGET NAME",
    "unlink FILE",
    "mkdir DIR",
    "rmdir DIR",
    "fsync FILE",
    "fdatasync FILE",
    "fsyncdir DIR",
    "truncate FILE LENGTH",
    "fallocate FILE OFFSET LENGTH",
    "append FILE LENGTH CHAR",
    "pwrite FILE OFFSET LENGTH CHAR",
    "dsyncwrite FILE OFFSET LENGTH CHAR",
    "directwrite FILE OFFSET LENGTH CHAR",
];

/// How a write is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `pwrite`: into the cache.
    Cached,
    /// `dsyncwrite`: with `O_DSYNC`, on a file made if need be.
    Synced,
    /// `directwrite`: with `O_DIRECT`.
    Direct,
}

/// An operation. All but those on a file kept [open](Self::Open) open and close a handle of their own. Lengths and offsets are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the operands are named as in the text form")]
pub enum Action {
    /// Makes a file that must not exist.
    Create { file: String },
    /// Opens a file, made if need be, and keeps the handle for the operations that follow.
    Open { file: String },
    /// Closes the handle that was kept.
    Close { file: String },
    /// Lets time pass. The simulated disk writes nothing back by age, so there nothing happens.
    Wait { seconds: u64 },
    /// `rename(2)`.
    Rename { from: String, to: String },
    /// `link(2)`.
    Link { from: String, to: String },
    /// `symlink(2)`.
    Symlink { target: String, name: String },
    /// `unlink(2)`.
    Unlink { file: String },
    /// `mkdir(2)`.
    Mkdir { dir: String },
    /// `rmdir(2)`.
    Rmdir { dir: String },
    /// `fsync(2)` of a file.
    Fsync { file: String },
    /// `fdatasync(2)`.
    Fdatasync { file: String },
    /// `fsync(2)` of a directory; `.` is the root.
    FsyncDir { dir: String },
    /// `ftruncate(2)`.
    Truncate { file: String, len: u64 },
    /// `fallocate(2)`, mode 0.
    Fallocate { file: String, offset: u64, len: u64 },
    /// Writes one character so many times at the end.
    Append { file: String, len: u64, fill: char },
    /// Writes one character so many times at an offset.
    #[expect(missing_docs, reason = "the operands are named as in the text form")]
    Write {
        how: How,
        file: String,
        offset: u64,
        len: u64,
        fill: char,
    },
}

/// An operation, and the error with which it must end, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// How it must fail; it must succeed when there is none.
    pub error: Option<Errno>,
    /// Where it is written.
    pub(super) place: Place,
}

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place(LitmusError);

impl Place {
    pub(super) fn of(part: &Part<'_>) -> Self {
        Self(part.error(""))
    }

    /// What is wrong there.
    pub(super) fn error(&self, message: impl Into<String>) -> LitmusError {
        LitmusError {
            message: message.into(),
            ..self.0.clone()
        }
    }
}

impl Step {
    /// Reads a step.
    pub(super) fn parse(part: &Part<'_>) -> Result<Self, LitmusError> {
        let part = part.trim();
        let (operation, error) = match part.split_once(" -> ") {
            Some((operation, error)) => (operation, Some(error.trim())),
            None => (part, None),
        };
        let error = error.map(|name| {
            let parsed = name.text.parse::<Errno>();
            parsed.map_err(|error| name.error(error.to_string()))
        });
        Ok(Self {
            action: Action::parse(&operation)?,
            error: error.transpose()?,
            place: Place::of(&part),
        })
    }
}

/// The operation as it is written; what it must end with is no part of it.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.action.fmt(f)
    }
}

impl Action {
    fn parse(part: &Part<'_>) -> Result<Self, LitmusError> {
        let words = part.words();
        let Some((verb, operands)) = words.split_first() else {
            return Err(part.error("expected an operation, such as `fsync a`"));
        };
        let text = |part: &Part<'_>| part.text.to_owned();
        Ok(match (verb.text, operands) {
            ("create", [file]) => Self::Create { file: text(file) },
            ("open", [file]) => Self::Open { file: text(file) },
            ("close", [file]) => Self::Close { file: text(file) },
            ("wait", [seconds]) => Self::Wait {
                seconds: number(seconds)?,
            },
            ("rename", [from, to]) => Self::Rename {
                from: text(from),
                to: text(to),
            },
            ("link", [from, to]) => Self::Link {
                from: text(from),
                to: text(to),
            },
            ("symlink", [target, name]) => Self::Symlink {
                target: text(target),
                name: text(name),
            },
            ("unlink", [file]) => Self::Unlink { file: text(file) },
            ("mkdir", [dir]) => Self::Mkdir { dir: text(dir) },
            ("rmdir", [dir]) => Self::Rmdir { dir: text(dir) },
            ("fsync", [file]) => Self::Fsync { file: text(file) },
            ("fdatasync", [file]) => Self::Fdatasync { file: text(file) },
            ("fsyncdir", [dir]) => Self::FsyncDir { dir: text(dir) },
            ("truncate", [file, len]) => Self::Truncate {
                file: text(file),
                len: length(len)?,
            },
            ("fallocate", [file, offset, len]) => Self::Fallocate {
                file: text(file),
                offset: length(offset)?,
                len: length(len)?,
            },
            ("append", [file, len, char]) => Self::Append {
                file: text(file),
                len: length(len)?,
                fill: fill(char)?,
            },
            (name, [file, offset, len, char]) if How::named(name).is_some() => Self::Write {
                how: How::named(name).unwrap_or(How::Cached),
                file: text(file),
                offset: length(offset)?,
                len: length(len)?,
                fill: fill(char)?,
            },
            (name, _) => return Err(unknown(part, verb, name)),
        })
    }
}

impl How {
    const ALL: [Self; 3] = [Self::Cached, Self::Synced, Self::Direct];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Cached => "pwrite",
            Self::Synced => "dsyncwrite",
            Self::Direct => "directwrite",
        }
    }
}

fn unknown(part: &Part<'_>, verb: &Part<'_>, name: &str) -> LitmusError {
    let is_form = |form: &&&str| form.split(' ').next() == Some(name);
    if let Some(form) = FORMS.iter().find(is_form) {
        return part.error(format!("`{name}` is written `{form}`"));
    }
    let all: Vec<&str> = FORMS
        .iter()
        .filter_map(|form| form.split(' ').next())
        .collect();
    verb.error(format!(
        "there is no operation `{name}`: use one of {}",
        all.join(", ")
    ))
}

fn number(part: &Part<'_>) -> Result<u64, LitmusError> {
    let parsed = digits::number(part.text);
    parsed.ok_or_else(|| part.error(format!("`{}` is no number: use digits alone", part.text)))
}

fn length(part: &Part<'_>) -> Result<u64, LitmusError> {
    match number(part)? {
        len if len <= LEN_MAX => Ok(len),
        _ => Err(part.error(format!(
            "a litmus test reaches at most to byte {LEN_MAX}: use smaller numbers"
        ))),
    }
}

fn fill(part: &Part<'_>) -> Result<char, LitmusError> {
    match *part.text.as_bytes() {
        [byte] if byte.is_ascii_alphanumeric() => Ok(char::from(byte)),
        _ => Err(part.error("a write is filled with one letter or digit, such as `n`")),
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { file } => write!(f, "create {file}"),
            Self::Open { file } => write!(f, "open {file}"),
            Self::Close { file } => write!(f, "close {file}"),
            Self::Wait { seconds } => write!(f, "wait {seconds}"),
            Self::Rename { from, to } => write!(f, "rename {from} {to}"),
            Self::Link { from, to } => write!(f, "link {from} {to}"),
            Self::Symlink { target, name } => write!(f, "symlink {target} {name}"),
            Self::Unlink { file } => write!(f, "unlink {file}"),
            Self::Mkdir { dir } => write!(f, "mkdir {dir}"),
            Self::Rmdir { dir } => write!(f, "rmdir {dir}"),
            Self::Fsync { file } => write!(f, "fsync {file}"),
            Self::Fdatasync { file } => write!(f, "fdatasync {file}"),
            Self::FsyncDir { dir } => write!(f, "fsyncdir {dir}"),
            Self::Truncate { file, len } => write!(f, "truncate {file} {len}"),
            Self::Fallocate { file, offset, len } => write!(f, "fallocate {file} {offset} {len}"),
            Self::Append { file, len, fill } => write!(f, "append {file} {len} {fill}"),
            Self::Write {
                how,
                file,
                offset,
                len,
                fill,
            } => {
                write!(f, "{} {file} {offset} {len} {fill}", how.name())
            }
        }
    }
}
