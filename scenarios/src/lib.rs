//! The catalogue: scenarios, specimens of real protocols, adapters for other stores.
//!
//! A scenario is a TOML file: a store, a workload, faults, disks, and what is expected of them. [`catalogue()`] has those that ship;
//! [`Scenario::parse`] reads one from any text. Each becomes [cases](plimsoll_sim::case::Case), one for every disk and seed.
//!
//! **Not covered**: reading files, running cases and printing what came of them; that is the business of the command line.

pub mod adapters;
pub mod calibration;
mod catalogue;
mod diagnostic;
mod keys;
mod litmus;
mod registry;
mod scenario;
pub mod specimens;
pub mod systems;
mod trials;

pub use catalogue::{CATALOGUE, CatalogueFile, catalogue};
pub use diagnostic::ScenarioError;
pub use litmus::litmus_report;
pub use registry::{Registry, UnknownSut, parse_profile};
pub use scenario::{Scenario, Workload};
pub use trials::{Replay, Replayed, TRIAL_FILES, TrialScenario, trials};

/// The guides whose code has to compile, and to show what they say.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../docs/your-store.md")]
    struct YourStore;

    #[doc = include_str!("../../docs/worlds.md")]
    struct Worlds;
}
