//! What happened in one life of a process, in the words of the judge.

use std::collections::BTreeMap;

use plimsoll_reference::service::protocol;
use plimsoll_sim::sut::Outcome;
use plimsoll_sim::trial::history::{
    Answer, Asked, End, Life, Moment, Notice, Pairs, Request, take_back,
};
use plimsoll_sim::trial::judge::Disturbed;

use crate::stopwatch::Stopwatch;

/// What happened in one life of a process.
///
/// Moments are those at which the harness hands something over or looks at what came. What a process did lies in between, so that no promise
/// is held against it that it had not given, or could not know of.
pub(super) struct Record {
    stopwatch: Stopwatch,
    events: u64,
    pub(super) life: Life,
    pub(super) disturbed: Disturbed,
    /// Lines that nobody should say.
    pub(super) strange: Vec<String>,
    /// What the process told people, and what was done to it.
    pub(super) log: Vec<String>,
    scans: BTreeMap<u64, Pairs>,
}

impl Record {
    /// A life that begins now, with this on the disk.
    pub(super) fn new(base: Pairs) -> Self {
        let began = Moment::default();
        Self {
            stopwatch: Stopwatch::start(),
            events: 0,
            life: Life {
                base,
                before: None,
                has_orphans: false,
                began,
                requests: Vec::new(),
                notices: Vec::new(),
                end: (began, End::Running),
                left: Vec::new(),
            },
            disturbed: Disturbed::default(),
            strange: Vec::new(),
            log: Vec::new(),
            scans: BTreeMap::new(),
        }
    }

    /// The next moment.
    pub(super) fn now(&mut self) -> Moment {
        self.events += 1;
        Moment {
            event: self.events,
            now: self.stopwatch.elapsed(),
        }
    }

    /// Takes note of something.
    pub(super) fn notice(&mut self, notice: Notice) {
        let at = self.now();
        self.log(&format!("{notice:?}"));
        self.life.notices.push((at, notice));
    }

    /// A line for whoever has to find out what happened.
    pub(super) fn log(&mut self, text: &str) {
        let (event, now) = (self.events, self.stopwatch.elapsed());
        self.log
            .push(format!("{event:>6} {:>9.3}s  {text}", now.as_secs_f64()));
    }

    /// Takes note of a request that is handed over, and gives it a number.
    pub(super) fn ask(&mut self, request: Request) -> u64 {
        let at = self.now();
        self.life.requests.push(Asked {
            at,
            request,
            answer: None,
            was_taken_back: false,
        });
        self.life.requests.len() as u64
    }

    /// Takes note of a line that the process said.
    pub(super) fn hear(&mut self, line: &str) {
        self.log(&format!("> {}", line.chars().take(120).collect::<String>()));
        let Ok(answer) = line.parse::<protocol::Answer>() else {
            return self.strange.push(format!("it says `{line}`"));
        };
        use protocol::Answer as Said;
        match answer {
            Said::Ready { .. } => self.notice(Notice::Ready),
            Said::Snapshot { sequence, .. } => self.notice(Notice::SnapshotDone(Some(sequence))),
            Said::SnapshotFailed { .. } => self.notice(Notice::SnapshotFailed),
            Said::Lost { first, last, .. } => {
                take_back(&mut self.life.requests, first, last);
                self.notice(Notice::Lost { first, last });
            }
            Said::End { level, .. } => self.notice(Notice::LastLine(Some(level))),
            Said::EndFailed { .. } => self.notice(Notice::LastLine(None)),
            Said::Queued { count, .. } => self.notice(Notice::Queued(count)),
            Said::Key { id, key, value } => {
                self.scans.entry(id).or_default().insert(key, value);
            }
            Said::Done {
                id,
                level,
                sequence,
                ..
            } => {
                let sequence = Some(sequence);
                self.answer(id, Answer::Done { level, sequence });
            }
            Said::Value { id, value } => self.answer(id, Answer::Value(Some(value))),
            Said::Absent { id } => self.answer(id, Answer::Value(None)),
            Said::Scanned { id, count, .. } => {
                let pairs = self.scans.remove(&id).unwrap_or_default();
                if pairs.len() as u64 != count {
                    self.strange.push(format!(
                        "scan {id} has {} keys and says {count}",
                        pairs.len()
                    ));
                }
                self.answer(id, Answer::State(pairs));
            }
            Said::Failed { id, outcome, .. } => {
                let outcome = match outcome {
                    protocol::Outcome::Absent => Outcome::Absent,
                    protocol::Outcome::Unknown => Outcome::Unknown,
                    protocol::Outcome::Unsupported => Outcome::Unsupported,
                };
                self.answer(id, Answer::Failed(outcome));
            }
        }
    }

    fn answer(&mut self, id: u64, answer: Answer) {
        let at = self.now();
        let index = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
        let asked = index.and_then(|index| self.life.requests.get_mut(index));
        match asked {
            Some(asked) if asked.answer.is_none() => asked.answer = Some((at, answer)),
            Some(_) => self.strange.push(format!("request {id} is answered twice")),
            None => self.strange.push(format!("nobody made a request {id}")),
        }
    }

    /// How many requests were answered.
    pub(super) fn answered(&self) -> usize {
        let answered = |asked: &&Asked| asked.answer.is_some();
        self.life.requests.iter().filter(answered).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_what_the_judge_reads() {
        let mut record = Record::new(Pairs::new());
        for line in ["1 put a 1", "2 scan", "3 get b"] {
            let request: protocol::Request = line.parse().expect("a request");
            record.ask(match request.command {
                protocol::Command::Write(mutation) => Request::Write(vec![mutation]),
                protocol::Command::Scan => Request::Scan,
                _ => Request::Get(b"b".to_vec()),
            });
        }
        for line in [
            "ready 7 0",
            "1 ok power 1",
            "2 key a 1",
            "2 end 1 1",
            "snapshot 1 signal done 1 /s",
            "end 1 power",
            "3 nonsense",
            "1 ok power 2",
        ] {
            record.hear(line);
        }
        assert_eq!(record.answered(), 2);
        let state = Pairs::from([(b"a".to_vec(), b"1".to_vec())]);
        let scanned = record.life.requests[1].answer.as_ref();
        assert_eq!(
            scanned.map(|(_, answer)| answer),
            Some(&Answer::State(state))
        );
        assert_eq!(record.life.notices.len(), 3);
        assert_eq!(record.strange.len(), 2, "{:?}", record.strange);
    }
}
