//! The native engine on real directories.

#[path = "../common/mod.rs"]
mod common;
mod damage;
mod faults;
mod files;
mod fuzz;
mod groups;
mod maintenance;
mod model;
mod placing;
mod restoring;
mod snapshots;
mod support;
