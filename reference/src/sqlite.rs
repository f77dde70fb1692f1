//! SQLite on the file system of a [`Host`](crate::host::Host).

pub mod vfs;
