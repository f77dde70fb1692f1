//! From paths to files.

use std::path::Path;

use plimsoll_faults::errno::Errno;
use plimsoll_reference::fs::{FileKind, OpenOptions};

use crate::support::{
    content, create, exists, fails, link, mkdir, names, open, rename, rmdir, stat, unlink,
};

const RW: OpenOptions = OpenOptions::read_write();

on_both! {
    fn the_empty_path_is_the_root(fs) {
        create(fs, "a", b"");
        assert_eq!(stat(fs, "").kind, FileKind::Dir);
        assert_eq!(names(fs, ""), names(fs, "."));
        assert_eq!(names(fs, ""), ["a"]);
    }

    fn superfluous_slashes_and_dots_do_not_matter(fs) {
        mkdir(fs, "d").expect("the name is free");
        create(fs, "d/a", b"abc");
        for path in ["d//a", "./d/a", "d/./a", ".//d/././a"] {
            assert_eq!(content(fs, path), b"abc", "{path}");
        }
        assert_eq!(names(fs, "d/"), ["a"]);
        assert_eq!(names(fs, "d/."), ["a"]);
    }

    fn absent_names_are_an_answer(fs) {
        create(fs, "a", b"");
        for path in ["x", "x/y", "a/x", "a/x/y"] {
            assert!(!exists(fs, path), "{path}");
        }
    }

    fn a_file_is_no_directory_on_the_way(fs) {
        create(fs, "a", b"");
        fails(open(fs, "a/x", OpenOptions::read_only()), Errno::ENOTDIR);
        fails(open(fs, "a/x", RW.create()), Errno::ENOTDIR);
        fails(open(fs, "a/x/y", RW.create()), Errno::ENOTDIR);
        fails(unlink(fs, "a/x"), Errno::ENOTDIR);
        fails(rmdir(fs, "a/x"), Errno::ENOTDIR);
        fails(fs.sync_dir(Path::new("a/x")), Errno::ENOTDIR);
    }

    fn a_name_behind_which_a_slash_stands_is_a_directory(fs) {
        create(fs, "a", b"");
        mkdir(fs, "d").expect("the name is free");
        fails(open(fs, "a/", RW), Errno::ENOTDIR);
        fails(open(fs, "a/.", RW), Errno::ENOTDIR);
        fails(open(fs, "x/", RW.create()), Errno::EISDIR);
        fails(unlink(fs, "a/"), Errno::ENOTDIR);
        fails(unlink(fs, "d/"), Errno::EISDIR);
        fails(rename(fs, "a/", "b"), Errno::ENOTDIR);
        fails(rename(fs, "a", "b/"), Errno::ENOTDIR);
        fails(link(fs, "a", "b/"), Errno::ENOENT);
        assert!(!exists(fs, "a/"));
        rename(fs, "d/", "e/").expect("it is a directory");
        mkdir(fs, "d/").expect("the name is free");
        rmdir(fs, "d/").expect("it is empty");
        assert_eq!(names(fs, ""), ["a", "e"]);
    }

    fn names_are_at_most_255_bytes_long(fs) {
        let (most, more) = ("n".repeat(255), "n".repeat(256));
        create(fs, &most, b"abc");
        assert_eq!(content(fs, &most), b"abc");
        create(fs, "a", b"");
        fails(open(fs, &more, OpenOptions::read_only()), Errno::ENAMETOOLONG);
        fails(open(fs, &more, RW.create()), Errno::ENAMETOOLONG);
        fails(open(fs, &format!("{more}/a"), RW.create()), Errno::ENAMETOOLONG);
        fails(fs.metadata(Path::new(&more)), Errno::ENAMETOOLONG);
        fails(mkdir(fs, &more), Errno::ENAMETOOLONG);
        fails(rmdir(fs, &more), Errno::ENAMETOOLONG);
        fails(unlink(fs, &more), Errno::ENAMETOOLONG);
        fails(rename(fs, "a", &more), Errno::ENAMETOOLONG);
        fails(rename(fs, &more, "a"), Errno::ENAMETOOLONG);
        fails(link(fs, "a", &more), Errno::ENAMETOOLONG);
        fails(fs.read_dir(Path::new(&more)), Errno::ENAMETOOLONG);
        // A file on the way is noticed before the name behind it.
        assert!(!exists(fs, &format!("a/{more}")));
    }

    fn paths_are_at_most_4095_bytes_long(fs) {
        let path = "./".repeat(3000) + "a";
        fails(open(fs, &path, RW.create()), Errno::ENAMETOOLONG);
        fails(fs.metadata(Path::new(&path)), Errno::ENAMETOOLONG);
    }
}
