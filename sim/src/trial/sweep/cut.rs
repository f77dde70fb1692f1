//! A life as it was when the op log had come to a position.

use std::time::Duration;

use plimsoll_reference::level::Level;

use crate::trial::heard::Heard;
use crate::trial::history::{Answer, Asked, End, Life, Moment, Notice};

/// A crash between two entries of an op log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instant {
    /// Entries that came before it.
    pub(super) position: usize,
    /// What the harness did before this came before it.
    pub(super) at: Moment,
}

impl Instant {
    /// After everything, at this time.
    pub(super) const fn last(now: Duration) -> Self {
        let event = u64::MAX;
        Self {
            position: usize::MAX,
            at: Moment { event, now },
        }
    }

    /// Whether something had happened by then: what a process has said counts from where it said it, read or not.
    fn has(&self, heard: &Heard, at: Moment) -> bool {
        match heard.written(at.event) {
            Some(place) => place.log <= self.position,
            None => at < self.at,
        }
    }

    /// When that was: before the crash, and at the time when it was said.
    fn when(&self, heard: &Heard, at: Moment) -> Moment {
        let said = heard.written(at.event).map_or(at.now, |place| place.time);
        Moment {
            event: at.event.min(self.at.event.saturating_sub(1)),
            now: said,
        }
    }
}

/// How much of a life had happened by then: where this is equal, so are the histories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    asked: usize,
    answered: usize,
    noticed: usize,
}

/// How much of a life had happened.
pub(super) fn extent(life: &Life, heard: &Heard, instant: Instant) -> Extent {
    let answers = life
        .requests
        .iter()
        .filter_map(|asked| asked.answer.as_ref());
    let notices = life.notices.iter();
    Extent {
        asked: life.requests.partition_point(|asked| asked.at < instant.at),
        answered: answers.filter(|(at, _)| instant.has(heard, *at)).count(),
        noticed: notices.filter(|(at, _)| instant.has(heard, *at)).count(),
    }
}

/// What had happened of a life, which ends here in this way. What was found on the disk meanwhile is left out: that is judged once, by the
/// whole life.
pub(super) fn cut(life: &Life, heard: &Heard, instant: Instant, end: (Moment, End)) -> Life {
    let notices = life
        .notices
        .iter()
        .filter(|(at, notice)| !matches!(notice, Notice::Inspected(_)) && instant.has(heard, *at));
    let notices: Vec<(Moment, Notice)> = notices
        .map(|(at, notice)| (instant.when(heard, *at), notice.clone()))
        .collect();
    let is_held = holds_all(&notices);
    let asked = life
        .requests
        .iter()
        .take_while(|asked| asked.at < instant.at);
    let requests = asked.map(|asked| Asked {
        at: asked.at,
        request: asked.request.clone(),
        answer: answer(asked, heard, instant, is_held),
        was_taken_back: asked.was_taken_back,
    });
    Life {
        before: life.before.clone(),
        has_orphans: life.has_orphans,
        requests: requests.collect(),
        notices,
        end,
        stalled: life.stalled.clone(),
        ..Life::new(life.base.clone(), life.began)
    }
}

/// Whether the last line says that everything survives a loss of power.
fn holds_all(notices: &[(Moment, Notice)]) -> bool {
    let said = notices.iter().rev().find_map(|(_, notice)| match notice {
        Notice::LastLine(level) => Some(*level),
        _ => None,
    });
    said.flatten().is_some_and(|level| level >= Level::Power)
}

/// The answer to a request, if there was one by then.
fn answer(
    asked: &Asked,
    heard: &Heard,
    instant: Instant,
    is_held: bool,
) -> Option<(Moment, Answer)> {
    let (at, answer) = asked.answer.as_ref()?;
    if !instant.has(heard, *at) {
        return None;
    }
    let answer = match answer {
        Answer::Done { level, sequence } => Answer::Done {
            level: if is_held { Level::Power } else { *level },
            sequence: *sequence,
        },
        other => other.clone(),
    };
    Some((instant.when(heard, *at), answer))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::trial::history::Request;
    use crate::trial::log::before_step;
    use crate::world::Place;

    fn moment(step: u64) -> Moment {
        Moment {
            event: before_step(step) + 1,
            now: Duration::from_secs(step),
        }
    }

    /// A write that was handed over in step 3, and acknowledged by a line that was written in step 5, when two entries were in the op log,
    /// and read in step 9.
    fn life() -> (Life, Heard) {
        let done = Answer::Done {
            level: Level::Power,
            sequence: Some(1),
        };
        let life = Life {
            requests: vec![Asked {
                at: moment(3),
                request: Request::Write(vec!["put a 1".parse().expect("a change")]),
                answer: Some((moment(9), done)),
                was_taken_back: false,
            }],
            end: (moment(20), End::Running),
            ..Life::new(Default::default(), moment(1))
        };
        let mut heard = Heard::default();
        let place = Place {
            step: 5,
            time: Duration::from_secs(5),
            log: 2,
        };
        heard.add(moment(9).event - 1..moment(9).event + 1, place);
        (life, heard)
    }

    /// What is left of it before the entry at this position, which took effect in this step.
    fn before(position: usize, step: u64) -> Life {
        let (life, heard) = life();
        let at = Moment {
            event: before_step(step),
            now: Duration::from_secs(step),
        };
        let end = (at, End::PowerLost);
        cut(&life, &heard, Instant { position, at }, end)
    }

    #[test]
    fn what_was_said_counts_from_where_it_was_said() {
        assert!(before(0, 2).requests.is_empty());
        assert!(before(0, 3).requests.is_empty(), "it is handed over then");
        let asked = before(1, 4).requests;
        assert_eq!((asked.len(), &asked[0].answer), (1, &None));
        // The entry that it waits for, and an acknowledgement that nobody has read.
        assert_eq!(before(1, 5).requests[0].answer, None);
        let asked = before(2, 6).requests;
        let (at, _) = asked[0].answer.clone().expect("it was said");
        assert_eq!(at.now, Duration::from_secs(5));
        assert!(at.event < before_step(6));
        assert!(before(3, 15).requests[0].answer.is_some());
    }

    #[test]
    fn a_last_line_makes_everything_durable_that_it_covers() {
        let (mut life, heard) = life();
        life.requests[0].answer = Some((
            moment(4),
            Answer::Done {
                level: Level::Memory,
                sequence: None,
            },
        ));
        for (said, level) in [
            (Some(Level::Power), Level::Power),
            (Some(Level::Process), Level::Memory),
            (None, Level::Memory),
        ] {
            life.notices = vec![(moment(6), Notice::LastLine(said))];
            let last = Instant::last(Duration::from_secs(20));
            let whole = cut(&life, &heard, last, life.end);
            let answer = whole.requests[0].answer.clone().map(|(_, answer)| answer);
            let sequence = None;
            assert_eq!(answer, Some(Answer::Done { level, sequence }));
        }
    }
}
