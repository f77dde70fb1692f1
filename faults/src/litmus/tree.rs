//! What a crash left, in the notation of the recordings: `a = n*512,0*100; b == a; c -> a; d/; d/c = empty`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plimsoll_reference::digits::number;
use thiserror::Error;

use crate::image::{Image, Ino, Node, SECTOR, Sector};

/// A text that is no tree.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{part}` is no {what}")]
pub struct ParseTreeError {
    part: String,
    what: &'static str,
}

impl ParseTreeError {
    fn part(part: &str) -> Self {
        Self {
            part: part.to_owned(),
            what: "part of a state: write `d/`, `a = n*512`, `a = empty`, `b == a` or `c -> a`, with `; ` between them",
        }
    }

    fn run(run: &str) -> Self {
        Self {
            part: run.to_owned(),
            what: "content: write `empty`, or runs such as `n*512,0*100`",
        }
    }
}

/// The names of a disk, with what they refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tree {
    /// By path.
    pub entries: BTreeMap<String, Leaf>,
}

/// What a name refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaf {
    /// A directory.
    Dir,
    /// The first name of a file, with its content as runs of one character. NUL bytes are the character `0`, bytes that no file
    /// ever held the character `?`.
    File(Vec<(char, u64)>),
    /// A further name of the file that has this first one.
    Link(String),
    /// A symbolic link, with its target.
    Symlink(String),
}

impl Tree {
    /// The tree that an image holds.
    pub fn of(image: &Image) -> Self {
        let mut first: BTreeMap<Ino, String> = BTreeMap::new();
        let mut entries = BTreeMap::new();
        image.walk(&mut |path, ino| {
            entries.insert(path.to_owned(), ino);
        });
        let entries = entries.into_iter().map(|(path, ino)| {
            let leaf = match image.node(ino) {
                Some(Node::Dir(_)) => Leaf::Dir,
                Some(Node::Symlink(target)) => Leaf::Symlink(target.to_string()),
                _ if first.contains_key(&ino) => Leaf::Link(first[&ino].clone()),
                _ => {
                    first.insert(ino, path.clone());
                    Leaf::File(runs(image, ino))
                }
            };
            (path, leaf)
        });
        Self {
            entries: entries.collect(),
        }
    }

    /// Reads the notation; the empty text is the empty tree.
    ///
    /// # Errors
    /// A part is neither a directory nor a file nor a further name nor a symbolic link.
    pub fn parse(text: &str) -> Result<Self, ParseTreeError> {
        let mut entries = BTreeMap::new();
        for part in text.split("; ").filter(|part| !part.is_empty()) {
            let (path, leaf) = if let Some((path, original)) = part.split_once(" == ") {
                (path, Leaf::Link(original.to_owned()))
            } else if let Some((path, target)) = part.split_once(" -> ") {
                (path, Leaf::Symlink(target.to_owned()))
            } else if let Some((path, content)) = part.split_once(" = ") {
                let content = content.split(" (").next().unwrap_or_default();
                (path, Leaf::File(parse_runs(content)?))
            } else {
                let dir = part.strip_suffix('/');
                (dir.ok_or_else(|| ParseTreeError::part(part))?, Leaf::Dir)
            };
            entries.insert(path.to_owned(), leaf);
        }
        Ok(Self { entries })
    }

    /// The notation.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (path, leaf) in &self.entries {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(path);
            match leaf {
                Leaf::Dir => text.push('/'),
                Leaf::Link(original) => text.push_str(&format!(" == {original}")),
                Leaf::Symlink(target) => text.push_str(&format!(" -> {target}")),
                Leaf::File(runs) => {
                    text.push_str(" = ");
                    render_runs(runs, &mut text);
                    let links = 1 + self.links(path);
                    if links > 1 {
                        let _ = write!(text, " (nlink {links})");
                    }
                }
            }
        }
        text
    }

    /// Number of further names of a file.
    fn links(&self, path: &str) -> usize {
        let is_link = |leaf: &&Leaf| matches!(leaf, Leaf::Link(original) if original == path);
        self.entries.values().filter(is_link).count()
    }
}

/// The content of a file as runs of equal bytes. A NUL and the character `0` look alike and are not in one run.
fn runs(image: &Image, ino: Ino) -> Vec<(char, u64)> {
    let content = image.file(ino).map(|content| content.to_vec());
    let mut runs: Vec<(char, u64)> = Vec::new();
    let mut last = None;
    for (index, sector) in content.unwrap_or_default().chunks(SECTOR).enumerate() {
        let garbage = Sector::garbage(ino.0, index as u64);
        let shown = garbage_in(sector, garbage.bytes());
        for (place, &byte) in sector.iter().enumerate() {
            let held = (!shown[place]).then_some(byte);
            let symbol = match held {
                None => '?',
                Some(0) => '0',
                Some(byte) => char::from(byte),
            };
            match runs.last_mut() {
                Some((_, count)) if last == Some(held) => *count += 1,
                _ => runs.push((symbol, 1)),
            }
            last = Some(held);
        }
    }
    runs
}

/// Which bytes of a sector are garbage: where enough of them follow each other for it to be no accident.
fn garbage_in(sector: &[u8], garbage: &[u8]) -> Vec<bool> {
    let same: Vec<bool> = sector.iter().zip(garbage).map(|(a, b)| a == b).collect();
    same.chunk_by(|a, b| a == b)
        .flat_map(|run| std::iter::repeat_n(run[0] && run.len() >= 16, run.len()))
        .collect()
}

fn parse_runs(text: &str) -> Result<Vec<(char, u64)>, ParseTreeError> {
    if text == "empty" {
        return Ok(Vec::new());
    }
    let run = |run: &str| {
        let mut parts = run.splitn(2, '*');
        let symbol = parts.next().and_then(|symbol| symbol.parse().ok());
        let count = parts.next().and_then(number);
        symbol.zip(count).ok_or_else(|| ParseTreeError::run(run))
    };
    text.split(',').map(run).collect()
}

fn render_runs(runs: &[(char, u64)], text: &mut String) {
    if runs.is_empty() {
        text.push_str("empty");
    }
    for (index, (symbol, count)) in runs.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{symbol}*{count}");
    }
}
