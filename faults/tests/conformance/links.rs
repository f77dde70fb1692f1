//! Second names, and the removal of names.

use plimsoll_faults::errno::Errno;
use plimsoll_reference::fs::OpenOptions;

use crate::support::{content, create, exists, fails, link, mkdir, open, stat, unlink};

on_both! {
    fn linked_names_share_content_and_identity(fs) {
        create(fs, "a", b"abc");
        mkdir(fs, "d").expect("the name is free");
        link(fs, "a", "d/b").expect("the name is free");
        let file = open(fs, "d/b", OpenOptions::read_write()).expect("it is there");
        file.write_at(b"x", 0).expect("it can be written");
        assert_eq!(content(fs, "a"), b"xbc");
        assert_eq!(stat(fs, "a"), stat(fs, "d/b"));
        assert_eq!(stat(fs, "a").links, 2);
    }

    fn removing_a_name_keeps_the_others(fs) {
        create(fs, "a", b"abc");
        link(fs, "a", "b").expect("the name is free");
        unlink(fs, "a").expect("it is there");
        assert!(!exists(fs, "a"));
        assert_eq!(content(fs, "b"), b"abc");
        assert_eq!(stat(fs, "b").links, 1);
    }

    fn a_link_does_not_replace(fs) {
        create(fs, "a", b"abc");
        create(fs, "b", b"old");
        mkdir(fs, "d").expect("the name is free");
        for taken in ["a", "b", "d", ""] {
            fails(link(fs, "a", taken), Errno::EEXIST);
        }
        assert_eq!(content(fs, "b"), b"old");
    }

    fn directories_have_one_name(fs) {
        mkdir(fs, "d").expect("the name is free");
        create(fs, "a", b"");
        fails(link(fs, "d", "e"), Errno::EPERM);
        // What is wrong with the new name comes first.
        fails(link(fs, "d", "a"), Errno::EEXIST);
        fails(link(fs, "d", "x/e"), Errno::ENOENT);
    }

    fn only_what_is_there_can_be_linked(fs) {
        create(fs, "a", b"");
        fails(link(fs, "x", "b"), Errno::ENOENT);
        fails(link(fs, "x", "a"), Errno::ENOENT);
        fails(link(fs, "a", "x/b"), Errno::ENOENT);
        fails(link(fs, "a", "a/b"), Errno::ENOTDIR);
    }

    fn only_files_are_unlinked(fs) {
        mkdir(fs, "d").expect("the name is free");
        fails(unlink(fs, "d"), Errno::EISDIR);
        fails(unlink(fs, ""), Errno::EISDIR);
        fails(unlink(fs, "x"), Errno::ENOENT);
        fails(unlink(fs, "x/y"), Errno::ENOENT);
        assert!(exists(fs, "d"));
    }
}
