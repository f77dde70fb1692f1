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
#[path = "../common/placing.rs"]
mod placing_of_both;
mod restoring;
mod snapshots;
mod support;
