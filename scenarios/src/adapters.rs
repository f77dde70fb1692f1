//! Real stores behind the trait that the harness knows.

pub mod closed_restore;
mod cuts;
pub mod redb;
pub mod reference;
pub mod sqlite;
pub mod sqlite_engine;
