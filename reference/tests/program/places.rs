//! Nothing that is there is replaced, and nobody else works where somebody does.

use crate::support::{IN_MEMORY, ON_DISK, Place};

#[test]
fn a_store_in_memory_goes_on_only_when_asked() {
    for options in IN_MEMORY {
        let place = Place::new(options);
        assert_eq!(place.run(&["exec", "put a 1"]).code, 0);
        let again = place.run(&["exec", "put b 2"]);
        assert_eq!(again.code, 2, "{again:?}");
        assert!(again.stderr.contains("use --resume"), "{again:?}");
        assert_eq!(place.scan(), "a 1\n");
        assert_eq!(place.run(&["exec", "--resume", "put b 2"]).code, 0);
        assert_eq!(place.scan(), "a 1\nb 2\n");
    }
}

/// The files of a place that hold data, each with the number of its file.
fn files(place: &Place) -> Vec<(std::path::PathBuf, u64)> {
    use std::os::unix::fs::MetadataExt;
    let mut found = Vec::new();
    for dir in ["sub", "sub/store"].map(|dir| place.dir().join(dir)) {
        for entry in std::fs::read_dir(dir).into_iter().flatten() {
            let path = entry.expect("it can be read").path();
            let is_data =
                path.is_file() && std::fs::metadata(&path).expect("it is there").len() > 0;
            if is_data {
                let inode = std::fs::metadata(&path).expect("it is there").ino();
                found.push((path, inode));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_snapshot_that_is_still_the_same_is_not_taken_again() {
    for options in IN_MEMORY {
        let place = Place::new(options);
        assert_eq!(place.run(&["exec", "put a 1"]).code, 0);
        assert_eq!(place.run(&["exec", "--resume", "put b 2"]).code, 0);
        let before = files(&place);
        let words = ["run", "--resume", "--snapshot-interval-seconds=1"];
        let done = place.run_with("1 get a\n2 scan\n", &words);
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.stdout.contains("1 value 1"), "{done:?}");
        assert!(!done.stdout.contains("snapshot "), "{done:?}");
        assert!(done.stdout.ends_with(" power\n"), "{done:?}");
        assert_eq!(
            files(&place),
            before,
            "an older copy would have gone for it"
        );
        // Whoever asks for one gets it.
        let done = place.run_with("1 snapshot\n", &words);
        assert!(done.stdout.contains("snapshot 1 request done"), "{done:?}");
        assert_ne!(files(&place), before);
        assert_eq!(place.scan(), "a 1\nb 2\n");
    }
}

#[test]
fn a_store_on_disk_is_opened() {
    for options in ON_DISK {
        let place = Place::new(options);
        assert_eq!(place.run(&["exec", "put a 1"]).code, 0);
        let done = place.run(&["exec", "get a"]);
        assert!(done.stdout.contains("\n1 value 1\n"), "{done:?}");
    }
}

#[test]
fn a_second_command_is_refused_while_the_first_runs() {
    for options in IN_MEMORY.into_iter().chain(ON_DISK) {
        let place = Place::new(options);
        let mut first = place.start(&["run"]);
        first.ask("1 put a 1\n", "1 ok");
        let second = place.run(&["run", "--resume"]);
        assert_eq!(second.code, 3, "{second:?}");
        assert!(second.stderr.contains("is being worked on"), "{second:?}");
        first.close_input();
        assert_eq!(first.end().code, 0);
    }
}

#[test]
fn commands_that_only_read_take_no_store_in_memory() {
    let place = Place::new(ON_DISK[0]);
    assert_eq!(place.run(&["exec", "put a 1"]).code, 0);
    for words in [&["get", "--in-memory", "a"][..], &["scan", "--in-memory"]] {
        let done = place.run(words);
        assert_eq!(done.code, 2, "{done:?}");
        assert!(done.stderr.contains("only reads"), "{done:?}");
    }
    let place = Place::new(IN_MEMORY[1]);
    assert_eq!(place.run(&["exec", "get a", "scan"]).code, 2);
    assert!(!place.path().exists(), "nothing was made");
}

#[test]
fn a_name_of_somebody_else_is_in_nobodys_way() {
    use std::os::unix::ffi::OsStrExt;
    let strange = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    for options in IN_MEMORY.into_iter().chain(ON_DISK) {
        let place = Place::new(options);
        let mut running = place.start(&["run"]);
        running.ask("1 put a 1\n", "1 ok");
        for dir in ["sub", "sub/store"].map(|dir| place.dir().join(dir)) {
            if dir.is_dir() {
                std::fs::write(dir.join(strange), "").expect("written");
            }
        }
        running.close_input();
        let done = running.end();
        assert_eq!(done.code, 0, "{options:?}: {done:?}");
        assert_eq!(place.run(&["exec", "--resume", "put b 2"]).code, 0);
        assert_eq!(place.scan(), "a 1\nb 2\n");
    }
}

#[test]
fn there_is_no_snapshot_of_a_store_that_is_not_there() {
    for options in ON_DISK {
        let place = Place::new(options);
        let copy = place.dir().join("copy");
        let option = format!("--snapshot-path={}", copy.display());
        let done = place.run(&["snapshot", &option]);
        assert_eq!(done.code, 3, "{done:?}");
        assert!(done.stderr.contains("there is no store at"), "{done:?}");
        let made = std::fs::read_dir(place.dir()).expect("it is there").count();
        assert_eq!(made, 0, "nothing was made");
    }
    for options in IN_MEMORY {
        let place = Place::new(options);
        let done = place.run(&["snapshot"]);
        assert_eq!(done.code, 2, "it would be one of nothing: {done:?}");
        assert!(!place.path().exists(), "nothing was made");
    }
}

#[test]
fn a_snapshot_of_a_store_at_rest() {
    for options in ON_DISK {
        let place = Place::new(options);
        assert_eq!(place.run(&["exec", "put a 1"]).code, 0);
        assert_eq!(place.run(&["exec", "put b 2"]).code, 0);
        let is_native = options == ON_DISK[0];
        let copy = match is_native {
            true => place.path().join("snapshot.plim"),
            false => place.dir().join("copy"),
        };
        let option = format!("--snapshot-path={}", copy.display());
        let words = ["snapshot", &option];
        let done = place.run(if is_native { &words[..1] } else { &words });
        assert_eq!(done.code, 0, "{done:?}");
        let taken = done
            .stdout
            .lines()
            .filter(|line| line.starts_with("snapshot "));
        assert_eq!(
            taken.count(),
            1,
            "a second one costs an older copy: {done:?}"
        );
        assert_eq!(place.scan(), "a 1\nb 2\n");
        let read = place.run_at(&copy, "scan");
        assert_eq!(read.stdout, "a 1\nb 2\n", "{read:?}");
    }
}

#[test]
fn a_snapshot_elsewhere_does_not_part_a_native_store_from_its_log() {
    let place = Place::new(ON_DISK[0]);
    for text in ["put a 1", "put b 2"] {
        assert_eq!(place.run(&["exec", text]).code, 0);
    }
    let copy = place.dir().join("copy");
    let option = format!("--snapshot-path={}", copy.display());
    let done = place.run(&["snapshot", &option]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(
        done.stderr.contains("would not be opened again"),
        "{done:?}"
    );
    assert!(!copy.exists());
    assert_eq!(place.scan(), "a 1\nb 2\n");
    // Whoever keeps it there may take another.
    assert_eq!(place.run(&["exec", &option, "snapshot"]).code, 0);
    assert_eq!(place.run(&["snapshot", &option]).code, 0);
}
