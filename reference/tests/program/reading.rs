//! Reading shows what is there, and changes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{IN_MEMORY, ON_DISK, Place};

/// Every file below a directory, with its content.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("it is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).expect("it can be read"));
        }
    }
    found
}

#[test]
fn what_a_kill_left_is_shown_and_left() {
    for options in ON_DISK {
        let place = Place::new(options);
        let mut server = place.start(&["serve"]);
        server.ask("1 put a 1\n", "1 ok");
        server.ask("2 batch put b 2; delete a\n", "2 ok");
        server.kill();
        let before = files(place.dir());
        assert_eq!(place.scan(), "b 2\n", "{options:?}");
        assert_eq!(place.run(&["get", "b"]).stdout, "2\n");
        assert_eq!(place.run(&["get", "a"]).code, 1);
        let check = place.run(&["check"]);
        assert_eq!(check.code, 0);
        assert!(check.stdout.contains("the next open"), "{check:?}");
        assert_eq!(files(place.dir()), before, "{options:?}");
    }
}

#[test]
fn nothing_is_made_where_nothing_is() {
    let place = Place::new(ON_DISK[0]);
    for words in [&["get", "a"][..], &["scan"], &["check"]] {
        let done = place.run(words);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.stderr.contains("nothing is at"), "{done:?}");
    }
    assert_eq!(files(place.dir()), BTreeMap::new());
}

#[test]
fn a_store_that_is_open_is_not_read_and_its_snapshot_is() {
    for options in ON_DISK {
        let place = Place::new(options);
        let mut server = place.start(&["serve"]);
        server.ask("1 put a 1\n", "1 ok");
        let done = place.run(&["scan"]);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.stderr.contains("open elsewhere"), "{done:?}");
        server.kill();
    }
    let place = Place::new(IN_MEMORY[1]);
    let mut server = place.start(&["serve"]);
    server.ask("1 put a 1\n2 snapshot\n", "2 ok");
    assert_eq!(place.scan(), "a 1\n");
    server.kill();
}

/// Whatever a reader does beside a server, what is acknowledged afterwards is there.
#[test]
fn a_store_whose_log_is_empty_is_not_read_either() {
    for options in ON_DISK {
        let place = Place::new(options);
        let mut server = place.start(&["serve"]);
        server.ask("1 put a 1\n2 checkpoint\n", "2 ok");
        let done = place.run(&["scan"]);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.stderr.contains("open elsewhere"), "{done:?}");
        server.ask("3 put b 2\n", "3 ok");
        server.kill();
        assert_eq!(place.scan(), "a 1\nb 2\n");
    }
}

#[test]
fn nobody_waits_for_a_pipe_in_place_of_a_store() {
    let place = Place::new(ON_DISK[1]);
    fs::create_dir_all(place.path().parent().expect("it has one")).expect("made");
    let mode = nix::sys::stat::Mode::S_IRWXU;
    nix::unistd::mkfifo(&place.path(), mode).expect("made");
    for words in [&["check"][..], &["get", "a"], &["exec", "put a 1"]] {
        let done = place.run(words);
        assert_eq!(done.code, 1, "{words:?}: {done:?}");
    }
    let place = Place::new(IN_MEMORY[1]);
    fs::create_dir_all(place.path().parent().expect("it has one")).expect("made");
    nix::unistd::mkfifo(&place.path(), mode).expect("made");
    let done = place.run(&["exec", "--resume", "put a 1"]);
    assert_eq!(done.code, 1, "{done:?}");
}

/// Looks at a store by another path than its own.
fn check(path: &Path) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll-store"));
    let output = command.arg("check").arg("--path").arg(path).output();
    let output = output.expect("it starts");
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    (output.status.code(), stderr)
}

#[test]
fn a_link_is_what_it_leads_to() {
    use std::os::unix::fs::symlink;
    let place = Place::new(ON_DISK[1]);
    let link = place.dir().join("link");
    symlink(place.path(), &link).expect("made");
    assert_eq!(check(&link).0, Some(1), "nothing is there");
    let mut server = place.start(&["serve"]);
    server.ask("1 put a 1\n", "1 ok");
    let (code, said) = check(&link);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("open elsewhere"), "{said}");
    server.kill();
    assert_eq!(check(&link).0, Some(0));
    // Opening a pipe would wait for somebody to write to it.
    let pipe = place.dir().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("made");
    let to_pipe = place.dir().join("to-pipe");
    symlink("pipe", &to_pipe).expect("made");
    let (code, said) = check(&to_pipe);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("neither a file nor a directory"), "{said}");
}

#[test]
fn damage_is_told() {
    for options in ON_DISK {
        let place = Place::new(options);
        assert_eq!(place.run(&["exec", "put a x*500"]).code, 0);
        let mut file = place.path();
        if file.is_dir() {
            file = file.join("0000000001.log");
        }
        let mut bytes = fs::read(&file).expect("it is there");
        // In the first frame of the one; in the page of the table of the other.
        let at = bytes.len().min(200).max(bytes.len() / 2);
        bytes[at] ^= 0xff;
        if options == ON_DISK[1] {
            bytes[100..108].fill(0xff);
        }
        fs::write(&file, bytes).expect("it can be written");
        let done = place.run(&["check"]);
        assert_eq!(done.code, 1, "{options:?}: {done:?}");
        assert_eq!(done.stderr.lines().count(), 1, "{done:?}");
    }
}
