//! The SQLite engine on a real directory.

#[path = "../common/mod.rs"]
mod common;
mod damage;
mod memory;
mod model;
mod odd_fs;
mod odd_places;
mod opening;
mod placing;
#[path = "../common/placing.rs"]
mod placing_of_both;
mod reading;
mod restoring;
mod snapshots;
mod support;
