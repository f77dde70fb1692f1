//! The SQLite engine on a real directory.

mod damage;
mod memory;
mod model;
mod opening;
mod restoring;
mod snapshots;
mod support;
