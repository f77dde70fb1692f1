//! What a world is made of.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::image::Image;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;

use super::pace::Pace;
use super::plan::Plan;
use super::policy::Policy;
use super::schedule::Schedule;

/// How far a world goes. Every limit counts work or virtual time, never real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Scheduling steps.
    pub steps_max: u64,
    /// Operations on the disk.
    pub operations_max: u64,
    /// Virtual time.
    pub time_max: Duration,
    /// States among which a power loss chooses are all there are up to this number.
    pub exhaustive_states: u32,
    /// Seeded samples beyond.
    pub samples: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps_max: 1_000_000,
            operations_max: 1_000_000,
            time_max: Duration::from_secs(7 * 24 * 3600),
            exhaustive_states: 64,
            samples: 16,
        }
    }
}

/// A world before it begins.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where every decision comes from that [`schedule`](Self::schedule) does not hold.
    pub seed: u64,
    /// The decisions of an earlier run, to be taken again; all of them, so that the seed serves disk faults only.
    pub schedule: Option<Schedule>,
    /// How the next of the ready tasks is chosen, where no schedule says it.
    pub policy: Policy,
    /// What the disk holds at the beginning, all of it durable.
    pub image: Image,
    /// What a power loss may leave.
    pub profile: Arc<Profile>,
    /// What goes wrong on the disk from the beginning.
    pub faults: FaultPlan,
    /// What happens to the processes, and when.
    pub plan: Plan,
    /// How long operations take.
    pub pace: Pace,
    /// Time that a step takes.
    pub step_time: Duration,
    /// The wall clock at the beginning, since 1970.
    pub wall_origin: Duration,
    /// Whether events are kept as text.
    pub trace: bool,
    /// How far it goes.
    pub limits: Limits,
}

impl Setup {
    /// A world on an empty disk where nothing goes wrong.
    pub fn new(seed: u64, profile: Arc<Profile>) -> Self {
        Self {
            seed,
            schedule: None,
            policy: Policy::Walk,
            image: Image::new(),
            profile,
            faults: FaultPlan::none(),
            plan: Plan::default(),
            pace: Pace::default(),
            step_time: Duration::from_micros(1),
            wall_origin: Duration::from_secs(1_700_000_000),
            trace: false,
            limits: Limits::default(),
        }
    }
}
