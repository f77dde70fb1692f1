//! The explorer on small stores: the correct ones have no violation, and leaving out any of their steps is found.

mod amid;
mod another;
mod bounds;
mod copies;
mod damage;
mod disks;
mod ends;
mod errors;
mod full_disk;
mod hunts;
mod kills;
mod lies;
mod mini_log;
mod quirks;
mod redundancy;
mod replacer;
mod steps;
mod support;
mod verdicts;
mod windows;
