//! Directories.

use std::path::Path;

use plimsoll_faults::errno::Errno;
use plimsoll_reference::fs::{DirEntry, FileKind, OpenOptions};

use crate::support::{create, exists, fails, mkdir, names, open, rmdir, stat};

on_both! {
    fn a_listing_has_every_name_with_its_kind(fs) {
        create(fs, "b", b"");
        mkdir(fs, "a").expect("the name is free");
        create(fs, "a/c", b"");
        let mut entries = fs.read_dir(Path::new("")).expect("it can be listed");
        entries.sort();
        let entry = |name: &str, kind| DirEntry { name: name.to_owned(), kind };
        assert_eq!(entries, [entry("a", FileKind::Dir), entry("b", FileKind::File)]);
        assert_eq!(names(fs, "a"), ["c"]);
    }

    fn only_directories_are_listed(fs) {
        create(fs, "a", b"");
        fails(fs.read_dir(Path::new("a")), Errno::ENOTDIR);
        fails(fs.read_dir(Path::new("x")), Errno::ENOENT);
        fails(fs.read_dir(Path::new("a/x")), Errno::ENOTDIR);
    }

    fn a_directory_is_made_where_nothing_is(fs) {
        create(fs, "a", b"");
        mkdir(fs, "d").expect("the name is free");
        for taken in ["a", "d", ""] {
            fails(mkdir(fs, taken), Errno::EEXIST);
        }
        fails(mkdir(fs, "x/e"), Errno::ENOENT);
        fails(mkdir(fs, "a/e"), Errno::ENOTDIR);
        assert_eq!(stat(fs, "d").kind, FileKind::Dir);
    }

    fn only_an_empty_directory_is_removed(fs) {
        create(fs, "a", b"");
        mkdir(fs, "d").expect("the name is free");
        mkdir(fs, "d/e").expect("the name is free");
        fails(rmdir(fs, "d"), Errno::ENOTEMPTY);
        fails(rmdir(fs, "a"), Errno::ENOTDIR);
        fails(rmdir(fs, "x"), Errno::ENOENT);
        fails(rmdir(fs, "x/y"), Errno::ENOENT);
        rmdir(fs, "d/e").expect("it is empty");
        rmdir(fs, "d").expect("it is empty");
        assert!(!exists(fs, "d"));
    }

    fn a_directory_made_again_is_empty(fs) {
        mkdir(fs, "d").expect("the name is free");
        rmdir(fs, "d").expect("it is empty");
        fails(open(fs, "d/a", OpenOptions::read_write().create()), Errno::ENOENT);
        mkdir(fs, "d").expect("the name is free");
        create(fs, "d/a", b"");
        assert_eq!(names(fs, "d"), ["a"]);
    }

    fn only_directories_are_synced_as_such(fs) {
        create(fs, "a", b"");
        mkdir(fs, "d").expect("the name is free");
        fs.sync_dir(Path::new("d")).expect("it is a directory");
        fs.sync_dir(Path::new("")).expect("it is a directory");
        fails(fs.sync_dir(Path::new("a")), Errno::ENOTDIR);
        fails(fs.sync_dir(Path::new("x")), Errno::ENOENT);
    }
}
