//! What happened in one life of a process, in the words of the judge.

use plimsoll_sim::trial::history::{End, Life, Moment, Notice, Pairs, Request};
use plimsoll_sim::trial::judge::Disturbed;
use plimsoll_sim::trial::ledger::Ledger;

use crate::stopwatch::Stopwatch;

/// What happened in one life of a process.
///
/// Moments are those at which the harness hands something over or looks at what came. What a process did lies in between, so that no promise
/// is held against it that it had not given, or could not know of.
pub(super) struct Record {
    stopwatch: Stopwatch,
    events: u64,
    base: Pairs,
    pub(super) ledger: Ledger,
    pub(super) disturbed: Disturbed,
    /// What the process told people, and what was done to it.
    pub(super) log: Vec<String>,
}

impl Record {
    /// A life that begins now, with this on the disk.
    pub(super) fn new(base: Pairs) -> Self {
        Self {
            stopwatch: Stopwatch::start(),
            events: 0,
            base,
            ledger: Ledger::default(),
            disturbed: Disturbed::default(),
            log: Vec::new(),
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
        self.ledger.notice(at, notice);
    }

    /// Takes note that what is asked for may fail from now on, because of what is about to be done.
    pub(super) fn err(&mut self) {
        let now = self.now();
        self.disturbed.by_errors = true;
        let (first, _) = self.disturbed.erred.unwrap_or((now, now));
        self.disturbed.erred = Some((first, now));
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
        let id = self.ledger.requests.len() as u64 + 1;
        self.ledger.ask(at, id, request);
        id
    }

    /// Takes note of a line that the process said.
    pub(super) fn hear(&mut self, line: &str) {
        let at = self.now();
        self.log(&format!("> {}", line.chars().take(120).collect::<String>()));
        self.ledger.hear(at, line);
    }

    /// The life, which has ended so, and what it met.
    pub(super) fn end(self, end: (Moment, End)) -> Ended {
        let life = Life {
            requests: self.ledger.requests,
            notices: self.ledger.notices,
            end,
            ..Life::new(self.base, Moment::default())
        };
        Ended {
            life,
            disturbed: self.disturbed,
            log: self.log,
        }
    }
}

/// A life that is over.
pub(super) struct Ended {
    pub(super) life: Life,
    pub(super) disturbed: Disturbed,
    pub(super) log: Vec<String>,
}

#[cfg(test)]
mod tests {
    use plimsoll_reference::host::ExitStatus;

    use super::*;

    #[test]
    fn what_is_asked_and_heard_is_in_the_life_in_order() {
        let mut record = Record::new(Pairs::new());
        record.hear("ready 7 0");
        assert_eq!(record.ask(Request::Sync), 1);
        record.hear("1 ok power 0");
        record.notice(Notice::InputClosed);
        record.hear("what");
        let end = (record.now(), End::Exited(ExitStatus::Code(0)));
        let ended = record.end(end);
        let asked = &ended.life.requests[0];
        let (answered, _) = asked.answer.as_ref().expect("it was answered");
        assert!(asked.at < *answered && *answered < ended.life.end.0);
        let notices: Vec<&Notice> = ended
            .life
            .notices
            .iter()
            .map(|(_, notice)| notice)
            .collect();
        let strange = Notice::Strange("it says `what`".to_owned());
        assert_eq!(notices, [&Notice::Ready, &Notice::InputClosed, &strange]);
        assert_eq!(ended.log.len(), 4, "{:?}", ended.log);
    }
}
