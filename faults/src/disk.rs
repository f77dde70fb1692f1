//! The simulated disk as a process sees it: always POSIX-correct, whatever a crash would leave of it.
//!
//! [`SimFs`] implements [`FsOps`](plimsoll_reference::fs::FsOps). Behind it stand one volatile [`Image`](crate::image::Image) and
//! the op log; what a crash may leave is computed from the log by [`crate::crash`], never by changing the live disk.
//!
//! **Not modelled**: permissions, timestamps, the alignment of memory that `O_DIRECT` asks for, memory maps.

mod active_plan;
mod active_writeback;
mod clock;
mod closing;
mod damage;
mod deferral;
mod errseq;
mod eviction;
mod file;
mod length;
mod names;
mod path;
mod request;
mod sim_fs;
mod space;
mod state;
mod sync;
mod troubles;
mod writeback;

pub use clock::SimClock;
pub use deferral::Deferred;
pub use sim_fs::{SHARES, SimFs};
