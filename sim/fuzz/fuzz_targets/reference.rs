//! The first byte chooses a mode of the reference store; the rest is workload, faults, disk and crashes.
//!
//! `cargo fuzz run reference` in this folder's parent, with a nightly compiler.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_scenarios::Registry;
use plimsoll_sim::fuzz;

fuzz_target!(|bytes: &[u8]| {
    let Some((&mode, bytes)) = bytes.split_first() else {
        return;
    };
    let registry = Registry::shipped();
    let suts: Vec<_> = registry
        .suts()
        .iter()
        .filter(|sut| sut.name().starts_with("reference-"))
        .collect();
    let sut = suts[usize::from(mode) % suts.len()];
    if let Err(report) = fuzz::check(sut.clone(), bytes) {
        panic!("{}: {report:#?}", sut.name());
    }
});
