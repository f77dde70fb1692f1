//! The SQLite VFS: the same SQLite, on a real directory and on a simulated disk.

mod concurrency;
mod crashes;
mod disks;
mod files;
mod model;
mod modes;
mod support;
