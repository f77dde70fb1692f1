//! Explores every crash of a store and checks that nothing acknowledged is lost.

pub mod command;
pub mod sut;
