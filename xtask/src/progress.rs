//! Progress on standard error: a bar for people, a line now and then for logs.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use plimsoll_sim::report::Counters;

use crate::output::note;
use crate::stopwatch::Stopwatch;
use crate::text::grouped;

/// Redraws per second: enough to see that it moves.
const REDRAWS_PER_SECOND: u8 = 2;

/// How long a log stays silent.
const SILENCE: Duration = Duration::from_secs(10);

/// Shows how far a run is.
pub(crate) struct Progress {
    stopwatch: Stopwatch,
    shown: Shown,
    total: u64,
    finished: u64,
    counters: Counters,
    running: BTreeMap<usize, String>,
}

enum Shown {
    /// A bar that redraws itself in place.
    Bar(ProgressBar),
    /// A line each time this much more time has passed.
    Lines {
        /// When the next line is due.
        due: Duration,
    },
}

impl Progress {
    /// Starts showing the progress of a run of `total` cases.
    pub(crate) fn start(total: usize) -> Self {
        let total = total as u64;
        let shown = if wants_bar() {
            let target = ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND);
            let style = ProgressStyle::with_template("{prefix:>12} [{bar:30}] {pos}/{len} {msg}")
                .expect("the template is a constant")
                .progress_chars("=> ");
            Shown::Bar(
                ProgressBar::with_draw_target(Some(total), target)
                    .with_style(style)
                    .with_prefix("Running"),
            )
        } else {
            Shown::Lines { due: SILENCE }
        };
        Self {
            stopwatch: Stopwatch::start(),
            shown,
            total,
            finished: 0,
            counters: Counters::default(),
            running: BTreeMap::new(),
        }
    }

    /// The case at this position has begun.
    pub(crate) fn start_case(&mut self, index: usize, id: &str) {
        self.running.insert(index, id.to_owned());
    }

    /// The case at this position has finished, and has looked at so much.
    pub(crate) fn finish_case(&mut self, index: usize, counters: Counters) {
        self.running.remove(&index);
        self.finished += 1;
        self.counters += counters;
        self.show();
    }

    /// Shows where the run is, if it is time to.
    pub(crate) fn show(&mut self) {
        let elapsed = self.stopwatch.elapsed();
        let message = format!(
            "{} states · {} recoveries · {:.0}s · {}",
            grouped(self.counters.states_generated),
            grouped(self.counters.recoveries),
            elapsed.as_secs_f64(),
            // The one that has been at it for longest, and that the report waits for.
            self.running.values().next().map_or("", String::as_str),
        );
        match &mut self.shown {
            Shown::Bar(bar) => {
                bar.set_position(self.finished);
                bar.set_message(message);
            }
            Shown::Lines { due } => {
                if elapsed >= *due {
                    *due = elapsed + SILENCE;
                    note(&format!(
                        "{:>12} {}/{} cases · {message}",
                        "Running", self.finished, self.total
                    ));
                }
            }
        }
    }

    /// Does something that writes, without leaving half a bar behind.
    pub(crate) fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.shown {
            Shown::Bar(bar) => bar.suspend(work),
            Shown::Lines { .. } => work(),
        }
    }

    /// Removes what was drawn, and says how long it took.
    pub(crate) fn finish(self) -> Duration {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
        self.stopwatch.elapsed()
    }
}

/// Cursor movements belong on a terminal that somebody watches.
fn wants_bar() -> bool {
    let is_dumb = env::var_os("TERM").is_some_and(|term| term == OsStr::new("dumb"));
    io::stderr().is_terminal() && !in_ci() && !is_dumb
}

/// Whether this runs unattended.
pub(crate) fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != OsStr::new("false"))
}
