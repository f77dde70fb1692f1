//! Cases on several threads, results in their order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use plimsoll_sim::trial::hunt::hunt;

use super::page::Tried;
use super::selection::SelectedWorlds;
use crate::interrupt::Interrupt;
use crate::panics;
use crate::stopwatch::Stopwatch;

/// Runs cases on `jobs` threads and passes on what came of them. An interrupt, or an error of `listen`, ends them after their next world.
pub(crate) fn run(
    cases: &[SelectedWorlds],
    jobs: NonZeroUsize,
    interrupt: &Interrupt,
    listen: &mut dyn FnMut(Tried<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for job in 0..jobs.get().min(cases.len()) {
            let (sender, next) = (sender.clone(), &next);
            let worker = move || {
                while !interrupt.is_requested() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(SelectedWorlds { case, .. }) = cases.get(index) else {
                        break;
                    };
                    let stopwatch = Stopwatch::start();
                    let hunt = panics::catch(|| hunt(case, &|| !interrupt.is_requested()));
                    // The receiver outlives the workers.
                    let _ = sender.send((index, hunt, stopwatch.elapsed()));
                }
            };
            thread::Builder::new()
                .name(format!("world-{job}"))
                .spawn_scoped(scope, worker)?;
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut turn = 0;
        for (index, hunt, elapsed) in receiver {
            waiting.insert(index, (hunt, elapsed));
            while let Some((hunt, elapsed)) = waiting.remove(&turn) {
                let selected = &cases[turn];
                turn += 1;
                let result = listen(Tried {
                    selected,
                    hunt,
                    elapsed,
                });
                if result.is_err() {
                    interrupt.request();
                    return result;
                }
            }
        }
        Ok(())
    })
}
