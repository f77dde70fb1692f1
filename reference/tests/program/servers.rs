//! Servers that do not do what they should: a parent tells what it knows from what it does not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use nix::sys::signal::Signal;
use plimsoll_reference::host::Host;

use crate::support::{Done, IN_MEMORY, ON_DISK, Place, Running};

/// Has a parent start this script as its server, and hand on one write.
fn with_server(script: &str, options: &[&str]) -> Done {
    let place = Place::new(IN_MEMORY[1]);
    let server = install(&place, script);
    let words = [&["run", &server], options].concat();
    place.run_with("7 put a 1\n", &words)
}

/// Makes a script the server, and gives the option that says so.
fn install(place: &Place, script: &str) -> String {
    let path = place.dir().join("server");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
    format!("--server={}", path.display())
}

/// Lets time pass.
fn pass(time: Duration) {
    Host::real().clock.sleep(time);
}

/// Answers the write.
const ACK: &str = "echo 'ready 1 0'; read line; echo '1 ok memory 1'; read line";

#[test]
fn only_the_answer_to_its_own_request_is_its_snapshot() {
    let others = "echo 'snapshot 1 interval done 1 /s'; echo '9 ok power 1 /s'; exit 0";
    let done = with_server(&format!("{ACK}; {others}"), &[]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.stdout
            .contains("end failed the server ended by exit code 0"),
        "{done:?}"
    );
    let own = "echo '2 ok power 1 /s'; exit 5";
    let done = with_server(&format!("{ACK}; {own}"), &[]);
    assert_eq!(done.code, 0, "its snapshot covers everything: {done:?}");
    assert!(done.stderr.contains("exit code 5"), "{done:?}");
    let stale = "echo '2 ok power 0 /s'; exit 0";
    assert_eq!(with_server(&format!("{ACK}; {stale}"), &[]).code, 1);
}

#[test]
fn what_the_server_lost_is_told_and_no_later_snapshot_makes_up_for_it() {
    let lost =
        "echo 'lost 1 1 no space'; echo '2 ok power 1 /s'; echo 'end failed no space'; exit 1";
    let done = with_server(&format!("{ACK}; {lost}"), &[]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stdout.contains("\nlost 1 1 no space\n"), "{done:?}");
    assert!(done.stdout.contains("end failed"), "{done:?}");
}

#[test]
fn a_server_that_says_all_is_well_and_dies_is_not_believed() {
    let end = "echo '2 failed unknown no space'; echo 'end 1 power'";
    let done = with_server(&format!("{ACK}; {end}; kill -9 $$"), &[]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stderr.contains("no space"), "{done:?}");
    let done = with_server(&format!("{ACK}; {end}"), &[]);
    assert_eq!(done.code, 0, "it ended well after all: {done:?}");
}

#[test]
fn silence_is_no_death() {
    let done = with_server(
        &format!("{ACK}; while read line; do :; done"),
        &["--give-up-after-seconds=1"],
    );
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stderr.contains("timed out"), "{done:?}");
    assert!(done.stderr.contains("the server goes on"), "{done:?}");
    assert!(!done.stderr.contains("the server ended by"), "{done:?}");
}

#[test]
fn who_was_asked_for_nothing_is_not_silent() {
    let places: Vec<Place> = IN_MEMORY
        .into_iter()
        .chain(ON_DISK)
        .map(Place::new)
        .collect();
    let start = |place: &Place| {
        let mut running = place.start(&["run", "--give-up-after-seconds=4"]);
        running.ask("1 put a 1\n", "1 ok");
        running
    };
    let running: Vec<Running> = places.iter().map(start).collect();
    // Nothing is owed meanwhile, and the end is given as much time as anything else.
    pass(Duration::from_millis(4500));
    for (place, mut running) in places.iter().zip(running) {
        running.close_input();
        let done = running.end();
        assert_eq!(done.code, 0, "{done:?}");
        assert!(!done.stderr.contains("timed out"), "{done:?}");
        assert_eq!(place.scan(), "a 1\n");
    }
}

/// A parent whose server says something, and waits before it opens the store.
fn opening(place: &Place, then: &str) -> Running {
    let server = install(
        place,
        &format!("echo 'snapshot 1 interval failed none'; {then}"),
    );
    let mut running = place.start(&["run", &server]);
    running.ask("", "snapshot 1");
    running
}

#[test]
fn a_server_that_does_not_open_is_left_when_told_twice() {
    let place = Place::new(IN_MEMORY[1]);
    let mut running = opening(&place, "while read line; do :; done");
    // Signals that are pending together come in no order, and of one kind they are one.
    for (signal, told) in [
        (
            Signal::SIGTERM,
            "SIGTERM: still waiting for the server to open the store",
        ),
        (
            Signal::SIGHUP,
            "SIGHUP: the end is under way, and is not broken off",
        ),
        (Signal::SIGTERM, "SIGTERM again: this no longer waits"),
    ] {
        running.signal(signal);
        running.told(told);
    }
    let done = running.end();
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stdout.contains("nothing was acknowledged"), "{done:?}");
}

#[test]
fn what_is_there_and_was_not_read_is_told() {
    let place = Place::new(ON_DISK[0]);
    let then = "sleep 1; echo 'ready 1 0'; read line; echo 'end 0 power'";
    for (input, code) in [("5 put a 1\n6 get a\n", 3), ("", 0)] {
        let mut running = opening(&place, then);
        running.say(input);
        running.signal(Signal::SIGTERM);
        let done = running.end();
        assert_eq!(done.code, code, "{done:?}");
        assert!(done.stdout.ends_with("end 0 power\n"), "{done:?}");
        let told = done.stderr.contains("requests that were not read: SIGTERM");
        assert_eq!(told, code == 3, "{done:?}");
    }
}

#[test]
fn what_is_read_ahead_when_the_end_comes_is_answered() {
    let place = Place::new(ON_DISK[0]);
    let count = "while [ $((n += 1)) -le 64 ]; do read line; done";
    let said = "echo 'snapshot 1 interval failed none'";
    let deaf = "while read line; do :; done; echo 'end 0 power'";
    let server = install(
        &place,
        &format!("echo 'ready 1 0'; {count}; {said}; {deaf}"),
    );
    let mut running = place.start(&["run", &server]);
    // A pipe takes so little as a whole, and it is read as one.
    let input: String = (1..=70).map(|id| format!("{id} get a\n")).collect();
    running.ask(&input, "snapshot 1");
    running.signal(Signal::SIGTERM);
    let done = running.end();
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.stdout.contains("\n64 failed unknown"), "{done:?}");
    for id in 65..=70 {
        let line = format!("{id} failed absent it was not handed on: SIGTERM\n");
        assert!(done.stdout.contains(&line), "{id}: {done:?}");
    }
}

#[test]
fn a_close_is_answered_also_where_the_server_dies_before_it() {
    let place = Place::new(IN_MEMORY[1]);
    let server = install(
        &place,
        "echo 'ready 1 0'; read line; echo '1 ok memory 1'; read line; exit 4",
    );
    let done = place.run_with("7 put a 1\n8 close\n", &["run", &server]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stdout.contains("\n8 failed absent"), "{done:?}");
}

#[test]
fn silence_about_a_request_is_told_too() {
    let place = Place::new(IN_MEMORY[1]);
    let deaf = "echo 'ready 1 0'; while read line; do :; done";
    let server = install(&place, deaf);
    let done = place.run(&["exec", &server, "--give-up-after-seconds=1", "put a 1"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stderr.contains("waiting for answers"), "{done:?}");
    assert!(done.stdout.contains("1 failed unknown"), "{done:?}");
}

#[test]
fn a_server_that_never_was_ready_acknowledged_nothing() {
    let done = with_server("echo 'disk full' >&2; exit 1", &[]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stdout.contains("it was not ready"), "{done:?}");
    let place = Place::new(IN_MEMORY[0]);
    let done = place.run(&["run", "--server=/nowhere/at/all"]);
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.stderr.contains("is it installed?"), "{done:?}");
}

#[test]
fn what_is_no_word_of_the_protocol_is_told_to_people() {
    let done = with_server(
        &format!("echo hello; {ACK}; echo '2 ok power 1 /s'; echo 'end 1 power'"),
        &[],
    );
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stderr.contains("[server] hello"), "{done:?}");
    assert!(!done.stdout.contains("hello"), "{done:?}");
    assert!(
        done.stdout.contains("7 ok memory 1"),
        "the client's number: {done:?}"
    );
}
