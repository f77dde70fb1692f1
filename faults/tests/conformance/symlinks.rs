//! Symbolic links: what follows them, and what means the link itself.

use std::path::Path;

use plimsoll_faults::errno::Errno;
use plimsoll_reference::fs::{FileKind, FsOps, OpenOptions};

use crate::support::{
    content, create, exists, fails, link, mkdir, names, open, rename, rmdir, stat, symlink, unlink,
};

fn target(fs: &dyn FsOps, path: &str) -> String {
    let target = fs.read_link(Path::new(path)).expect("it is a link");
    target.to_str().expect("it was made of text").to_owned()
}

on_both! {
    fn a_link_is_described_as_a_link_and_opened_as_what_it_leads_to(fs) {
        create(fs, "a", b"abc");
        symlink(fs, "a", "l").expect("the name is free");
        assert_eq!(stat(fs, "l").kind, FileKind::Symlink);
        assert_eq!(stat(fs, "l").len, 1);
        assert_eq!(target(fs, "l"), "a");
        assert_eq!(content(fs, "l"), b"abc");
        let file = open(fs, "l", OpenOptions::read_write()).expect("it leads to a file");
        file.write_at(b"x", 0).expect("it can be written");
        assert_eq!(content(fs, "a"), b"xbc");
        let kinds = fs.read_dir(Path::new("")).expect("it can be listed");
        assert!(kinds.iter().any(|entry| entry.name == "l" && entry.kind == FileKind::Symlink));
    }

    fn a_relative_target_starts_at_the_directory_of_the_link(fs) {
        mkdir(fs, "d").expect("the name is free");
        create(fs, "d/a", b"in d");
        symlink(fs, "a", "d/l").expect("the name is free");
        assert_eq!(content(fs, "d/l"), b"in d");
        symlink(fs, "d/./l", "k").expect("the name is free");
        assert_eq!(content(fs, "k"), b"in d");
    }

    fn links_to_directories_lead_on(fs) {
        mkdir(fs, "d").expect("the name is free");
        symlink(fs, "d", "l").expect("the name is free");
        create(fs, "l/a", b"abc");
        assert_eq!(content(fs, "d/a"), b"abc");
        assert_eq!(names(fs, "l"), ["a"]);
        assert_eq!(stat(fs, "l/").kind, FileKind::Dir);
        fs.sync_dir(Path::new("l")).expect("it leads to a directory");
        rename(fs, "l/a", "d/b").expect("both are there");
        assert_eq!(names(fs, "d"), ["b"]);
        fails(open(fs, "l", OpenOptions::read_only()), Errno::EISDIR);
    }

    fn a_link_to_nothing_is_there_and_what_it_leads_to_is_not(fs) {
        symlink(fs, "a", "l").expect("the name is free");
        assert!(exists(fs, "l"));
        fails(open(fs, "l", OpenOptions::read_only()), Errno::ENOENT);
        fails(open(fs, "l", OpenOptions::read_write().create_new()), Errno::EEXIST);
        fails(mkdir(fs, "l"), Errno::EEXIST);
        fails(link(fs, "l/", "k"), Errno::ENOENT);
        let file = open(fs, "l", OpenOptions::read_write().create()).expect("the way is there");
        file.write_at(b"new", 0).expect("it can be written");
        assert_eq!(content(fs, "a"), b"new");
    }

    fn a_slash_behind_where_a_link_leads_asks_for_a_directory(fs) {
        mkdir(fs, "d").expect("the name is free");
        create(fs, "a", b"abc");
        for (target, without, with) in [
            ("a/", Errno::ENOTDIR, Errno::EISDIR),
            ("d/", Errno::EISDIR, Errno::EISDIR),
            ("d/b/", Errno::ENOENT, Errno::EISDIR),
            ("x/", Errno::ENOENT, Errno::EISDIR),
            ("x/b/", Errno::ENOENT, Errno::ENOENT),
            ("a/b/", Errno::ENOTDIR, Errno::ENOTDIR),
        ] {
            symlink(fs, target, "l").expect("the name is free");
            symlink(fs, "l", "k").expect("the name is free");
            for link in ["l", "k"] {
                fails(open(fs, link, OpenOptions::read_write()), without);
                fails(open(fs, link, OpenOptions::read_write().create()), with);
                fails(open(fs, link, OpenOptions::read_write().create_new()), Errno::EEXIST);
            }
            unlink(fs, "l").expect("it is there");
            unlink(fs, "k").expect("it is there");
        }
        assert!(!exists(fs, "d/b"));
        symlink(fs, "x/b", "l").expect("the name is free");
        symlink(fs, "l/", "k").expect("the name is free");
        fails(open(fs, "k", OpenOptions::read_write().create()), Errno::EISDIR);
    }

    fn renaming_linking_and_removing_mean_the_link(fs) {
        create(fs, "a", b"abc");
        symlink(fs, "a", "l").expect("the name is free");
        rename(fs, "l", "k").expect("it is there");
        assert_eq!(target(fs, "k"), "a");
        link(fs, "k", "m").expect("the name is free");
        assert_eq!(stat(fs, "m").kind, FileKind::Symlink);
        assert_eq!(stat(fs, "m").inode, stat(fs, "k").inode);
        unlink(fs, "k").expect("it is there");
        create(fs, "b", b"new");
        rename(fs, "b", "m").expect("it is there");
        assert_eq!(content(fs, "m"), b"new");
        assert_eq!(content(fs, "a"), b"abc");
    }

    fn a_link_is_no_directory(fs) {
        mkdir(fs, "d").expect("the name is free");
        symlink(fs, "d", "l").expect("the name is free");
        fails(rmdir(fs, "l"), Errno::ENOTDIR);
        fails(rename(fs, "d", "l"), Errno::ENOTDIR);
        create(fs, "a", b"");
        symlink(fs, "a", "k").expect("the name is free");
        fails(open(fs, "k/x", OpenOptions::read_only()), Errno::ENOTDIR);
    }

    fn links_that_lead_in_a_circle_end(fs) {
        symlink(fs, "b", "a").expect("the name is free");
        symlink(fs, "a", "b").expect("the name is free");
        fails(open(fs, "a", OpenOptions::read_only()), Errno::ELOOP);
        fails(open(fs, "a", OpenOptions::read_write().create()), Errno::ELOOP);
        fails(mkdir(fs, "a/x"), Errno::ELOOP);
    }

    fn forty_links_are_followed_and_no_more(fs) {
        create(fs, "l0", b"abc");
        for number in 0..41 {
            symlink(fs, &format!("l{number}"), &format!("l{}", number + 1)).expect("the name is free");
        }
        assert_eq!(content(fs, "l40"), b"abc");
        fails(open(fs, "l41", OpenOptions::read_only()), Errno::ELOOP);
    }

    fn only_links_are_read_and_made_of_something(fs) {
        create(fs, "a", b"");
        mkdir(fs, "d").expect("the name is free");
        for path in ["a", "d", ""] {
            fails(fs.read_link(Path::new(path)), Errno::EINVAL);
        }
        fails(fs.read_link(Path::new("x")), Errno::ENOENT);
        fails(symlink(fs, "", "l"), Errno::ENOENT);
        fails(symlink(fs, "x", "a"), Errno::EEXIST);
        fails(symlink(fs, "x", "d/e/l"), Errno::ENOENT);
        fails(symlink(fs, "x", "a/l"), Errno::ENOTDIR);
    }
}
