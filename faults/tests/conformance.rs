//! The simulated disk and the real file system behave alike: the same test bodies, on both.
//!
//! A case states what POSIX or Linux says and runs as `real::…` on a temporary directory and as `simulated::…` on an empty image.
//! `differential` then applies random operations to both and compares every result, errno included, and what is left.
//!
//! **Not covered**: `..`, names that are not UTF-8, NUL in paths, absolute paths (the simulated root is not the machine's), lengths
//! and link counts of directories, permissions.

#[path = "conformance/differential.rs"]
mod differential;
#[path = "conformance/support.rs"]
mod support;

/// Makes two tests of each body: one on the real file system, one on the simulated one.
macro_rules! on_both {
    ($(fn $name:ident($fs:ident) $body:block)*) => {
        $(fn $name($fs: &dyn plimsoll_reference::fs::FsOps) $body)*

        mod real {
            $(#[test] fn $name() { crate::support::on_real(super::$name); })*
        }

        mod simulated {
            $(#[test] fn $name() { crate::support::on_simulated(super::$name); })*
        }
    };
}

#[path = "conformance/content.rs"]
mod content;
#[path = "conformance/direct.rs"]
mod direct;
#[path = "conformance/directories.rs"]
mod directories;
#[path = "conformance/handles.rs"]
mod handles;
#[path = "conformance/links.rs"]
mod links;
#[path = "conformance/opening.rs"]
mod opening;
#[path = "conformance/paths.rs"]
mod paths;
#[path = "conformance/renaming.rs"]
mod renaming;
#[path = "conformance/symlinks.rs"]
mod symlinks;
