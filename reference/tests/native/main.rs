//! The native engine on real directories.

mod damage;
mod faults;
mod files;
mod groups;
mod model;
mod snapshots;
mod support;
