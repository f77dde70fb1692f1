//! The two operations by which violations are told apart: the one that did not reach the disk, and the one after which it crashed.

use std::fmt;

use plimsoll_faults::log::Entry;

/// What stands for a site where there is none.
const NONE: &str = "nothing";

/// A pair of call sites. Numbers in paths are replaced, so that the third segment of a log is no other site than the second.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sites {
    /// The first operation whose changes were lost, such as `rename data/snapshot.tmp data/snapshot.bin`.
    pub lost: String,
    /// The last operation before the crash.
    pub crash: String,
}

impl Sites {
    /// The sites of two log entries; either may be missing.
    pub(crate) fn of(lost: Option<&Entry>, crash: Option<&Entry>) -> Self {
        let site = |entry: Option<&Entry>| entry.map_or_else(|| NONE.to_owned(), call);
        Self {
            lost: site(lost),
            crash: site(crash),
        }
    }

    /// The sites of something that lost nothing and happened at this place.
    pub(crate) fn at(place: &str) -> Self {
        Self {
            lost: NONE.to_owned(),
            crash: without_numbers(place),
        }
    }
}

impl fmt::Display for Sites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lost after {}", self.lost, self.crash)
    }
}

/// An operation and its paths, without what differs from call to call.
fn call(entry: &Entry) -> String {
    let paths = match &entry.second {
        Some(second) => format!("{} {second}", entry.path),
        None => entry.path.to_string(),
    };
    without_numbers(&format!("{} {paths}", entry.kind))
}

/// The text with each run of digits as one `N`.
fn without_numbers(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut in_number = false;
    for c in text.chars() {
        if !c.is_ascii_digit() {
            short.push(c);
        } else if !in_number {
            short.push('N');
        }
        in_number = c.is_ascii_digit();
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_do_not_tell_sites_apart() {
        assert_eq!(without_numbers("write data/000017.log"), "write data/N.log");
        assert_eq!(without_numbers("a1b22c"), "aNbNc");
        assert_eq!(
            Sites::at("no crash").to_string(),
            "nothing lost after no crash"
        );
    }
}
