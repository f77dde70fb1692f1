//! Explores every crash of a store and checks that nothing acknowledged is lost.

pub mod beside;
pub mod calibrate;
pub mod case;
pub mod class;
pub mod command;
pub mod counters;
pub mod explore;
pub mod fingerprint;
pub mod fuzz;
pub mod oracle;
pub mod report;
pub mod sites;
pub mod sut;
pub mod trial;
pub mod workload;
pub mod world;
