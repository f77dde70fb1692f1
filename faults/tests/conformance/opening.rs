//! Opening and creating.

use plimsoll_faults::errno::Errno;
use plimsoll_reference::fs::{OpenOptions, WriteSync};

use crate::support::{content, create, exists, fails, link, mkdir, open, read, stat};

const RW: OpenOptions = OpenOptions::read_write();

on_both! {
    fn a_file_that_is_absent_is_not_opened(fs) {
        fails(open(fs, "a", OpenOptions::read_only()), Errno::ENOENT);
        fails(open(fs, "a", RW), Errno::ENOENT);
        fails(open(fs, "a", RW.truncate()), Errno::ENOENT);
        assert!(!exists(fs, "a"));
    }

    fn creating_opens_what_is_there(fs) {
        create(fs, "a", b"old");
        let file = open(fs, "a", RW.create()).expect("it is there");
        assert_eq!(read(&*file, 0, 9), b"old");
    }

    fn creating_makes_what_is_absent(fs) {
        open(fs, "a", RW.create()).expect("it is made");
        assert_eq!(stat(fs, "a").len, 0);
        assert_eq!(stat(fs, "a").links, 1);
    }

    fn creating_anew_refuses_what_is_there(fs) {
        create(fs, "a", b"old");
        fails(open(fs, "a", RW.create_new()), Errno::EEXIST);
        fails(open(fs, "a", RW.create_new().truncate()), Errno::EEXIST);
        assert_eq!(content(fs, "a"), b"old");
    }

    fn creating_anew_refuses_a_directory(fs) {
        mkdir(fs, "d").expect("the name is free");
        fails(open(fs, "d", RW.create_new()), Errno::EEXIST);
    }

    fn truncating_cuts_the_content_and_keeps_the_file(fs) {
        create(fs, "a", b"old");
        link(fs, "a", "b").expect("the name is free");
        let file = open(fs, "a", RW.truncate()).expect("it is there");
        assert_eq!(read(&*file, 0, 9), b"");
        assert_eq!(content(fs, "b"), b"");
        assert_eq!(stat(fs, "a").inode, stat(fs, "b").inode);
    }

    fn truncating_an_appending_handle_appends_from_the_start(fs) {
        create(fs, "a", b"old");
        let file = open(fs, "a", RW.append().truncate()).expect("it is there");
        assert_eq!(file.append(b"new").expect("it can be written"), 3);
        assert_eq!(content(fs, "a"), b"new");
    }

    fn a_directory_is_no_file(fs) {
        mkdir(fs, "d").expect("the name is free");
        for options in [OpenOptions::read_only(), RW, RW.create(), RW.truncate(), RW.append()] {
            fails(open(fs, "d", options), Errno::EISDIR);
            fails(open(fs, "", options), Errno::EISDIR);
        }
    }

    fn only_a_writer_creates_or_truncates(fs) {
        create(fs, "a", b"old");
        fails(open(fs, "a", OpenOptions::read_only().truncate()), Errno::EINVAL);
        fails(open(fs, "b", OpenOptions::read_only().create()), Errno::EINVAL);
        fails(open(fs, "b", OpenOptions::read_only().create_new()), Errno::EINVAL);
        assert!(!exists(fs, "b"));
        assert_eq!(content(fs, "a"), b"old");
    }

    fn synchronous_handles_read_and_write_as_others(fs) {
        for (name, sync) in [("a", WriteSync::Data), ("b", WriteSync::All)] {
            let file = open(fs, name, RW.create_new().write_sync(sync)).expect("the name is free");
            assert_eq!(file.write_at(b"xyz", 2).expect("it can be written"), 3);
            assert_eq!(content(fs, name), b"\0\0xyz");
        }
    }
}
