//! What the tests share.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use plimsoll_faults::disk::SimFs;
use plimsoll_faults::profile::Profile;
use plimsoll_reference::fs::{FsOps, OpenOptions};
use plimsoll_reference::host::{Host, Later, Lines, write_all};
use plimsoll_sim::world::{Control, Ended, Pace, ProcessId, Run, Setup, World};

static PROFILE: LazyLock<Arc<Profile>> =
    LazyLock::new(|| Profile::named("ext4-ordered").expect("it ships"));

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A world where time passes only when somebody waits.
pub(crate) fn instant(seed: u64) -> Setup {
    Setup {
        pace: Pace::instant(),
        step_time: Duration::ZERO,
        ..Setup::new(seed, Arc::clone(&PROFILE))
    }
}

/// A world as it comes.
pub(crate) fn usual(seed: u64) -> Setup {
    Setup::new(seed, Arc::clone(&PROFILE))
}

/// A world with one program.
pub(crate) fn world(
    setup: Setup,
    main: impl Fn(Host, Vec<String>) -> Later<'static, i32> + Send + Sync + 'static,
) -> World {
    let mut world = World::new(setup);
    world.program("program", main);
    world
}

/// Runs a harness that must come to its end.
pub(crate) fn completed<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    world: &World,
    harness: impl FnOnce(Control) -> F,
) -> (T, Run<()>) {
    let run = world.run(harness).expect("the build simulates");
    assert_eq!(run.ended, Ended::Complete);
    let value = run.value.expect("a complete run has a value");
    let rest = Run {
        value: None,
        ended: run.ended,
        fingerprint: run.fingerprint,
        schedule: run.schedule,
        diverged: run.diverged,
        happened: run.happened,
        order: run.order,
        mishaps: run.mishaps,
        arrived: run.arrived,
        handled: run.handled,
        steps: run.steps,
        time: run.time,
        eras: run.eras,
        ends: run.ends,
        sent: run.sent,
        interrupted: run.interrupted,
        leaked: run.leaked,
        events: run.events,
    };
    (value, rest)
}

/// Starts the one program.
pub(crate) fn start(control: &Control) -> ProcessId {
    control.start("program", &[]).expect("it is there")
}

/// Everything that a process writes until it closes its output.
pub(crate) async fn all_lines(control: &Control, process: ProcessId) -> Vec<String> {
    let mut lines = Lines::new(control.stdout(process));
    let mut all = Vec::new();
    while let Ok(Some(line)) = lines.next().await {
        all.push(line);
    }
    all
}

/// Writes one line.
pub(crate) async fn say(host: &Host, line: &str) {
    let line = format!("{line}\n");
    write_all(&mut *host.process.stdout(), line.as_bytes())
        .await
        .expect("somebody reads");
}

/// Makes a file with this content, synced where that is wanted.
pub(crate) fn put(fs: &dyn FsOps, name: &str, content: &[u8], is_synced: bool) {
    let options = OpenOptions::read_write().create();
    // After the death of the process nothing succeeds.
    let Ok(file) = fs.open(Path::new(name), options) else {
        return;
    };
    let _ = file.write_at(content, 0);
    if is_synced {
        let _ = file.sync_all();
        let _ = fs.sync_dir(Path::new(""));
    }
}

/// What a file holds, if it is there.
pub(crate) fn get(disk: &SimFs, name: &str) -> Option<Vec<u8>> {
    let file = disk.open(Path::new(name), OpenOptions::read_only()).ok()?;
    let mut buf = vec![0; 64];
    let count = file.read_at(&mut buf, 0).expect("the disk is sound");
    buf.truncate(count);
    Some(buf)
}
