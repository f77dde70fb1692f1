//! Renaming.

use plimsoll_faults::errno::Errno;

use crate::support::{content, create, exists, fails, link, mkdir, names, rename, stat};

on_both! {
    fn a_file_replaces_a_file(fs) {
        create(fs, "a", b"new");
        create(fs, "b", b"old");
        let moved = stat(fs, "a");
        rename(fs, "a", "b").expect("files replace files");
        assert_eq!(content(fs, "b"), b"new");
        assert_eq!(stat(fs, "b"), moved);
        assert_eq!(names(fs, ""), ["b"]);
    }

    fn onto_itself_nothing_happens(fs) {
        create(fs, "a", b"abc");
        mkdir(fs, "d").expect("the name is free");
        create(fs, "d/x", b"");
        rename(fs, "a", "a").expect("nothing to do");
        rename(fs, "d", "d").expect("nothing to do");
        assert_eq!(content(fs, "a"), b"abc");
        assert_eq!(names(fs, "d"), ["x"]);
    }

    fn onto_another_name_of_the_same_file_both_stay(fs) {
        create(fs, "a", b"abc");
        link(fs, "a", "b").expect("the name is free");
        rename(fs, "a", "b").expect("nothing to do");
        assert_eq!(names(fs, ""), ["a", "b"]);
        assert_eq!(stat(fs, "a").links, 2);
    }

    fn a_replaced_name_leaves_the_other_names_of_its_file(fs) {
        create(fs, "a", b"new");
        create(fs, "b", b"old");
        link(fs, "b", "c").expect("the name is free");
        rename(fs, "a", "b").expect("files replace files");
        assert_eq!(content(fs, "c"), b"old");
        assert_eq!(stat(fs, "c").links, 1);
    }

    fn what_is_absent_is_not_renamed(fs) {
        create(fs, "b", b"old");
        fails(rename(fs, "a", "b"), Errno::ENOENT);
        fails(rename(fs, "x/a", "b"), Errno::ENOENT);
        fails(rename(fs, "b/a", "c"), Errno::ENOTDIR);
        fails(rename(fs, "b", "x/b"), Errno::ENOENT);
        fails(rename(fs, "b", "b/c"), Errno::ENOTDIR);
        assert_eq!(content(fs, "b"), b"old");
    }

    fn a_directory_replaces_an_empty_one_alone(fs) {
        for dir in ["d", "e", "f"] {
            mkdir(fs, dir).expect("the name is free");
        }
        create(fs, "d/x", b"x");
        create(fs, "f/y", b"");
        create(fs, "a", b"");
        fails(rename(fs, "d", "f"), Errno::ENOTEMPTY);
        fails(rename(fs, "d", "a"), Errno::ENOTDIR);
        fails(rename(fs, "a", "d"), Errno::EISDIR);
        fails(rename(fs, "a", "e"), Errno::EISDIR);
        rename(fs, "d", "e").expect("it is empty");
        assert_eq!(content(fs, "e/x"), b"x");
        assert!(!exists(fs, "d"));
    }

    fn a_directory_does_not_move_into_itself(fs) {
        mkdir(fs, "d").expect("the name is free");
        mkdir(fs, "d/e").expect("the name is free");
        create(fs, "d/a", b"");
        create(fs, "d/e/b", b"");
        fails(rename(fs, "d", "d/x"), Errno::EINVAL);
        fails(rename(fs, "d", "d/e/x"), Errno::EINVAL);
        // That comes before what is wrong with the place.
        fails(rename(fs, "d", "d/a"), Errno::EINVAL);
        fails(rename(fs, "d", "d/e"), Errno::EINVAL);
        fails(rename(fs, "d", "d/e/b"), Errno::EINVAL);
        fails(rename(fs, "d", "d/a/x"), Errno::ENOTDIR);
    }

    fn nothing_replaces_a_directory_that_it_lies_in(fs) {
        mkdir(fs, "d").expect("the name is free");
        mkdir(fs, "d/e").expect("the name is free");
        create(fs, "d/a", b"");
        create(fs, "d/e/b", b"");
        fails(rename(fs, "d/a", "d"), Errno::ENOTEMPTY);
        fails(rename(fs, "d/e/b", "d"), Errno::ENOTEMPTY);
        fails(rename(fs, "d/e", "d"), Errno::ENOTEMPTY);
        fails(rename(fs, "d/e/b", "d/e"), Errno::ENOTEMPTY);
    }

    fn across_directories_the_file_is_the_same(fs) {
        mkdir(fs, "d").expect("the name is free");
        let file = create(fs, "a", b"abc");
        rename(fs, "a", "d/b").expect("the name is free");
        file.write_at(b"x", 0).expect("it can be written");
        assert_eq!(content(fs, "d/b"), b"xbc");
        assert!(!exists(fs, "a"));
    }
}
