//! What is said of a system that is no function of its seed.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_faults::crash::Bounds;
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::profile::Profile;
use plimsoll_reference::host::{Lines, Program, write_all};
use plimsoll_sim::trial::draw::Shape;
use plimsoll_sim::trial::history::Found;
use plimsoll_sim::trial::hunt::{Hunt, TrialCase};
use plimsoll_sim::trial::promise::Promise;
use plimsoll_sim::trial::run::Ground;
use plimsoll_sim::trial::system::{Asks, Main, System};

use super::page::{Tried, ending, human};
use super::pool;
use super::selection::SelectedWorlds;
use crate::exit::{Ending, Exit};
use crate::interrupt::Interrupt;

/// What no world can see or set.
static STARTS: AtomicU64 = AtomicU64::new(0);

/// A system that takes longer from start to start.
struct Counting;

impl System for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn promise(&self) -> Promise {
        Promise::default()
    }

    fn programs(&self) -> Vec<(&'static str, Main)> {
        let main: Main = Arc::new(|host, _| {
            Box::pin(async move {
                host.sleep(Duration::from_millis(
                    STARTS.fetch_add(1, Ordering::Relaxed),
                ))
                .await;
                let mut stdout = host.process.stdout();
                let _ = write_all(&mut *stdout, b"ready 1 0\n").await;
                let mut lines = Lines::new(host.process.stdin());
                while let Ok(Some(line)) = lines.next().await {
                    let id = line.split(' ').next().unwrap_or("0");
                    let answer = format!("{id} failed unsupported no\n");
                    let _ = write_all(&mut *stdout, answer.as_bytes()).await;
                }
                0
            })
        });
        vec![("counting", main)]
    }

    fn first(&self) -> Program {
        Program::new("counting")
    }

    fn asks(&self) -> Asks {
        Asks {
            closes: false,
            ..Asks::default()
        }
    }

    fn inspect(&self, _: &SimFs) -> Found {
        Found::Store(BTreeMap::new())
    }
}

fn case() -> SelectedWorlds {
    let case = TrialCase {
        id: "counting@posix-minimal".to_owned(),
        ground: Ground {
            system: Arc::new(Counting),
            profile: Profile::named("posix-minimal").expect("it ships"),
            crash_states: Bounds {
                exhaustive: 4,
                samples: 0,
            },
        },
        shape: Shape {
            families: BTreeSet::new(),
            requests_max: 2,
            lives_max: 1,
            faults: Vec::new(),
        },
        first_seed: 7,
        seeds: 3,
        expected: Vec::new(),
        beside: Vec::new(),
        twice_every: 1,
        sweep_every: 0,
    };
    SelectedWorlds {
        case,
        title: "counting".to_owned(),
        file: None,
        disk_file: None,
    }
}

#[test]
fn what_differs_from_run_to_run_is_said_with_the_first_event_that_does() {
    if !cfg!(madsim) {
        return;
    }
    let cases = [case()];
    let mut endings = Vec::new();
    let mut listen = |tried: Tried<'_>| {
        let hunt: Hunt = tried.hunt.expect("it does not panic")?;
        let ending = ending(&tried.selected.case, &hunt);
        let text = human(
            tried.selected,
            &hunt,
            ending,
            Duration::ZERO,
            &BTreeMap::new(),
        );
        endings.push((ending, text));
        Ok(())
    };
    let jobs = NonZeroUsize::MIN;
    pool::run(&cases, jobs, &Interrupt::default(), &mut listen).expect("threads can be started");
    let [(ending, text)] = &endings[..] else {
        panic!("one case: {endings:?}");
    };
    assert_eq!(*ending, Ending::Nondeterministic);
    assert_eq!(ending.exit(), Exit::Nondeterminism);
    assert!(text.contains("error[nondeterministic]"), "{text}");
    // The start takes no time, and the line is written when the sleep is over: that is where two runs part.
    let told = text.lines().find(|line| line.contains("seed 7: event "));
    let told = told.unwrap_or_else(|| panic!("the event is named: {text}"));
    assert!(told.contains("goes on") && told.contains(" | "), "{told}");
}
