//! What an open handle keeps alive, and locks.

use plimsoll_reference::fs::OpenOptions;

use crate::support::{content, create, exists, link, names, open, read, rename, stat, unlink};

const RW: OpenOptions = OpenOptions::read_write();

on_both! {
    fn an_unlinked_file_lives_as_long_as_its_handle(fs) {
        let file = create(fs, "a", b"abc");
        unlink(fs, "a").expect("it is there");
        assert!(!exists(fs, "a"));
        file.write_at(b"d", 3).expect("it can be written");
        assert_eq!(read(&*file, 0, 9), b"abcd");
        file.sync_all().expect("it can be synced");
        let metadata = file.metadata().expect("it is open");
        assert_eq!((metadata.len, metadata.links), (4, 0));
        file.close().expect("nothing is late");
        assert_eq!(names(fs, ""), [""; 0]);
    }

    fn an_unlinked_file_outlives_many_others(fs) {
        let file = create(fs, "a", b"abc");
        unlink(fs, "a").expect("it is there");
        for index in 0..200 {
            create(fs, "b", &[index]);
            unlink(fs, "b").expect("it is there");
        }
        assert_eq!(read(&*file, 0, 9), b"abc");
    }

    fn a_replaced_file_lives_as_long_as_its_handle(fs) {
        let old = create(fs, "a", b"old");
        create(fs, "b", b"new");
        rename(fs, "b", "a").expect("files replace files");
        assert_eq!(read(&*old, 0, 9), b"old");
        assert_eq!(content(fs, "a"), b"new");
        assert_eq!(old.metadata().expect("it is open").links, 0);
    }

    fn a_handle_follows_its_file_and_not_its_name(fs) {
        let file = create(fs, "a", b"abc");
        rename(fs, "a", "b").expect("the name is free");
        create(fs, "a", b"other");
        file.write_at(b"x", 0).expect("it can be written");
        assert_eq!(content(fs, "b"), b"xbc");
        assert_eq!(content(fs, "a"), b"other");
        assert_eq!(file.metadata().expect("it is open"), stat(fs, "b"));
    }

    fn handles_of_one_file_see_each_other(fs) {
        let one = create(fs, "a", b"abc");
        let two = open(fs, "a", OpenOptions::read_only()).expect("it is there");
        one.write_at(b"x", 1).expect("it can be written");
        assert_eq!(read(&*two, 0, 9), b"axc");
    }

    fn a_lock_excludes_other_handles_and_not_its_own(fs) {
        let one = create(fs, "a", b"");
        let two = open(fs, "a", RW).expect("it is there");
        assert!(one.try_lock().expect("it can be asked for"));
        assert!(one.try_lock().expect("it can be asked for again"));
        assert!(!two.try_lock().expect("it can be asked for"));
    }

    fn closing_releases_the_lock(fs) {
        let one = create(fs, "a", b"");
        let two = open(fs, "a", RW).expect("it is there");
        assert!(one.try_lock().expect("it can be asked for"));
        one.close().expect("nothing is late");
        assert!(two.try_lock().expect("it can be asked for"));
        drop(two);
        let three = open(fs, "a", RW).expect("it is there");
        assert!(three.try_lock().expect("it can be asked for"));
    }

    fn closing_another_handle_does_not_release_the_lock(fs) {
        let one = create(fs, "a", b"");
        assert!(one.try_lock().expect("it can be asked for"));
        drop(open(fs, "a", RW).expect("it is there"));
        let two = open(fs, "a", RW).expect("it is there");
        assert!(!two.try_lock().expect("it can be asked for"));
    }

    fn a_lock_is_on_the_file_and_not_on_the_name(fs) {
        let one = create(fs, "a", b"");
        link(fs, "a", "b").expect("the name is free");
        assert!(one.try_lock().expect("it can be asked for"));
        let two = open(fs, "b", OpenOptions::read_only()).expect("it is there");
        assert!(!two.try_lock().expect("it can be asked for"));
        unlink(fs, "a").expect("it is there");
        let new = create(fs, "a", b"");
        assert!(new.try_lock().expect("it can be asked for"));
    }

    fn a_lock_does_not_keep_others_from_writing(fs) {
        let one = create(fs, "a", b"abc");
        assert!(one.try_lock().expect("it can be asked for"));
        let two = open(fs, "a", RW).expect("it is there");
        two.write_at(b"x", 0).expect("locks are advisory");
        assert_eq!(content(fs, "a"), b"xbc");
    }
}
