//! How a host appears to SQLite.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What is done when SQLite waits for a lock.
pub type Sleeper = Arc<dyn Fn(Duration) + Send + Sync>;

/// Properties of the disk, the clock and chance, as SQLite sees them.
#[derive(Clone)]
pub struct MountOptions {
    pub(super) powersafe_overwrite: bool,
    pub(super) sector_bytes: u32,
    pub(super) seed: Option<u64>,
    pub(super) clock_origin: Duration,
    pub(super) sleeper: Option<Sleeper>,
}

impl Default for MountOptions {
    /// As SQLite's own VFS for Unix: power-safe overwrites, sectors of 4,096 bytes.
    fn default() -> Self {
        Self {
            powersafe_overwrite: true,
            sector_bytes: 4096,
            seed: None,
            clock_origin: Duration::ZERO,
            sleeper: None,
        }
    }
}

impl MountOptions {
    /// Whether a write that a power loss interrupts leaves the bytes around it alone (`SQLITE_IOCAP_POWERSAFE_OVERWRITE`). Where it
    /// does not, SQLite pads its journals to whole sectors. A database opened with the URI parameter `psow` is as that says.
    #[must_use]
    pub const fn powersafe_overwrite(mut self, is_safe: bool) -> Self {
        self.powersafe_overwrite = is_safe;
        self
    }

    /// The unit in which the disk writes, in bytes. SQLite looks at it where overwrites are not power-safe.
    #[must_use]
    pub const fn sector_bytes(mut self, bytes: u32) -> Self {
        self.sector_bytes = bytes;
        self
    }

    /// Seeds the random numbers that SQLite puts into journals and write-ahead logs, for the thread that mounts.
    ///
    /// The processes that use one database after the other must not draw the same numbers: SQLite tells by them what a former
    /// process has left in a journal. Without a seed SQLite draws from the operating system.
    ///
    /// Where the bundled SQLite is compiled without the flags in this project's `.cargo/config.toml`, all threads share one
    /// generator, and the seed holds only as long as one of them is at work.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The time since 1970 at which the host's clock, which counts from an arbitrary point, reads zero.
    #[must_use]
    pub const fn clock_origin(mut self, since_1970: Duration) -> Self {
        self.clock_origin = since_1970;
        self
    }

    /// What to do while SQLite waits. By default nothing is done, and the time that SQLite reads is later by that much.
    #[must_use]
    pub fn sleeper(mut self, sleeper: Sleeper) -> Self {
        self.sleeper = Some(sleeper);
        self
    }
}

impl fmt::Debug for MountOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MountOptions")
            .field("powersafe_overwrite", &self.powersafe_overwrite)
            .field("sector_bytes", &self.sector_bytes)
            .field("seed", &self.seed)
            .field("clock_origin", &self.clock_origin)
            .finish_non_exhaustive()
    }
}
