//! Chance: SQLite's own generator, and the one behind `xRandomness`.
#![expect(
    unsafe_code,
    reason = "SQLite's generator is seeded through its C interface"
)]

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use rusqlite::ffi;

/// Keeps the steps of one seeding together.
static SEEDING: Mutex<()> = Mutex::new(());

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Debug)]
pub(super) struct SplitMix(u64);

impl SplitMix {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Seeds the generator of SQLite, which is one for each thread where SQLite is compiled that way, and one for all otherwise.
///
/// [`MountOptions::seed`](super::MountOptions::seed) does it for a mount; this is for whoever runs several processes on one thread and
/// wants what all of them draw to be the same again.
pub fn seed_thread(seed: u64) {
    // Zero would mean no seed.
    let seed = (SplitMix::new(seed).next() >> 33) as c_int | 1 << 30;
    let mut first = 0_u8;
    let guard = SEEDING.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: `PRNG_SEED` takes an int and a connection that may be null, `PRNG_SAVE` and `PRNG_RESTORE` take nothing, and there is
    // one byte to fill. SQLite guards its generator with a lock of its own.
    unsafe {
        let none = ptr::null_mut::<ffi::sqlite3>();
        // The seed is one for the process: other threads must not be left with it, so what it gave is kept and it is taken back.
        ffi::sqlite3_test_control(ffi::SQLITE_TESTCTRL_PRNG_SEED, seed, none);
        ffi::sqlite3_randomness(1, ptr::from_mut(&mut first).cast::<c_void>());
        ffi::sqlite3_test_control(ffi::SQLITE_TESTCTRL_PRNG_SAVE);
        ffi::sqlite3_test_control(ffi::SQLITE_TESTCTRL_PRNG_SEED, 0 as c_int, none);
        ffi::sqlite3_test_control(ffi::SQLITE_TESTCTRL_PRNG_RESTORE);
    }
    drop(guard);
}
