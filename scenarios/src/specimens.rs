//! Small, faithful models of the persistence protocols of real systems, each with its historical bugs and with them mended.
//!
//! A specimen keeps what decides durability: which file is written when, what is synced before what, what is acknowledged when.
//! Everything else of the real system is left out.

pub mod activitywatch;
pub mod fsync_failure;
pub mod mends;
pub mod modelvault;
pub(crate) mod pairs;
pub mod retried_rename;
mod settle;
pub mod specimen;
pub mod surrealmx;
pub mod tinycloud;
pub mod torc;
