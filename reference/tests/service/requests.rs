//! What a client asks and is told.

use plimsoll_reference::service::{EngineOptions, ServiceOptions};

use crate::support::{Bench, Session, native, on_sqlite, run};

/// A conversation that is the same on both engines.
async fn converse(engine: EngineOptions, snapshot: &str) {
    let bench = Bench::new();
    let options = ServiceOptions::new(engine);
    let mut session = Session::start(&bench, options, 0).await;
    session.asked("1 put a/x 1", "1 ok power 1").await;
    session.asked("2 get a/x", "2 value 1").await;
    session.asked("3 get a/y", "3 absent").await;
    session
        .asked("4 batch put a/y a*5; delete a/x", "4 ok power 2")
        .await;
    session.asked("5 put %00 -", "5 ok power 3").await;
    session.ask(&["6 scan"]).await;
    session.says("6 key %00 -").await;
    session.says("6 key a/y a*5").await;
    session.says("6 end 2 3").await;
    session.asked("7 sync", "7 ok power 3").await;
    session.asked("8 checkpoint", "8 ok power 3").await;
    session.asked("9 compact", "9 ok power 3").await;
    session.ask(&["10 snapshot"]).await;
    session
        .says(&format!("snapshot 1 request done 3 {snapshot}"))
        .await;
    session.says(&format!("10 ok power 3 {snapshot}")).await;
    session.ask(&["11 close", "12 put z 1"]).await;
    session.says("12 failed absent the service is ending").await;
    session.says("11 ok power 3").await;
    assert_eq!(session.ended().await, ("end 3 power".to_owned(), 0));
}

#[test]
fn a_conversation() {
    run(converse(native(), "data/snapshot.plim"));
    run(converse(on_sqlite(), "snapshots/store.db"));
}

#[test]
fn what_is_no_request_is_answered_and_changes_nothing() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, ServiceOptions::new(native()), 0).await;
        session
            .asked(
                "put a 1",
                "0 failed absent a request begins with its number",
            )
            .await;
        session
            .asked("1 put a", "1 failed absent `put` takes a key and a value")
            .await;
        session
            .asked(
                "2 sync now",
                "2 failed absent `sync` takes nothing behind it",
            )
            .await;
        let long = format!("3 put a {}", "bc".repeat(1 << 20));
        session
            .asked(&long, "0 failed absent a line is longer than 1048576 bytes")
            .await;
        session
            .asked(
                "4 put a*65537 1",
                "4 failed absent the key length in bytes is 65537 and may be at most 65536; split it",
            )
            .await;
        session.asked("5 put b 1", "5 ok power 1").await;
        session.end("end 1 power").await;
    });
}

#[test]
fn a_request_that_is_refused_costs_its_neighbours_nothing() {
    run(async {
        let bench = Bench::new();
        let mut session = Session::start(&bench, ServiceOptions::new(native()), 0).await;
        session
            .ask(&[
                "1 put a 1",
                "2 batch put b 1; put a*65537 2",
                "3 put c 1",
                "4 scan",
            ])
            .await;
        session.begins("2 failed absent").await;
        session.says("1 ok power 1").await;
        session.says("3 ok power 2").await;
        session.says("4 key a 1").await;
        session.says("4 key c 1").await;
        session.says("4 end 2 2").await;
        session.end("end 2 power").await;
    });
}

#[test]
fn a_line_that_is_cut_off_is_not_executed() {
    run(async {
        let bench = Bench::new();
        let options = ServiceOptions::new(native());
        let mut session = Session::start(&bench, options.clone(), 0).await;
        session.write("1 put a 1\n2 put b 12").await;
        session.says("1 ok power 1").await;
        session.end_input();
        assert_eq!(session.ended().await, ("end 1 power".to_owned(), 0));
        assert!(session.notes().contains("inside of a line"));
        let mut session = Session::start(&bench, options, 1).await;
        session.asked("1 get b", "1 absent").await;
        session.end("end 1 power").await;
    });
}
