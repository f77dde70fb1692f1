//! The lock that keeps a second store out.

use std::io;

use crate::fs::{FsFile, FsOps, OpenOptions};

use super::directory::Settled;
use super::error::{StoreError, io_error};
use super::layout::Layout;
use super::options::CreatePolicy;

/// Held for the life of a store, and released by the operating system when the process dies.
pub(super) struct Lock {
    file: Box<dyn FsFile>,
}

impl Lock {
    /// Takes the lock, creating its file, and the base directory where the policy allows it.
    ///
    /// The file is created after its directory was settled, so that its presence proves that this was done.
    pub(super) fn take(
        fs: &dyn FsOps,
        layout: &Layout,
        policy: CreatePolicy,
        settled: &mut Settled,
    ) -> Result<Self, StoreError> {
        let file = match fs.open(&layout.lock, OpenOptions::read_write()) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let is_absent = || fs.metadata(&layout.base).map(|found| found.is_none());
                if policy == CreatePolicy::OpenExisting
                    && is_absent().map_err(io_error("look up", &layout.base))?
                {
                    return Err(StoreError::NotFound {
                        path: layout.base.clone(),
                    });
                }
                settled.settle(fs, &layout.base)?;
                fs.open(&layout.lock, OpenOptions::read_write().create())
            }
            result => {
                settled.know(&layout.base);
                result
            }
        };
        let file = file.map_err(io_error("open", &layout.lock))?;
        if file.try_lock().map_err(io_error("lock", &layout.lock))? {
            Ok(Self { file })
        } else {
            Err(StoreError::Locked {
                path: layout.lock.clone(),
            })
        }
    }

    pub(super) fn release(self, layout: &Layout) -> Result<(), StoreError> {
        self.file.close().map_err(io_error("close", &layout.lock))
    }
}
