//! Cases on several threads, results in one order.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use plimsoll_sim::report::Counters;

use crate::interrupt::Interrupt;
use crate::sim::case_runner::{self, Explore, Outcome, Rerun};
use crate::sim::selection::Selected;

/// How often the caller hears that nothing has happened, so that it can show progress.
const IDLE: Duration = Duration::from_millis(500);

/// Stores recurse as they like; the default of 2 MiB is a limit that a user's main thread does not have.
const STACK_BYTES: usize = 16 << 20;

/// What the caller of [`run`] is told.
pub(crate) enum Event {
    /// The case at this position has begun.
    Started(usize),
    /// It has finished, and has looked at so much; what came of it is told when its turn comes.
    Finished(usize, Counters),
    /// The case at this position, and what came of it. Positions come in order and without gaps.
    Case(usize, Outcome),
    /// Nothing happened for a while.
    Idle,
}

/// Runs cases on `jobs` threads and tells `listen` about them. An interrupt, or an error of `listen`, lets the cases that have
/// begun come to their end and begins no more.
pub(crate) fn run(
    explore: &Explore<'_>,
    cases: &[Selected],
    jobs: NonZeroUsize,
    interrupt: &Interrupt,
    listen: &mut dyn FnMut(Event) -> io::Result<()>,
) -> io::Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for job in 0..jobs.get().min(cases.len()) {
            let sender = sender.clone();
            let next = &next;
            let worker = move || {
                while !interrupt.is_requested() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(selected) = cases.get(index) else {
                        break;
                    };
                    // The receiver outlives the workers.
                    let _ = sender.send((index, None));
                    let outcome = case_runner::run(explore, &selected.case, Rerun::at(index));
                    let _ = sender.send((index, Some(outcome)));
                }
            };
            thread::Builder::new()
                .name(format!("case-{job}"))
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, worker)?;
        }
        drop(sender);
        let result = in_order(&receiver, listen);
        if result.is_err() {
            interrupt.request();
        }
        result
    })
}

/// Passes results on in the order of their cases, each as soon as all before it are there.
fn in_order(
    receiver: &mpsc::Receiver<(usize, Option<Outcome>)>,
    listen: &mut dyn FnMut(Event) -> io::Result<()>,
) -> io::Result<()> {
    let mut waiting = BTreeMap::new();
    let mut turn = 0;
    loop {
        match receiver.recv_timeout(IDLE) {
            Ok((index, None)) => listen(Event::Started(index))?,
            Ok((index, Some(outcome))) => {
                listen(Event::Finished(index, outcome.counters))?;
                waiting.insert(index, outcome);
                while let Some(outcome) = waiting.remove(&turn) {
                    listen(Event::Case(turn, outcome))?;
                    turn += 1;
                }
            }
            Err(RecvTimeoutError::Timeout) => listen(Event::Idle)?,
            Err(RecvTimeoutError::Disconnected) => {
                // Cases are begun in order and every begun case ends, so an interrupted run has no gaps either.
                debug_assert!(waiting.is_empty(), "a case before these never ended");
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_sim::case::Case;
    use plimsoll_sim::report::{CaseReport, Verdict};

    use super::*;
    use crate::fixtures;

    fn cases(count: usize) -> Vec<Selected> {
        (0..count)
            .map(|index| fixtures::selected(&index.to_string()))
            .collect()
    }

    /// A report that tells which case it is of.
    fn report(case: &Case) -> CaseReport {
        fixtures::report(
            Verdict::Passed,
            case.id.parse().expect("ids are numbers here"),
        )
    }

    fn jobs(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).expect("at least one")
    }

    #[test]
    fn results_come_in_order_however_many_threads_there_are() {
        for count in [1, 2, 7, 64] {
            let mut finished = 0;
            let mut seen = Vec::new();
            let mut listen = |event| {
                match event {
                    Event::Finished(..) => finished += 1,
                    Event::Case(index, outcome) => seen.push((index, outcome.fingerprint.0)),
                    Event::Started(_) | Event::Idle => {}
                }
                Ok(())
            };
            run(
                &report,
                &cases(50),
                jobs(count),
                &Interrupt::default(),
                &mut listen,
            )
            .expect("nothing fails");
            let expected: Vec<_> = (0..50).map(|index| (index, index as u128)).collect();
            assert_eq!(seen, expected);
            assert_eq!(finished, 50);
        }
    }

    #[test]
    fn an_interrupt_ends_the_run_after_the_cases_that_have_begun() {
        let interrupt = Interrupt::default();
        let explore = |case: &Case| {
            if case.id == "3" {
                interrupt.request();
            }
            report(case)
        };
        let mut seen = Vec::new();
        let mut listen = |event| {
            if let Event::Case(index, _) = event {
                seen.push(index);
            }
            Ok(())
        };
        run(&explore, &cases(50), jobs(1), &interrupt, &mut listen).expect("nothing fails");
        assert_eq!(seen, [0, 1, 2, 3]);
    }

    #[test]
    fn a_listener_that_fails_ends_the_run() {
        let mut heard = 0;
        let mut listen = |event| {
            if let Event::Case(..) = event {
                heard += 1;
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            Ok(())
        };
        let result = run(
            &report,
            &cases(50),
            jobs(2),
            &Interrupt::default(),
            &mut listen,
        );
        assert_eq!(
            result.map_err(|error| error.kind()),
            Err(io::ErrorKind::BrokenPipe)
        );
        assert_eq!(heard, 1);
    }
}
