//! What specimens of services have in common: lines in and out, signals, and a file that holds everything.

mod closing;
mod crowd;
mod doorway;
mod image;
mod outlet;
mod reply;

pub(super) use crowd::Crowd;
pub(super) use doorway::{Arrival, Doorway};
pub(super) use image::{Image, load, overwrite, parse, save, save_by, show, shown, take, text};
pub(super) use outlet::{Outlet, WeakOutlet};
pub(super) use reply::{Answered, Failure, say};
