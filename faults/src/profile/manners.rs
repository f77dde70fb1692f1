//! What processes can tell of a profile before any crash.

use super::Profile;
use crate::disk::SimFs;
use crate::image::ROOT;
use crate::log::Scope;

impl Profile {
    /// Lets a disk behave as this one says towards its processes: how syncs fail where no plan says so, and whether a close writes back.
    pub fn behave(&self, disk: &SimFs) {
        disk.set_fsync_failure(self.fsync_failure, self.error_report);
        disk.set_close_syncs(self.syncs(Scope::Close(ROOT)));
    }
}
