//! Trials of a small system: what a sweep of its worlds finds, what a hunt says of it, and that both are functions of their seeds.

#[cfg(madsim)]
mod hunts;
#[cfg(madsim)]
mod jot;
#[cfg(madsim)]
mod sweeps;
