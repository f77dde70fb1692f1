//! The reference store: what a correct durable store does, behind a pluggable file system.

mod barrier;
pub mod clock;
pub mod digits;
pub mod error_text;
pub mod fs;
pub mod host;
pub mod inspection;
pub mod level;
pub mod mutation;
mod names;
pub mod native;
pub mod service;
pub mod sqlite;
pub mod standalone;
