//! Every way out leaves everything that was acknowledged at the path, or says that it may not be there.

use nix::fcntl::{OFlag, open};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use plimsoll_reference::host::LINE_MAX;

use crate::support::{IN_MEMORY, ON_DISK, Place, Running};

/// Writes something, ends a command that brings its server in some way, and wants everything to be there.
fn check(end: impl Fn(&mut Running), code: i32) {
    for options in IN_MEMORY.into_iter().chain(ON_DISK) {
        let place = Place::new(options);
        let mut running = place.start(&["run"]);
        running.ask("", "ready");
        running.ask("5 put a 1\n", "5 ok");
        running.ask("5 put b/x 2\n", "5 ok");
        end(&mut running);
        let done = running.end();
        assert_eq!(done.code, code, "{options:?}: {done:?}");
        let last = done.stdout.lines().last().unwrap_or_default();
        assert_eq!(last, "end 2 power", "{options:?}: {done:?}");
        assert_eq!(place.scan(), "a 1\nb/x 2\n", "{options:?}");
    }
}

#[test]
fn the_end_of_the_input() {
    check(Running::close_input, 0);
}

#[test]
fn a_close() {
    check(|running| drop(running.ask("9 close\n", "9 ok")), 0);
}

#[test]
fn signals_to_the_process() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        check(|running| running.signal(signal), 0);
    }
}

#[test]
fn signals_to_the_group() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        check(|running| running.signal_group(signal), 0);
    }
}

#[test]
fn a_second_signal_breaks_nothing_off() {
    let twice = |running: &mut Running| {
        running.signal_group(Signal::SIGTERM);
        // It may have ended by now, and is not waited for as yet, so that its number is its own.
        running.signal(Signal::SIGINT);
    };
    check(twice, 0);
}

#[test]
fn a_request_that_failed() {
    let ask = |running: &mut Running| {
        running.ask("6 frobnicate\n", "6 failed absent");
        running.close_input();
    };
    check(ask, 3);
    for options in IN_MEMORY {
        let place = Place::new(options);
        let line = format!("batch {}", "put k x*9; ".repeat(2));
        let done = place.run(&["exec", "put a 1", &line, "put c 3"]);
        assert_eq!(done.code, 2, "it is seen before anything is done: {done:?}");
        // The key is larger than keys may be.
        let done = place.run(&["exec", "put a 1", "put k*70000 1", "put c 3"]);
        assert_eq!(done.code, 3, "{done:?}");
        assert!(done.stderr.contains("1 requests were not made"), "{done:?}");
        assert_eq!(place.scan(), "a 1\n");
    }
}

#[test]
fn a_line_that_is_cut_off_is_not_executed() {
    for options in IN_MEMORY.into_iter().chain(ON_DISK) {
        let place = Place::new(options);
        let done = place.run_with("1 put a 1\n2 put a 2", &["run"]);
        assert_eq!(done.code, 3, "it was not made: {done:?}");
        assert!(done.stdout.ends_with("\nend 1 power\n"), "{done:?}");
        assert_eq!(place.scan(), "a 1\n");
    }
}

#[test]
fn a_request_that_gets_too_long_by_its_number_is_answered() {
    let place = Place::new(ON_DISK[0]);
    let mut input: String = (1..=10).map(|id| format!("{id} get a\n")).collect();
    input.push_str("7 put a ");
    input.push_str(&"v".repeat(LINE_MAX - "7 put a ".len()));
    input.push('\n');
    let done = place.run_with(&input, &["run"]);
    assert_eq!(done.code, 3, "{}", done.stderr);
    let refused = "7 failed absent with its number";
    assert!(done.stdout.contains(refused), "{}", done.stdout);
}

#[test]
fn an_input_that_cannot_be_read_is_no_end() {
    let place = Place::new(ON_DISK[0]);
    // read(2) of a directory is EISDIR.
    let directory = open(place.dir(), OFlag::O_RDONLY, Mode::empty()).expect("it is there");
    let output = place.command(&["run"]).stdin(directory).output();
    let output = output.expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("cannot be read to its end"), "{stderr}");
}

#[test]
fn a_request_of_several_lines_is_one() {
    let place = Place::new(ON_DISK[0]);
    let done = place.run(&["exec", "batch put a 1;\nput b 2\n", "put c 3"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(place.scan(), "a 1\nb 2\nc 3\n");
}

#[test]
fn the_death_of_the_server_is_told_with_what_there_is() {
    for options in IN_MEMORY {
        let place = Place::new(options);
        let mut running = place.start(&["run"]);
        running.ask("1 put a 1\n", "1 ok");
        running.ask("2 snapshot\n", "2 ok");
        running.ask("3 put b 2\n", "3 ok");
        running.kill_server();
        let done = running.end();
        assert_eq!(done.code, 1, "{done:?}");
        assert!(
            done.stdout
                .contains("end failed the server ended by SIGKILL"),
            "{done:?}"
        );
        assert!(done.stderr.contains("holds all up to write 1"), "{done:?}");
        assert_eq!(place.scan(), "a 1\n");
    }
}

#[test]
fn the_death_of_the_parent_ends_the_server_in_order() {
    for options in IN_MEMORY {
        let place = Place::new(options);
        let mut running = place.start(&["run"]);
        running.ask("1 put a 1\n", "1 ok");
        running.kill();
        assert_eq!(place.scan(), "a 1\n");
    }
}

#[test]
fn a_snapshot_that_cannot_be_made_fails_the_command() {
    let place = Place::new(IN_MEMORY[1]);
    let mut running = place.start(&["run"]);
    running.ask("1 put a 1\n", "1 ok");
    std::fs::remove_dir_all(place.dir().join("sub")).expect("it is there");
    std::fs::write(place.dir().join("sub"), "in the way").expect("it is free");
    running.close_input();
    let done = running.end();
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stderr.contains("the last snapshot failed"), "{done:?}");
    assert!(done.stdout.contains("end failed"), "{done:?}");
}
