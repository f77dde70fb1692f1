//! The runtime below a world: madsim, where the build has it.
//!
//! Everything that names what madsim has under `--cfg madsim` only is in this file.

use std::time::Duration;

use super::run::WorldError;

/// Runs `world` where the clocks and random numbers of the operating system are virtual.
///
/// A world is one task of the runtime, so that nothing is left to what the runtime picks; its seed is a constant.
#[cfg(madsim)]
pub(super) fn simulated<T>(world: impl FnOnce() -> T) -> Result<T, WorldError> {
    let runtime = madsim::runtime::Runtime::new();
    Ok(runtime.block_on(async { world() }))
}

/// Without madsim nothing is simulated.
#[cfg(not(madsim))]
pub(super) fn simulated<T>(_: impl FnOnce() -> T) -> Result<T, WorldError> {
    Err(WorldError::NotSimulated)
}

/// Lets the time pass that code reads from the operating system.
#[cfg(madsim)]
pub(super) fn advance(by: Duration) {
    madsim::time::advance(by);
}

/// There is no such time without madsim.
#[cfg(not(madsim))]
pub(super) const fn advance(_: Duration) {}
