//! The litmus tests that ship.

use super::case::Case;

/// A file of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct LitmusFile {
    /// Its name without ending.
    pub name: &'static str,
    /// Its content.
    pub text: &'static str,
}

impl LitmusFile {
    /// Its path in the repository.
    pub fn path(&self) -> String {
        format!("faults/litmus/{}.litmus", self.name)
    }
}

macro_rules! files {
    ($($name:literal)*) => {
        &[$(
            LitmusFile {
                name: $name,
                text: include_str!(concat!("../../litmus/", $name, ".litmus")),
            },
        )*]
    };
}

/// Every file, by name. A test holds this list to the directory.
pub const CATALOGUE: &[LitmusFile] = files! {
    "acvr-dirsync"
    "acvr-nosync"
    "append-across-blocks"
    "append-append-new-block"
    "append-in-block"
    "append-in-sector"
    "append-new-block"
    "append-shrink"
    "append-two-blocks"
    "arvr-fsync"
    "arvr-nosync"
    "arvr-other-fsync"
    "atomic-unit"
    "chrome"
    "create-fsync"
    "dir-rename"
    "direct-append"
    "dirop-order"
    "dirsync-after-other"
    "dirsync-commits"
    "dirsync-noop"
    "dirsync-other-entry"
    "dsync-rename"
    "evict-in-stripe"
    "evict-silently"
    "evict-target"
    "evict-then-fsync"
    "extend-truncate"
    "failed-fsync-block"
    "failed-fsync-blocks"
    "failed-fsync-f1"
    "failed-fsync-f10"
    "failed-fsync-f11"
    "failed-fsync-f2"
    "failed-fsync-f3"
    "failed-fsync-f4"
    "failed-fsync-f5"
    "failed-fsync-f6"
    "failed-fsync-f7"
    "failed-fsync-f8"
    "failed-fsync-f9"
    "failed-fsync-hole"
    "failed-fsync-no-space"
    "failed-fsync-retried"
    "failed-fsync-rewritten"
    "failed-fsync-same-page"
    "failed-fsync-sectors"
    "failed-fsync-truncated"
    "fallocate"
    "fdatasync-after-other"
    "fdatasync-rename-fsync"
    "fsync-after-commit"
    "fsync-earlier-names"
    "fsync-once"
    "fsync-other-file"
    "fsync-unchanged"
    "interrupted-fsync"
    "interrupted-neighbours"
    "interrupted-sector"
    "link-fsync"
    "link-publish"
    "lying-disk"
    "marker-commit"
    "mkdir-chain"
    "nfs-append-two-pages"
    "nfs-close-to-open"
    "nfs-resend"
    "overwrite-same-file"
    "overwrite-same-sector"
    "overwrite-two-files"
    "page-versions"
    "removed-open-reuse"
    "removed-reuse"
    "rename-across"
    "rename-across-source"
    "rename-append-fdatasync"
    "rename-dirsync-other"
    "rename-fsync"
    "replay-data"
    "replay-window"
    "server-append"
    "server-extend"
    "server-overwrite"
    "server-truncate"
    "shrink-extend"
    "shrink-grow"
    "shrink-in-block"
    "shrink-unwritten"
    "silly-rename"
    "silly-rename-replaced"
    "stripes"
    "stripes-fsync"
    "symlink-switch"
    "tear-across-blocks"
    "tear-in-block"
    "tear-thirds"
    "truncate-rewrite"
    "two-renames"
    "two-truncates"
    "unlink"
    "unlink-before-rename"
    "unlink-open-reuse"
    "unlink-recreate"
    "unlink-reuse"
    "wal-recycle-fdatasync"
};

/// Every case that ships.
pub fn catalogue() -> Vec<Case> {
    let parse = |file: &LitmusFile| {
        Case::parse(file.text)
            .unwrap_or_else(|error| panic!("the catalogue is tested: {}: {error}", file.path()))
    };
    CATALOGUE.iter().map(parse).collect()
}
