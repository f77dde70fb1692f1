//! Reading, writing, lengths.

use plimsoll_faults::errno::Errno;
use plimsoll_reference::fs::OpenOptions;

use crate::support::{content, create, fails, open, read, stat};

const RW: OpenOptions = OpenOptions::read_write();

on_both! {
    fn reading_past_the_end_gives_nothing(fs) {
        let file = create(fs, "a", b"abc");
        assert_eq!(read(&*file, 1, 9), b"bc");
        assert_eq!(read(&*file, 3, 9), b"");
        assert_eq!(read(&*file, 1 << 40, 9), b"");
        assert_eq!(read(&*file, 0, 0), b"");
    }

    fn an_offset_beyond_what_a_file_can_have_is_invalid(fs) {
        let file = create(fs, "a", b"abc");
        fails(file.read_at(&mut [0], u64::MAX), Errno::EINVAL);
        fails(file.write_at(b"x", u64::MAX), Errno::EINVAL);
        fails(file.write_at(b"x", 1 << 62), Errno::EFBIG);
        fails(file.set_len(u64::MAX), Errno::EINVAL);
        fails(file.set_len(1 << 62), Errno::EFBIG);
        assert_eq!(content(fs, "a"), b"abc");
    }

    fn a_hole_reads_zeros(fs) {
        let file = create(fs, "a", b"abc");
        file.write_at(b"x", 10_000).expect("it can be written");
        let mut wanted = vec![0; 10_001];
        wanted[..3].copy_from_slice(b"abc");
        wanted[10_000] = b'x';
        assert_eq!(content(fs, "a"), wanted);
    }

    fn writing_nothing_changes_nothing(fs) {
        let file = create(fs, "a", b"abc");
        assert_eq!(file.write_at(b"", 10).expect("nothing to do"), 0);
        assert_eq!(stat(fs, "a").len, 3);
    }

    fn cutting_and_extending_exposes_zeros(fs) {
        let file = create(fs, "a", &[b'x'; 6000]);
        for len in [700, 5000, 512, 4096, 4097, 0, 3] {
            let old = file.metadata().expect("it is open").len as usize;
            file.set_len(len).expect("it can be set");
            let now = content(fs, "a");
            assert_eq!(now.len() as u64, len);
            assert!(now[old.min(now.len())..].iter().all(|&byte| byte == 0), "after {len}");
        }
        assert_eq!(content(fs, "a"), [0; 3]);
    }

    fn an_appending_handle_writes_at_the_end_of_the_moment(fs) {
        let file = create(fs, "a", b"abc");
        let log = open(fs, "a", RW.append()).expect("it is there");
        log.append(b"d").expect("it can be written");
        file.set_len(2).expect("it can be cut");
        log.append(b"e").expect("it can be written");
        file.write_at(b"fg", 5).expect("it can be written");
        log.append(b"h").expect("it can be written");
        assert_eq!(content(fs, "a"), b"abe\0\0fgh");
    }

    fn an_appending_handle_refuses_a_position(fs) {
        create(fs, "a", b"abc");
        let log = open(fs, "a", RW.append()).expect("it is there");
        fails(log.write_at(b"x", 0), Errno::EINVAL);
        assert_eq!(content(fs, "a"), b"abc");
    }

    fn only_an_appending_handle_appends(fs) {
        let file = create(fs, "a", b"abc");
        fails(file.append(b"x"), Errno::EBADF);
        assert_eq!(content(fs, "a"), b"abc");
    }

    fn allocating_extends_with_zeros_and_keeps_content(fs) {
        let file = create(fs, "a", b"abc");
        file.allocate(0, 2).expect("there is space");
        assert_eq!(content(fs, "a"), b"abc");
        file.allocate(2, 3).expect("there is space");
        assert_eq!(content(fs, "a"), b"abc\0\0");
        fails(file.allocate(0, 0), Errno::EINVAL);
        fails(file.allocate(u64::MAX, 1), Errno::EFBIG);
        fails(file.allocate(i64::MAX as u64, 1), Errno::EFBIG);
    }

    fn a_handle_for_reading_does_not_write(fs) {
        create(fs, "a", b"abc");
        let file = open(fs, "a", OpenOptions::read_only()).expect("it is there");
        fails(file.write_at(b"x", 0), Errno::EBADF);
        fails(file.write_at(b"", 0), Errno::EBADF);
        fails(file.append(b"x"), Errno::EBADF);
        fails(file.allocate(0, 9), Errno::EBADF);
        fails(file.allocate(0, 0), Errno::EINVAL);
        // ftruncate(2): "EBADF or EINVAL"; Linux says EINVAL.
        fails(file.set_len(0), Errno::EINVAL);
        file.sync_all().expect("a reader may sync");
        file.sync_data().expect("a reader may sync");
        assert_eq!(content(fs, "a"), b"abc");
    }

    fn an_appending_handle_for_reading_does_not_write_either(fs) {
        create(fs, "a", b"abc");
        let file = open(fs, "a", OpenOptions::read_only().append()).expect("it is there");
        fails(file.append(b"x"), Errno::EBADF);
        assert_eq!(content(fs, "a"), b"abc");
    }
}
