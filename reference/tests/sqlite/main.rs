//! The SQLite engine on a real directory.

mod memory;
mod model;
mod opening;
mod restoring;
mod snapshots;
mod support;
