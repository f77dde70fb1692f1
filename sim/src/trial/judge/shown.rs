//! What reads have shown stays, also where no acknowledgement covers it.

use super::Finding;
use super::remains::show;
use crate::command::Mutation;
use crate::oracle::Oracle;
use crate::sut::Outcome;
use crate::trial::history::{Answer, Asked, End, Found, Life, Pairs, Request};
use crate::trial::promise::Promise;

/// A value that a read has shown.
struct Shown<'a> {
    key: &'a [u8],
    value: &'a [u8],
    /// Index of the request that wrote it.
    by: usize,
}

/// **Not covered**: that a key was shown to be absent, and what other processes were shown.
pub(super) fn judge(life: &Life, promise: &Promise, findings: &mut Vec<Finding>) {
    if !promise.reads_survive || life.has_orphans || life.end.1 == End::Running {
        return;
    }
    let shown: Vec<Shown<'_>> = shown(life).collect();
    for found in &life.left {
        let nothing = Pairs::new();
        let left = match found {
            Found::Store(pairs) => pairs,
            Found::Nothing => &nothing,
            // That is for another oracle.
            Found::Unreadable(_) => continue,
        };
        let Some(gone) = shown.iter().find(|shown| !stays(life, shown, left)) else {
            continue;
        };
        let (key, value) = (
            String::from_utf8_lossy(gone.key),
            String::from_utf8_lossy(gone.value),
        );
        findings.push(Finding {
            oracle: Oracle::D8,
            at: life.end.0,
            expected: format!("`{key}` is {value}, as a read has shown, or later"),
            found: show(found),
        });
        return;
    }
}

/// The values that reads have shown and that no answer speaks of: each is written once, so that it tells which write it is of.
fn shown(life: &Life) -> impl Iterator<Item = Shown<'_>> {
    let pairs = life.requests.iter().flat_map(|asked| {
        let pairs: Vec<(&[u8], &[u8])> = match (&asked.request, &asked.answer) {
            (Request::Get(key), Some((_, Answer::Value(Some(value))))) => vec![(key, value)],
            (Request::Scan, Some((_, Answer::State(pairs)))) => pairs
                .iter()
                .map(|(key, value)| (&key[..], &value[..]))
                .collect(),
            _ => Vec::new(),
        };
        pairs
    });
    pairs.filter_map(|(key, value)| {
        let by = life
            .requests
            .iter()
            .position(|asked| writes(asked, key, value))?;
        let is_open = matches!(
            life.requests[by].answer,
            None | Some((_, Answer::Failed(Outcome::Unknown)))
        );
        is_open.then_some(Shown { key, value, by })
    })
}

fn writes(asked: &Asked, key: &[u8], value: &[u8]) -> bool {
    let last = asked
        .mutations()
        .iter()
        .rfind(|mutation| mutation.key() == key);
    matches!(last, Some(Mutation::Put { value: put, .. }) if put == value)
}

/// Whether a value is still there, or what a later request wrote.
fn stays(life: &Life, shown: &Shown<'_>, left: &Pairs) -> bool {
    let found = left.get(shown.key).map(Vec::as_slice);
    let later = life.requests[shown.by..]
        .iter()
        .flat_map(|asked| asked.mutations());
    later
        .filter(|mutation| mutation.key() == shown.key)
        .any(|mutation| match mutation {
            Mutation::Put { value, .. } => found == Some(&value[..]),
            Mutation::Delete { .. } => found.is_none(),
        })
}

#[cfg(test)]
mod tests {
    use plimsoll_reference::level::Level;

    use super::*;
    use crate::trial::history::Moment;

    fn asked(event: u64, request: Request, answer: Option<Answer>) -> Asked {
        let at = |event| Moment {
            event,
            ..Moment::default()
        };
        Asked {
            at: at(event),
            request,
            answer: answer.map(|answer| (at(event + 10), answer)),
            was_taken_back: false,
        }
    }

    fn put(text: &str) -> Request {
        Request::Write(vec![text.parse().expect("a change")])
    }

    /// What is said when `a` was shown as 1 while the write of that had this answer, and the disk then holds `left`.
    fn said(answer: Option<Answer>, reads_survive: bool, left: &[(&str, &str)]) -> Option<Oracle> {
        let pairs = left
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()));
        let life = Life {
            requests: vec![
                asked(1, put("put a 1"), answer),
                asked(
                    2,
                    Request::Get(b"a".to_vec()),
                    Some(Answer::Value(Some(b"1".to_vec()))),
                ),
                asked(3, put("put a 2"), None),
            ],
            end: (
                Moment {
                    event: 99,
                    ..Moment::default()
                },
                End::Killed,
            ),
            left: vec![Found::Store(pairs.collect())],
            ..Life::new(Pairs::new(), Moment::default())
        };
        let promise = Promise {
            reads_survive,
            ..Promise::default()
        };
        let mut findings = Vec::new();
        judge(&life, &promise, &mut findings);
        findings.first().map(|finding| finding.oracle)
    }

    #[test]
    fn what_was_shown_is_there_or_something_later() {
        assert_eq!(said(None, true, &[]), Some(Oracle::D8));
        assert_eq!(said(None, true, &[("a", "0")]), Some(Oracle::D8));
        assert_eq!(said(None, true, &[("a", "1")]), None);
        assert_eq!(said(None, true, &[("a", "2")]), None);
        assert_eq!(said(None, false, &[]), None, "it is not promised");
        let unknown = Some(Answer::Failed(Outcome::Unknown));
        assert_eq!(said(unknown, true, &[]), Some(Oracle::D8));
    }

    #[test]
    fn what_was_acknowledged_is_for_other_oracles() {
        let done = Answer::Done {
            level: Level::Power,
            sequence: None,
        };
        assert_eq!(said(Some(done), true, &[]), None);
    }
}
