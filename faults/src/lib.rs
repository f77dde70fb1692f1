//! A simulated disk with two truths: what a process sees, and what a crash may leave.

pub mod crash;
pub mod disk;
pub mod errno;
pub mod fsync_failure;
pub mod image;
pub mod latency;
pub mod litmus;
pub mod log;
pub mod object_target;
pub mod op_kind;
pub mod plan;
pub mod process;
pub mod profile;
pub mod recorded;
pub mod rng;
