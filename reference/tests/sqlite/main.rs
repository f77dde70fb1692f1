//! The SQLite engine on a real directory.

#[path = "../common/mod.rs"]
mod common;
mod damage;
mod memory;
mod model;
mod opening;
mod placing;
mod restoring;
mod snapshots;
mod support;
