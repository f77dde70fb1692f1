//! The reference stores as processes that are killed, lose power and come back.

use std::sync::{Arc, Mutex};

use plimsoll_reference::host::{ExitStatus, Host, Lines, Signal, write_all};
use plimsoll_reference::native;
use plimsoll_reference::sqlite;
use plimsoll_sim::world::{Control, Plan, Setup, World};

use crate::support::{completed, say, usual};

/// What both engines can do.
enum Store {
    Native(Box<native::Store>),
    Sqlite(Box<sqlite::Store>),
}

impl Store {
    fn open(host: &Host, engine: &str) -> Option<Self> {
        if engine == "native" {
            let options = native::Options::new("data");
            let store = native::Store::open(host, &options).ok()?;
            Some(Self::Native(Box::new(store)))
        } else {
            let options = sqlite::Options::file("data.db");
            let store = sqlite::Store::open(host, &options).ok()?;
            Some(Self::Sqlite(Box::new(store)))
        }
    }

    fn put(&mut self, key: &[u8]) -> bool {
        match self {
            Self::Native(store) => store.put(key, b"value").is_ok(),
            Self::Sqlite(store) => store.put(key, b"value").is_ok(),
        }
    }

    fn has(&self, key: &[u8]) -> bool {
        match self {
            Self::Native(store) => store.get(key).expect("it can be read").is_some(),
            Self::Sqlite(store) => store.get(key).expect("it can be read").is_some(),
        }
    }
}

/// What a process ends with that cannot open its store.
const REFUSED: i32 = 3;

/// Puts each line as a key, in jobs, and says so; a key that is there is said to be there.
async fn serve(host: Host, engine: String) -> i32 {
    let of = host.clone();
    let opened = host.blocking(move || Store::open(&of, &engine)).await;
    let Ok(Some(store)) = opened else {
        return REFUSED;
    };
    let store = Arc::new(Mutex::new(store));
    let mut usr1 = host.process.catch(Signal::Usr1).expect("it can be caught");
    let of = host.clone();
    drop(host.spawn("signals", async move {
        loop {
            usr1.next().await;
            say(&of, "signal").await;
        }
    }));
    let mut lines = Lines::new(host.process.stdin());
    while let Ok(Some(line)) = lines.next().await {
        let store = Arc::clone(&store);
        let key = line.clone();
        let job = move || {
            let mut store = store.lock().expect("no job panics");
            let is_there = store.has(key.as_bytes());
            (is_there, is_there || store.put(key.as_bytes()))
        };
        let Ok((is_there, is_put)) = host.blocking(job).await else {
            return 1;
        };
        if is_there {
            say(&host, &format!("there {line}")).await;
        } else if is_put {
            say(&host, &format!("put {line}")).await;
        }
    }
    0
}

fn worlds(setup: Setup, engine: &'static str) -> World {
    let mut world = World::new(setup);
    world.program("store", move |host, _| {
        Box::pin(serve(host, engine.to_owned()))
    });
    world
}

/// Asks for keys until the process ends or all are answered; says which were acknowledged.
async fn ask(control: &Control, count: usize) -> Vec<String> {
    let process = control.start("store", &[]).expect("it is there");
    let mut stdin = control.stdin(process);
    let mut lines = Lines::new(control.stdout(process));
    let mut known = Vec::new();
    for number in 0..count {
        let key = format!("key{number}\n");
        if write_all(&mut *stdin, key.as_bytes()).await.is_err() {
            break;
        }
        if number % 10 == 5 {
            let _ = control.signal(process, Signal::Usr1);
        }
        loop {
            match lines.next().await {
                Ok(Some(line)) if line == "signal" => {}
                Ok(Some(line)) => {
                    known.push(line);
                    break;
                }
                _ => return known,
            }
        }
    }
    control.close_stdin(process);
    let _ = control.wait(process).await;
    known
}

/// What was acknowledged before the crash is there after it.
fn check(setup: Setup, engine: &'static str) -> plimsoll_sim::world::Run<()> {
    let seed = setup.seed;
    let ((before, after), run) = completed(&worlds(setup, engine), |control| async move {
        let mut before = ask(&control, 25).await;
        let mut after = ask(&control, 25).await;
        if after.len() < 25 {
            // The crash came late.
            before.append(&mut after);
            after = ask(&control, 25).await;
        }
        (before, after)
    });
    assert_eq!(after.len(), 25, "it goes on after the crash, seed {seed}");
    for (number, line) in after.iter().enumerate() {
        let was_acknowledged = before.contains(&format!("put key{number}"));
        let is_there = line == &format!("there key{number}");
        assert!(is_there || !was_acknowledged, "key{number}, seed {seed}");
    }
    run
}

#[test]
fn a_store_keeps_what_it_acknowledged_through_a_crash_at_any_operation() {
    for engine in ["native", "sqlite"] {
        for action in ["kill store", "power-loss"] {
            let mut leaked = 0;
            let mut happened = 0;
            for seed in 0..60 {
                let text = format!("operation {} of store: {action}", 1 + seed);
                let plan: Plan = text.parse().expect("it is a plan");
                let run = check(
                    Setup {
                        plan,
                        ..usual(seed)
                    },
                    engine,
                );
                leaked += run.leaked;
                happened += u32::from(run.happened[0].is_some());
            }
            assert_eq!(leaked, 0, "{engine}, {action}");
            assert!(happened > 50, "{engine}, {action}: {happened}");
        }
    }
}

#[test]
fn a_world_with_sqlite_is_the_same_twice() {
    for seed in 0..20 {
        let setup = Setup {
            plan: "operation 70 of store: power-loss"
                .parse()
                .expect("it is a plan"),
            trace: true,
            ..usual(seed)
        };
        let first = check(setup.clone(), "sqlite");
        let again = check(setup, "sqlite");
        let differ = plimsoll_sim::world::first_difference(
            &first.events.expect("kept"),
            &again.events.expect("kept"),
        );
        assert_eq!(differ.map(|difference| difference.to_string()), None);
        assert_eq!(first.fingerprint, again.fingerprint);
    }
}

#[test]
fn two_stores_on_one_path_exclude_each_other() {
    let world = worlds(usual(1), "native");
    let (statuses, _) = completed(&world, |control| async move {
        let ids = [0, 1].map(|_| control.start("store", &[]).expect("it is there"));
        control.sleep(crate::support::SECOND).await;
        for id in ids {
            control.close_stdin(id);
        }
        let first = control.wait(ids[0]).await;
        let second = control.wait(ids[1]).await;
        [first, second]
    });
    let refused = statuses
        .iter()
        .filter(|&&status| status == ExitStatus::Code(REFUSED));
    assert_eq!(refused.count(), 1, "{statuses:?}");
}
