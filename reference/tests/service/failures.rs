//! What fails, and who is told.

use std::io;
use std::path::Path;

use plimsoll_reference::service::{Acks, ServiceOptions};

use crate::rigged::eio;
use crate::support::{Bench, Session, native, on_sqlite, run};

/// Fails whatever makes the log durable.
fn no_sync(operation: &str, path: &Path) -> io::Result<()> {
    let path = path.to_str().unwrap_or_default();
    if operation == "sync" && (path.contains(".log") || path.contains("-wal")) {
        return Err(eio());
    }
    Ok(())
}

#[test]
fn a_failed_commit_reaches_everybody_and_the_store_is_opened_again() {
    run(async {
        for engine in [native(), on_sqlite()] {
            let bench = Bench::new();
            let mut session = Session::start(&bench, ServiceOptions::new(engine), 0).await;
            session.asked("1 put a 1", "1 ok power 1").await;
            bench.fs.rig(no_sync);
            session
                .ask(&["2 put b 1", "3 put c 1", "4 delete a", "5 get a"])
                .await;
            session.begins("2 failed unknown").await;
            session.begins("3 failed unknown").await;
            session.begins("4 failed unknown").await;
            // The store may refuse to be read, but shows nothing that may vanish.
            let shown = session.begins("5 ").await;
            assert!(
                shown == "5 value 1" || shown.starts_with("5 failed absent"),
                "{shown}"
            );
        }
    });
}

#[test]
fn a_store_that_failed_takes_writes_again_once_the_disk_does() {
    run(async {
        for engine in [native(), on_sqlite()] {
            let bench = Bench::new();
            let options = ServiceOptions::new(engine);
            let mut session = Session::start(&bench, options.clone(), 0).await;
            session.asked("1 put a 1", "1 ok power 1").await;
            bench.fs.rig(no_sync);
            session.ask(&["2 put b 1"]).await;
            session.begins("2 failed unknown").await;
            session.ask(&["3 put c 1"]).await;
            session.begins("3 failed absent").await;
            bench.fs.mend();
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            session.ask(&["4 put c 2"]).await;
            session.begins("4 ok power").await;
            session.end_input();
            let (last, code) = session.ended().await;
            assert!(last.starts_with("end ") && code == 0, "{last}");
            let mut session = Session::begin(&bench, options);
            session.begins("ready").await;
            session.asked("1 get a", "1 value 1").await;
            session.asked("2 get c", "2 value 2").await;
        }
    });
}

#[test]
fn what_a_window_lost_is_told_by_the_next_sync_and_by_the_end() {
    run(async {
        let bench = Bench::new();
        let options = ServiceOptions::new(native()).acks(Acks::Window);
        let mut session = Session::start(&bench, options, 0).await;
        session.asked("1 put a 1", "1 ok window(15000ms) 1").await;
        session.asked("2 sync", "2 ok power 1").await;
        session.asked("3 put b 1", "3 ok window(15000ms) 2").await;
        bench.fs.rig(no_sync);
        session.ask(&["4 sync"]).await;
        session
            .begins("lost 2 2 acknowledged writes 2 to 2 could not be committed")
            .await;
        session.begins("4 failed unknown").await;
        bench.fs.mend();
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        session.ask(&["5 put c 1", "6 sync"]).await;
        session.begins("5 ok window(15000ms)").await;
        session.begins("6 ok power").await;
        session.end_input();
        let (last, code) = session.ended().await;
        let lost = "end failed acknowledged writes 2 to 2 could not be committed";
        assert!(last.starts_with(lost), "{last}");
        assert_eq!(code, 1);
    });
}
