//! Trials: a system is started in a world, asked, disturbed and crashed, and then held to what it promised.

pub mod history;
pub mod judge;
mod legal;
pub mod promise;
