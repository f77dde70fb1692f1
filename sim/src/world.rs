//! Processes in a deterministic world: signals, pipes, slow storage and time.
//!
//! A [`World`] knows programs by name. [`World::run`] runs a harness beside the processes that it starts through [`Control`]; all of it
//! on one thread, in virtual time, one task at a time.
//!
//! * **Gate.** One scheduler polls every task of every process. Which of the ready ones is next is one decision; a run is a function of
//!   its decisions, and a [`Schedule`] of recorded ones replays it.
//! * **Fibers.** A blocking job runs on a stack of its own. An operation on the disk that takes time suspends it, and others run.
//! * **Handlers.** A handler of a signal may be code: a fiber on top of what it interrupts, which stands still until it has returned.
//! * **madsim** is the runtime below: it makes the clocks and the random numbers of the operating system virtual for code that asks for
//!   them behind the host's back. Without `--cfg madsim` it cannot, and [`World::run`] says so instead of running.
//!
//! ```
//! use plimsoll_faults::profile::Profile;
//! use plimsoll_reference::host::{ExitStatus, Lines, write_all};
//! use plimsoll_sim::world::{Setup, World, WorldError};
//!
//! let profile = Profile::named("ext4-ordered").expect("it ships");
//! let mut world = World::new(Setup::new(7, profile));
//! world.program("echo", |host, _| {
//!     Box::pin(async move {
//!         let mut lines = Lines::new(host.process.stdin());
//!         while let Ok(Some(line)) = lines.next().await {
//!             let answer = format!("{line}\n");
//!             let _ = write_all(&mut *host.process.stdout(), answer.as_bytes()).await;
//!         }
//!         0
//!     })
//! });
//! let run = world.run(|control| async move {
//!     let echo = control.start("echo", &[]).expect("the program is there");
//!     write_all(&mut *control.stdin(echo), b"hello\n").await.expect("it reads");
//!     let mut lines = Lines::new(control.stdout(echo));
//!     let answer = lines.next().await.expect("it answers");
//!     control.close_stdin(echo);
//!     (answer, control.wait(echo).await)
//! });
//! match run {
//!     Ok(run) => assert_eq!(run.value, Some((Some("hello".to_owned()), ExitStatus::Code(0)))),
//!     Err(error) => assert!(matches!(error, WorldError::NotSimulated)),
//! }
//! ```
//!
//! **Not modelled**: threads that share a processor with others for real, memory limits, the network between processes, the time that
//! computing takes beyond a constant for each step.

mod chance;
mod child;
mod clock;
mod control;
mod crash;
mod due;
mod engine;
pub(crate) mod fiber;
mod handlers;
mod host;
mod lifecycle;
mod mishaps;
mod numbers;
mod pace;
mod paced_file;
mod paced_fs;
mod pipe;
mod plan;
mod plan_text;
mod policy;
mod process;
mod promise;
mod run;
mod schedule;
mod scheduler;
mod setup;
mod shared;
mod signals;
mod state;
mod task;
mod timers;
mod trace;
mod triggers;

pub use control::Control;
pub use crash::{Era, crash_images};
pub(crate) use crash::{Victim, kinds, samples};
pub use handlers::Handled;
pub use lifecycle::ProcessEnd;
pub use mishaps::Mishaps;
pub use numbers::SentToNumber;
pub use pace::Pace;
pub use plan::{Action, Arrived, Happened, Plan, Planned, When};
pub use plan_text::ParsePlanError;
pub use policy::Policy;
pub use process::ProcessId;
pub use run::{Ended, Main, Run, World, WorldError};
pub use schedule::{Decision, ParseScheduleError, Schedule};
pub use setup::{Limits, Setup};
pub use trace::{Difference, Event, Place, first_difference};
