//! Known answers, by which the harness is calibrated: what it must notice, and what it must not report.
//!
//! The tests and `cargo xtask sim calibrate` hold the same answers to the same cases, which are here. Those of the litmus tests are
//! beside the [profiles](plimsoll_faults::litmus).

mod case;
mod fsync_failures;
mod recorded;
mod sqlite;
mod sync_deletion;

pub use case::{disks, steps};
pub use fsync_failures::{FailureSubject, fsync_failure_subjects};
pub use recorded::{Recording, recordings};
pub use sqlite::{SqliteAnswer, SqliteTrial, SqliteVerdict, sqlite_trials};
pub use sync_deletion::{sqlite_sync_case, sync_deletion_cases};
