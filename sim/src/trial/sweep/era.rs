//! The lives of an era: what each of them is held to when the machine or the processes die at some position of the op log.

use std::sync::Arc;

use plimsoll_reference::level::Level;

use super::cut::{Extent, Instant, cut, extent};
use crate::trial::heard::Heard;
use crate::trial::history::{Answer, End, Found, Life, Moment, Pairs};

/// A life and its number among those of the world.
#[derive(Clone, Copy)]
pub(super) struct Lived<'a> {
    pub(super) number: usize,
    pub(super) life: &'a Arc<Life>,
    pub(super) heard: &'a Heard,
}

/// The lives of an era.
pub(super) struct EraLives<'a> {
    lives: Vec<Lived<'a>>,
}

/// Which life a crash is in, and how much of it had happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    index: usize,
    /// Whether the life had ended, and the next had not begun.
    is_over: bool,
    extent: Extent,
}

impl<'a> EraLives<'a> {
    pub(super) const fn new(lives: Vec<Lived<'a>>) -> Self {
        Self { lives }
    }

    /// Where a crash stands; nothing before the first life.
    pub(super) fn standing(&self, instant: Instant) -> Option<Standing> {
        let begun = self
            .lives
            .partition_point(|lived| lived.life.began < instant.at);
        let index = begun.checked_sub(1)?;
        let Lived { life, heard, .. } = self.lives[index];
        Some(Standing {
            index,
            is_over: life.end.0 < instant.at,
            extent: extent(life, heard, instant),
        })
    }

    /// When the era ended, as its last life sees it.
    pub(super) fn end(&self) -> Moment {
        let last = self.lives.last().map(|lived| lived.life.end);
        match last {
            Some((at, End::PowerLost)) => at,
            Some((at, _)) => Instant::last(at.now).at,
            None => Moment::default(),
        }
    }

    /// Whether anything was acknowledged in the life that is at risk for some time only.
    pub(super) fn has_windows(&self, standing: Standing) -> bool {
        let requests = &self.lives[standing.index].life.requests;
        requests.iter().any(|asked| {
            matches!(
                asked.answer,
                Some((
                    _,
                    Answer::Done {
                        level: Level::Window(_),
                        ..
                    }
                ))
            )
        })
    }

    /// The number of the life.
    pub(super) fn number(&self, standing: Standing) -> usize {
        self.lives[standing.index].number
    }

    /// The history that a loss of power there is held to.
    pub(super) fn without_power(&self, standing: Standing, instant: Instant) -> Life {
        let Lived { life, heard, .. } = self.lives[standing.index];
        let end = (instant.at, End::PowerLost);
        if !standing.is_over {
            return cut(life, heard, instant, end);
        }
        // Nobody has opened what it left: a life that was never ready.
        let mut before = life.before.clone();
        before.push(Arc::clone(life));
        Life {
            before,
            end,
            ..Life::new(self.left(standing), instant.at)
        }
    }

    /// What the disk held when a life had ended.
    fn left(&self, standing: Standing) -> Pairs {
        if let Some(next) = self.lives.get(standing.index + 1) {
            return next.life.base.clone();
        }
        match self.lives[standing.index].life.left.as_slice() {
            [Found::Store(pairs)] => pairs.clone(),
            _ => Pairs::new(),
        }
    }

    /// The history that the death of all processes there is held to; nothing when none of them was to serve.
    pub(super) fn killed(&self, standing: Standing, instant: Instant) -> Option<Life> {
        if standing.is_over {
            return None;
        }
        let Lived { life, heard, .. } = self.lives[standing.index];
        Some(cut(life, heard, instant, (instant.at, End::Killed)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::oracle::Oracle;
    use crate::trial::history::{Asked, Notice, Request};
    use crate::trial::judge::{Disturbed, judge_left};
    use crate::trial::log::before_step;
    use crate::trial::promise::Promise;

    fn moment(step: u64) -> Moment {
        Moment {
            event: before_step(step) + 1,
            now: Duration::from_secs(step),
        }
    }

    fn write(step: u64, text: &str, level: Option<Level>) -> Asked {
        let sequence = None;
        Asked {
            at: moment(step),
            request: Request::Write(vec![text.parse().expect("a change")]),
            answer: level.map(|level| (moment(step + 1), Answer::Done { level, sequence })),
            was_taken_back: false,
        }
    }

    fn life(began: u64, base: &str, requests: Vec<Asked>, ready: Option<u64>, end: End) -> Life {
        Life {
            requests,
            notices: ready
                .map(|step| (moment(step), Notice::Ready))
                .into_iter()
                .collect(),
            end: (moment(began + 8), end),
            ..Life::new(pairs(base), moment(began))
        }
    }

    fn pairs(text: &str) -> Pairs {
        text.split_whitespace()
            .map(|pair| pair.split_once('=').expect("a pair"))
            .map(|(key, value)| (key.into(), value.into()))
            .collect()
    }

    /// A life in which `a` was acknowledged as durable and `b` in memory, and which was killed, and another on what it left.
    fn lives() -> [Arc<Life>; 2] {
        let first = vec![
            write(3, "put a 1", Some(Level::Power)),
            write(5, "put b 2", Some(Level::Memory)),
        ];
        let second = vec![write(14, "put c 3", None)];
        let first = Arc::new(life(1, "", first, Some(2), End::Killed));
        let second = Life {
            before: vec![Arc::clone(&first)],
            ..life(11, "a=1 b=2", second, Some(16), End::Running)
        };
        [first, Arc::new(second)]
    }

    /// What does not hold when the power is lost in this step, and this is left.
    fn lost(step: u64, left: &str) -> Option<Oracle> {
        let lives = lives();
        let heard = Heard::default();
        let lived = lives.iter().enumerate().map(|(number, life)| Lived {
            number,
            life,
            heard: &heard,
        });
        let promise = Promise::default();
        let era = EraLives::new(lived.collect());
        let at = Moment {
            event: before_step(step),
            now: Duration::from_secs(step),
        };
        let instant = Instant { position: 0, at };
        let standing = era.standing(instant).expect("a life has begun");
        let mut life = era.without_power(standing, instant);
        life.left = vec![Found::Store(pairs(left))];
        let findings = judge_left(&life, &promise, Disturbed::default());
        findings.first().map(|finding| finding.oracle)
    }

    #[test]
    fn what_a_life_acknowledged_has_to_be_there_until_the_next_is_ready() {
        // In the life itself, between the two, in the next before it is ready.
        for step in [8, 10, 13, 15] {
            assert_eq!(lost(step, "a=1"), None, "{step}");
            assert_eq!(lost(step, "a=1 b=2"), None, "{step}");
            assert_eq!(lost(step, ""), Some(Oracle::D1), "{step}");
            assert_eq!(lost(step, "b=2"), Some(Oracle::D1), "{step}");
        }
        assert_eq!(lost(4, ""), None, "it was not acknowledged yet");
        assert_eq!(lost(15, "a=1 b=2 c=3"), None, "it was asked for");
        assert_eq!(lost(15, "a=1 c=3"), Some(Oracle::D3), "it came after `b`");
        assert_eq!(lost(14, "a=1 b=2 c=3"), Some(Oracle::D5), "it was not");
    }

    #[test]
    fn what_an_open_store_shows_stays() {
        assert_eq!(lost(17, "a=1 b=2"), None);
        assert_eq!(lost(17, "a=1 b=2 c=3"), None);
        assert_eq!(lost(17, "a=1"), Some(Oracle::D1));
    }
}
