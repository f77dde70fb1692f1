//! Explores every crash of a store and checks that nothing acknowledged is lost.

pub mod calibrate;
pub mod case;
pub mod command;
pub mod explore;
pub mod fingerprint;
pub mod oracle;
pub mod report;
pub mod sut;
pub mod workload;
