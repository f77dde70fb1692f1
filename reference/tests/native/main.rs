//! The native engine on real directories.

mod damage;
mod faults;
mod files;
mod fuzz;
mod groups;
mod maintenance;
mod model;
mod restoring;
mod snapshots;
mod support;
