//! The errors that each operation is documented to return, or that kernels and file servers are known to.

use super::OpKind;
use crate::errno::Errno::{self, *};
use crate::plan::Position;

impl OpKind {
    /// The errors that a store must expect of this operation, the most telling first: what a sweep injects.
    ///
    /// The names are those of the man pages of Linux and of POSIX.1-2017; what network file systems add is said at each.
    pub const fn errnos(self) -> &'static [Errno] {
        match self {
            // open(2). ESTALE: a file server forgot the file. EEXIST: NFS sends an exclusive creation again after a lost reply.
            Self::Open => &[
                EIO,
                ENOSPC,
                EDQUOT,
                EROFS,
                EACCES,
                EMFILE,
                ENFILE,
                ESTALE,
                EINTR,
                EEXIST,
                ENOENT,
                ENAMETOOLONG,
                ETXTBSY,
                ELOOP,
                EISDIR,
            ],
            // read(2). ESTALE: as for open.
            Self::Read => &[EIO, EINTR, EAGAIN, ESTALE, EISDIR],
            // write(2). Since Linux 4.13 EIO may belong to an earlier write. ESHUTDOWN: Lustre, after an eviction.
            Self::Write => &[ENOSPC, EDQUOT, EIO, EINTR, EFBIG, EPIPE, EAGAIN, ESHUTDOWN],
            // truncate(2). ENOSPC: copy-on-write file systems need space to give space back.
            Self::SetLen => &[EIO, EINTR, ENOSPC, EFBIG, EPERM, ETXTBSY],
            // fallocate(2). EOPNOTSUPP comes first because every caller needs another way then.
            Self::Allocate => &[EOPNOTSUPP, ENOSPC, EINTR, EFBIG, EIO],
            // fsync(2). ENOSPC and EDQUOT: space that was promised late. ETIMEDOUT, ESHUTDOWN: file servers out of reach.
            Self::SyncAll | Self::SyncData => &[
                EIO, ENOSPC, EDQUOT, EROFS, EINTR, EBADF, ETIMEDOUT, ESHUTDOWN,
            ],
            // The same for a directory. EINVAL and EOPNOTSUPP: the file system has no such operation.
            Self::SyncDir => &[
                EIO, EINVAL, ENOSPC, EDQUOT, EROFS, EINTR, EBADF, EOPNOTSUPP, ETIMEDOUT, ESHUTDOWN,
            ],
            // rename(2). ENOENT: the request was sent again after a lost reply, and the first had done it. EINTR: FUSE.
            Self::Rename => &[
                EIO, ENOSPC, EDQUOT, EROFS, EXDEV, EBUSY, EACCES, EPERM, ESTALE, ENOENT, EINTR,
                ENOTEMPTY, EISDIR, EMLINK,
            ],
            // link(2). EEXIST: as ENOENT for rename. EPERM: a file system without hard links.
            Self::Link => &[EEXIST, EIO, EMLINK, EXDEV, EPERM, ENOSPC, EDQUOT],
            // symlink(2). EEXIST: as ENOENT for rename. EPERM: a file system without symbolic links.
            Self::Symlink => &[EEXIST, EIO, ENOSPC, EDQUOT, EROFS, EACCES, EPERM],
            // readlink(2). ESTALE: as for open.
            Self::ReadLink => &[EIO, ESTALE, EACCES, ELOOP],
            // unlink(2). ENOENT: as for rename.
            Self::Remove => &[EIO, ENOENT, EBUSY, EROFS, EACCES, ESTALE],
            // mkdir(2). EEXIST: as ENOENT for rename.
            Self::CreateDir => &[EEXIST, EIO, ENOSPC, EDQUOT, EMLINK, EROFS, EACCES],
            // rmdir(2). ENOENT: as for rename.
            Self::RemoveDir => &[EIO, ENOENT, ENOTEMPTY, EBUSY, EROFS, EACCES],
            // readdir(3) and getdents(2). ESTALE: as for open.
            Self::ReadDir => &[EIO, ESTALE],
            // stat(2). ESTALE: as for open.
            Self::Stat => &[EIO, ESTALE, EOVERFLOW],
            // flock(2) and fcntl(2). EAGAIN is EWOULDBLOCK.
            Self::Lock => &[ENOLCK, EINTR, EAGAIN],
            // close(2). ENOSPC and EDQUOT: NFS writes back at close.
            Self::Close => &[EIO, EINTR, ENOSPC, EDQUOT],
        }
    }

    /// Whether a file system that keeps its word can return this error of this operation at this position.
    pub fn can_fail(self, errno: Errno, position: Position) -> bool {
        // write(2): who is interrupted once some bytes are written is told how many, not that he was interrupted.
        if self == Self::Write && errno.is_transient() && position != Position::Before {
            return false;
        }
        match position {
            // Where directories cannot be synced there is nothing to sync: their names are as durable as they get.
            Position::Before => !matches!((self, errno), (Self::SyncDir, EINVAL | EOPNOTSUPP)),
            Position::Partial => matches!(self, Self::Write),
            Position::After => self.has_effect(),
            // What is reported late is that the data could not be written.
            Position::Late => {
                matches!(self, Self::Write) && matches!(errno, EIO | ENOSPC | EDQUOT | EFBIG)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_errors_and_none_twice() {
        for &kind in OpKind::ALL {
            let errnos = kind.errnos();
            assert!(!errnos.is_empty(), "{kind}");
            for (index, errno) in errnos.iter().enumerate() {
                assert!(!errnos[..index].contains(errno), "{kind} {errno}");
            }
        }
    }

    #[test]
    fn every_error_can_be_had_somehow() {
        for &kind in OpKind::ALL {
            for &errno in kind.errnos() {
                let mut positions = Position::ALL.iter();
                assert!(
                    positions.any(|&position| kind.can_fail(errno, position)),
                    "{kind} {errno}"
                );
            }
        }
    }

    #[test]
    fn what_may_need_space_can_run_out_of_it() {
        for &kind in OpKind::ALL {
            if kind.may_need_space() {
                assert!(kind.errnos().contains(&ENOSPC), "{kind}");
            }
        }
    }
}
