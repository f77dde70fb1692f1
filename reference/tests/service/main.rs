//! The service on a real directory, with pipes in memory and time that stands still unless everybody waits.

mod batching;
mod endings;
mod failures;
mod protocol;
mod registry;
mod requests;
mod rigged;
mod snapshots;
mod support;
