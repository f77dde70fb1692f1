//! The book that a client keeps of one life: what it asked, what it was answered, and which lines make no sense.

use std::collections::BTreeMap;

use plimsoll_reference::service::protocol;

use super::history::{Answer, Asked, Moment, Notice, Pairs, Request, take_back};
use crate::sut::Outcome;

/// Most of a line that makes no sense that is kept, in characters.
const SHOWN_MAX: usize = 120;

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Nothing beyond what is in the ledger now.
    Plain,
    /// A snapshot is in place.
    Snapshot,
    /// Not everything is held, for this reason.
    NotHeld(String),
}

/// The book of one life. Whoever keeps it says when things happen; everything here is a function of what it is told.
#[derive(Debug, Default)]
pub struct Ledger {
    /// What was asked, in the order in which it was handed over.
    pub requests: Vec<Asked>,
    /// What else happened, in the order in which it was written down.
    pub notices: Vec<(Moment, Notice)>,
    /// Where the request with a number is.
    by_id: BTreeMap<u64, usize>,
    /// What scans have shown so far.
    scans: BTreeMap<u64, Pairs>,
    answered: usize,
    is_ready: bool,
    has_ended: bool,
}

impl Ledger {
    /// A request with this number is handed over.
    pub fn ask(&mut self, at: Moment, id: u64, request: Request) {
        self.by_id.insert(id, self.requests.len());
        self.requests.push(Asked {
            at,
            request,
            answer: None,
            was_taken_back: false,
        });
    }

    /// Something else happens.
    pub fn notice(&mut self, at: Moment, notice: Notice) {
        self.notices.push((at, notice));
    }

    /// How many requests were answered.
    pub const fn answered(&self) -> usize {
        self.answered
    }

    /// Whether the readiness line was read.
    pub const fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// A line is read that the system said. A line that the protocol does not allow there becomes a [`Notice::Strange`], and nothing
    /// else. Returns what of it somebody else may know more about.
    pub fn hear(&mut self, at: Moment, line: &str) -> Remark {
        let Ok(said) = line.parse::<protocol::Answer>() else {
            let shown: String = line.chars().take(SHOWN_MAX).collect();
            self.strange(at, format!("it says `{shown}`"));
            return Remark::Plain;
        };
        if self.has_ended {
            self.strange(at, "it says more after its last line".to_owned());
        }
        let heard = match &said {
            protocol::Answer::Snapshot { .. } => Remark::Snapshot,
            protocol::Answer::EndFailed { message } => Remark::NotHeld(message.clone()),
            _ => Remark::Plain,
        };
        self.take(at, said);
        heard
    }

    /// Something is read that is no line.
    pub fn hear_noise(&mut self, at: Moment, why: &str) {
        self.strange(at, format!("it says what is no line: {why}"));
    }

    fn strange(&mut self, at: Moment, text: String) {
        self.notice(at, Notice::Strange(text));
    }

    fn take(&mut self, at: Moment, said: protocol::Answer) {
        use protocol::Answer as Said;
        match said {
            Said::Ready { .. } => {
                if std::mem::replace(&mut self.is_ready, true) {
                    self.strange(at, "it becomes ready twice".to_owned());
                }
                self.notice(at, Notice::Ready);
            }
            Said::Snapshot { sequence, .. } => {
                self.notice(at, Notice::SnapshotDone(Some(sequence)));
            }
            Said::SnapshotFailed { .. } => self.notice(at, Notice::SnapshotFailed),
            Said::Lost { first, last, .. } => {
                take_back(&mut self.requests, &self.notices, first, last);
                self.notice(at, Notice::Lost { first, last });
            }
            Said::End { level, .. } => self.last_line(at, Notice::LastLine(Some(level))),
            Said::EndFailed { .. } => self.last_line(at, Notice::LastLine(None)),
            Said::Queued { count, .. } => self.notice(at, Notice::Queued(count)),
            Said::Key { id, key, value } => self.key(at, id, key, value),
            Said::Done {
                id,
                level,
                sequence,
                ..
            } => {
                let sequence = Some(sequence);
                self.answer(at, id, Answer::Done { level, sequence });
            }
            Said::Value { id, value } => self.answer(at, id, Answer::Value(Some(value))),
            Said::Absent { id } => self.answer(at, id, Answer::Value(None)),
            Said::Scanned { id, count, .. } => {
                let pairs = self.scans.remove(&id).unwrap_or_default();
                if pairs.len() as u64 != count {
                    let text = format!("scan {id} has {} keys and says {count}", pairs.len());
                    self.strange(at, text);
                }
                self.answer(at, id, Answer::State(pairs));
            }
            Said::Failed { id, outcome, .. } => {
                self.scans.remove(&id);
                self.answer(at, id, Answer::Failed(known(outcome)));
            }
        }
    }

    fn last_line(&mut self, at: Moment, notice: Notice) {
        self.has_ended = true;
        self.notice(at, notice);
    }

    fn key(&mut self, at: Moment, id: u64, key: Vec<u8>, value: Vec<u8>) {
        let asked = self
            .by_id
            .get(&id)
            .and_then(|&index| self.requests.get(index));
        let is_open =
            asked.is_some_and(|asked| asked.request == Request::Scan && asked.answer.is_none());
        if !is_open {
            return self.strange(at, format!("a key for request {id}, which is no open scan"));
        }
        if self
            .scans
            .entry(id)
            .or_default()
            .insert(key, value)
            .is_some()
        {
            self.strange(at, format!("scan {id} shows a key twice"));
        }
    }

    /// Writes the first answer to a request down. One of the wrong kind is none.
    fn answer(&mut self, at: Moment, id: u64, answer: Answer) {
        let index = self.by_id.get(&id);
        let asked = index.and_then(|&index| self.requests.get_mut(index));
        let text = match asked {
            None => format!("nobody made a request {id}"),
            Some(asked) if asked.answer.is_some() => format!("request {id} is answered twice"),
            Some(asked) if !fits(&asked.request, &answer) => {
                format!("request {id} is answered as if it were another")
            }
            Some(asked) => {
                asked.answer = Some((at, answer));
                self.answered += 1;
                return;
            }
        };
        self.strange(at, text);
    }
}

/// Whether a request of this kind may be answered so.
const fn fits(request: &Request, answer: &Answer) -> bool {
    match answer {
        Answer::Failed(_) => true,
        Answer::Value(_) => matches!(request, Request::Get(_)),
        Answer::State(_) => matches!(request, Request::Scan),
        Answer::Done { .. } => !matches!(request, Request::Get(_) | Request::Scan),
    }
}

const fn known(outcome: protocol::Outcome) -> Outcome {
    match outcome {
        protocol::Outcome::Absent => Outcome::Absent,
        protocol::Outcome::Unknown => Outcome::Unknown,
        protocol::Outcome::Unsupported => Outcome::Unsupported,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ledger in which these were asked, with numbers from 1, and which has heard these lines.
    fn heard(requests: &[&str], lines: &[&str]) -> Ledger {
        let mut ledger = Ledger::default();
        let mut event = 0;
        let mut now = || {
            event += 1;
            Moment {
                event,
                ..Moment::default()
            }
        };
        for (id, text) in (1..).zip(requests) {
            let request = match *text {
                "scan" => Request::Scan,
                "get" => Request::Get(b"a".to_vec()),
                "sync" => Request::Sync,
                put => Request::Write(vec![put.parse().expect("a change")]),
            };
            ledger.ask(now(), id, request);
        }
        for line in lines {
            ledger.hear(now(), line);
        }
        ledger
    }

    fn strange(ledger: &Ledger) -> Vec<&str> {
        let texts = ledger
            .notices
            .iter()
            .filter_map(|(_, notice)| match notice {
                Notice::Strange(text) => Some(text.as_str()),
                _ => None,
            });
        texts.collect()
    }

    #[test]
    fn lines_become_what_the_judge_reads() {
        let lines = [
            "ready 7 0",
            "1 ok power 1",
            "2 key a 1",
            "2 end 1 1",
            "3 absent",
            "snapshot 1 signal done 1 /s",
            "lost 1 1 a disk failed",
            "end 1 power",
        ];
        let ledger = heard(&["put a 1", "scan", "get"], &lines);
        assert_eq!(strange(&ledger), [""; 0]);
        assert_eq!(ledger.answered(), 3);
        assert!(ledger.is_ready());
        let state = Pairs::from([(b"a".to_vec(), b"1".to_vec())]);
        let scanned = ledger.requests[1].answer.as_ref();
        assert_eq!(
            scanned.map(|(_, answer)| answer),
            Some(&Answer::State(state))
        );
        assert_eq!(ledger.notices.len(), 4);
        assert!(
            !ledger.requests[0].was_taken_back,
            "what is on disk is not lost with a window"
        );
    }

    #[test]
    fn what_the_protocol_does_not_allow_is_written_down() {
        let requests = ["put a 1", "scan", "get"];
        for (lines, expected) in [
            (&["nonsense"][..], "it says `nonsense`"),
            (
                &["1 ok power 1", "1 ok power 2"],
                "request 1 is answered twice",
            ),
            (&["9 ok power 1"], "nobody made a request 9"),
            (&["0 failed absent what"], "nobody made a request 0"),
            (
                &["3 ok power 1"],
                "request 3 is answered as if it were another",
            ),
            (
                &["1 value 1"],
                "request 1 is answered as if it were another",
            ),
            (&["2 end 1 1"], "scan 2 has 0 keys and says 1"),
            (&["2 key a 1", "2 key a 1"], "scan 2 shows a key twice"),
            (
                &["2 end 0 1", "2 key a 1"],
                "a key for request 2, which is no open scan",
            ),
            (&["3 key a 1"], "a key for request 3, which is no open scan"),
            (&["ready 7 0", "ready 7 0"], "it becomes ready twice"),
            (
                &["end 1 power", "1 ok power 1"],
                "it says more after its last line",
            ),
        ] {
            assert_eq!(strange(&heard(&requests, lines)), [expected], "{lines:?}");
        }
        let once = heard(&requests, &["3 ok power 1", "3 absent"]);
        assert_eq!(once.answered(), 1, "what is no answer leaves it open");
    }

    #[test]
    fn what_is_no_line_is_written_down() {
        let mut ledger = Ledger::default();
        ledger.hear_noise(Moment::default(), "it is no UTF-8");
        assert_eq!(strange(&ledger).len(), 1);
    }
}
