//! A system of one process and one file, right or wrong in one way.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_faults::crash::Bounds;
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::profile::Profile;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, read_to_end, write_all_at};
use plimsoll_reference::host::{Host, Lines, Program, write_all};
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::{Answer, Command, Outcome, Request};
use plimsoll_sim::trial::draw::Shape;
use plimsoll_sim::trial::family::Family;
use plimsoll_sim::trial::history::{Found, Pairs};
use plimsoll_sim::trial::hunt::TrialCase;
use plimsoll_sim::trial::promise::Promise;
use plimsoll_sim::trial::run::Ground;
use plimsoll_sim::trial::system::{Asks, Main, System};

const FILE: &str = "jot";
const TEMPORARY: &str = "jot.new";

/// Bytes of an overwritten file, unless there is more to say.
const OVERWRITTEN: usize = 16_000;

/// Writes after which [`Fault::Removes`] shows.
const ROUND: u64 = 6;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: a temporary is written and synced, renamed, and the directory is synced.
    Nothing,
    /// A write is acknowledged before the directory is synced.
    AcksEarly,
    /// Every sixth write removes the file before the new one gets its name.
    Removes,
    /// The last line says that everything is durable, and nothing was ever synced: writes are acknowledged in memory only.
    EndsUnsynced,
    /// Writes are acknowledged in memory, the last line says so, too, and the directory is not synced: what reads show is not durable.
    ShowsEarly,
    /// None, but a start: a write removes the file before the new one gets its name, where a reader looks for the new one under either name,
    /// and the next start gives it its name.
    FindsEither,
    /// The same, but a start removes what looks like a leftover.
    Tidies,
    /// The same, but a start copies the new one to its place, which may be cut short.
    Copies,
    /// A write overwrites all of the file, in one operation of several pages, and is acknowledged as one that survives a kill. Whoever finds
    /// another number at the end than at the beginning takes it for new.
    Overwrites,
    /// It takes longer from start to start, whatever the seed.
    Counts,
    /// The same, but only where a crash has left a temporary.
    CountsLeftovers,
    /// None, but whoever reads its disk finds nothing that can be read, the second time.
    SeenOnce,
    /// It is never ready where it finds its file.
    Hangs,
    /// It ends by itself where it finds its file.
    Quits,
}

/// What no world can see or set.
static STARTS: AtomicU64 = AtomicU64::new(0);
static LOOKS: AtomicU64 = AtomicU64::new(0);

impl Fault {
    /// What its acknowledgements promise.
    const fn level(self) -> Level {
        match self {
            Self::EndsUnsynced | Self::ShowsEarly => Level::Memory,
            Self::Overwrites => Level::Process,
            _ => Level::Power,
        }
    }

    /// Whether the new file may be there under the name of the temporary only.
    const fn has_either(self) -> bool {
        matches!(self, Self::FindsEither | Self::Tidies | Self::Copies)
    }
}

pub(crate) struct Jot(pub(crate) Fault);

impl System for Jot {
    fn name(&self) -> &str {
        "jot"
    }

    fn promise(&self) -> Promise {
        Promise {
            ends_on_signals: false,
            ..Promise::default()
        }
    }

    fn programs(&self) -> Vec<(&'static str, Main)> {
        let fault = self.0;
        let main: Main = Arc::new(move |host, _| {
            Box::pin(async move { i32::from(serve(&host, fault).await.is_err()) })
        });
        vec![("jot", main)]
    }

    fn first(&self) -> Program {
        Program::new("jot")
    }

    fn asks(&self) -> Asks {
        Asks {
            snapshots: 0,
            ..Asks::default()
        }
    }

    fn inspect(&self, disk: &SimFs) -> Found {
        if self.0 == Fault::SeenOnce && LOOKS.fetch_add(1, Ordering::Relaxed) == 1 {
            return Found::Unreadable("it is looked at for the second time".to_owned());
        }
        match read(disk, self.0.has_either()) {
            Ok(Some(pairs)) => Found::Store(pairs),
            Ok(None) => Found::Nothing,
            Err(error) => Found::Unreadable(error.to_string()),
        }
    }
}

/// A case of it, on the disk that promises least.
pub(crate) fn case(fault: Fault, families: &[Family], seeds: u64, sweep_every: u64) -> TrialCase {
    TrialCase {
        id: format!("jot-{fault:?}"),
        ground: Ground {
            system: Arc::new(Jot(fault)),
            profile: Profile::named("posix-minimal").expect("it ships"),
            crash_states: Bounds {
                exhaustive: 16,
                samples: 8,
            },
        },
        shape: Shape {
            families: families.iter().copied().collect::<BTreeSet<_>>(),
            requests_max: 20,
            lives_max: 3,
            faults: Vec::new(),
        },
        first_seed: 1,
        seeds,
        expected: Vec::new(),
        beside: Vec::new(),
        twice_every: 10,
        sweep_every,
    }
}

fn open(fs: &dyn FsOps, name: &str) -> io::Result<Option<Box<dyn FsFile>>> {
    match fs.open(Path::new(name), OpenOptions::read_only()) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(fs: &dyn FsOps, has_either: bool) -> io::Result<Option<Pairs>> {
    let mut file = open(fs, FILE)?;
    if file.is_none() && has_either {
        file = open(fs, TEMPORARY)?;
    }
    let Some(file) = file else { return Ok(None) };
    let bytes = read_to_end(&*file)?;
    let text = String::from_utf8(bytes).map_err(io::Error::other)?;
    let Some(lines) = within_numbers(&text) else {
        return Ok(None);
    };
    let mut pairs = Pairs::new();
    for line in lines.lines() {
        match line.parse::<Mutation>().map_err(io::Error::other)? {
            Mutation::Put { key, value } => pairs.insert(key, value),
            Mutation::Delete { key } => pairs.remove(&key),
        };
    }
    Ok(Some(pairs))
}

/// The lines of the file, between its numbers where it has some; nothing where these differ.
fn within_numbers(text: &str) -> Option<&str> {
    if !text.starts_with('#') {
        return Some(text);
    }
    let (first, rest) = text.split_once('\n')?;
    let (lines, last) = rest.split_once('#')?;
    (last.trim_start_matches('#') == &first[1..]).then_some(lines)
}

/// All of it anew, where it lies: so many bytes, or more where they are not enough.
fn overwrite(fs: &dyn FsOps, pairs: &Pairs, sequence: u64) -> io::Result<()> {
    let file = fs.open(Path::new(FILE), OpenOptions::read_write().create())?;
    let text = format!("#{sequence:04}\n{}", lines_of(pairs));
    let text = format!("{text:#<width$}{sequence:04}", width = OVERWRITTEN);
    write_all_at(&*file, text.as_bytes(), 0)
}

fn lines_of(pairs: &Pairs) -> String {
    let line = |(key, value): (&Vec<u8>, &Vec<u8>)| {
        let (key, value) = (key.clone(), value.clone());
        format!("{}\n", Mutation::Put { key, value })
    };
    pairs.iter().map(line).collect()
}

/// Puts the file in its place, where it can be under either name.
fn begin(fs: &dyn FsOps, fault: Fault) -> io::Result<()> {
    if !fault.has_either() {
        return Ok(());
    }
    let left = open(fs, TEMPORARY)?;
    match (fault, open(fs, FILE)?, left) {
        (Fault::Tidies, _, Some(_)) => fs.remove_file(Path::new(TEMPORARY))?,
        (Fault::Copies, None, Some(left)) => {
            let bytes = read_to_end(&*left)?;
            let file = fs.open(Path::new(FILE), OpenOptions::read_write().create())?;
            write_all_at(&*file, &bytes, 0)?;
            file.sync_all()?;
            fs.remove_file(Path::new(TEMPORARY))?;
        }
        (_, None, Some(_)) => fs.rename(Path::new(TEMPORARY), Path::new(FILE))?,
        (_, None, None) => {
            let file = fs.open(Path::new(FILE), OpenOptions::read_write().create())?;
            file.sync_all()?;
        }
        (_, Some(_), _) => {}
    }
    Ok(())
}

/// Everything but the last sync of the directory.
fn replace(fs: &dyn FsOps, pairs: &Pairs, is_synced: bool, removes: Removes) -> io::Result<()> {
    // What is left of a rename may be a second name of the file itself.
    match fs.remove_file(Path::new(TEMPORARY)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let options = OpenOptions::read_write().create().truncate();
    let file = fs.open(Path::new(TEMPORARY), options)?;
    write_all_at(&*file, lines_of(pairs).as_bytes(), 0)?;
    if is_synced {
        file.sync_all()?;
    }
    if removes == Removes::Later {
        // From here on the new one is there, too.
        fs.sync_dir(Path::new(""))?;
    }
    if removes != Removes::Never {
        fs.remove_file(Path::new(FILE))?;
    }
    fs.rename(Path::new(TEMPORARY), Path::new(FILE))
}

/// Whether the file is removed before the new one gets its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Removes {
    Never,
    AtOnce,
    /// When the new one is durable under its own name.
    Later,
}

async fn say(host: &Host, answer: &Answer) -> io::Result<()> {
    let line = format!("{answer}\n");
    write_all(&mut *host.process.stdout(), line.as_bytes()).await
}

async fn serve(host: &Host, fault: Fault) -> io::Result<()> {
    let fs = &*host.fs;
    let counts = match fault {
        Fault::Counts => true,
        Fault::CountsLeftovers => open(fs, TEMPORARY)?.is_some(),
        _ => false,
    };
    if counts {
        let starts = STARTS.fetch_add(1, Ordering::Relaxed);
        host.sleep(Duration::from_millis(starts)).await;
    }
    begin(fs, fault)?;
    match (fault, open(fs, FILE)?) {
        (Fault::Hangs, Some(_)) => std::future::pending().await,
        (Fault::Quits, Some(_)) => return Err(io::ErrorKind::Other.into()),
        _ => {}
    }
    let mut pairs = read(fs, false)?.unwrap_or_default();
    // What is shown from here on is durable.
    if fault != Fault::EndsUnsynced {
        fs.sync_dir(Path::new(""))?;
    }
    let mut sequence = 0;
    say(host, &Answer::Ready { pid: 1, sequence }).await?;
    let mut lines = Lines::new(host.process.stdin());
    while let Ok(Some(line)) = lines.next().await {
        let Ok(Request { id, command }) = line.parse() else {
            continue;
        };
        let mutations = match command {
            Command::Write(mutation) => vec![mutation],
            Command::Batch(mutations) => mutations,
            Command::Sync => Vec::new(),
            Command::Close => break,
            Command::Get(key) => {
                let answer = match pairs.get(&key).cloned() {
                    Some(value) => Answer::Value { id, value },
                    None => Answer::Absent { id },
                };
                say(host, &answer).await?;
                continue;
            }
            _ => {
                let (outcome, message) = (Outcome::Unsupported, "no".to_owned());
                say(
                    host,
                    &Answer::Failed {
                        id,
                        outcome,
                        message,
                    },
                )
                .await?;
                continue;
            }
        };
        sequence += u64::from(!mutations.is_empty());
        for mutation in mutations {
            match mutation {
                Mutation::Put { key, value } => pairs.insert(key, value),
                Mutation::Delete { key } => pairs.remove(&key),
            };
        }
        let removes = if fault.has_either() {
            Removes::Later
        } else if fault == Fault::Removes && sequence.is_multiple_of(ROUND) && sequence > 0 {
            Removes::AtOnce
        } else {
            Removes::Never
        };
        if fault == Fault::Overwrites {
            overwrite(fs, &pairs, sequence)?;
        } else {
            replace(fs, &pairs, fault != Fault::EndsUnsynced, removes)?;
        }
        let done = Answer::Done {
            id,
            level: fault.level(),
            sequence,
            path: None,
        };
        match fault {
            Fault::AcksEarly => {
                say(host, &done).await?;
                fs.sync_dir(Path::new(""))?;
            }
            Fault::EndsUnsynced | Fault::ShowsEarly | Fault::Overwrites => say(host, &done).await?,
            _ => {
                fs.sync_dir(Path::new(""))?;
                say(host, &done).await?;
            }
        }
    }
    let level = match fault {
        Fault::ShowsEarly => Level::Memory,
        Fault::Overwrites => Level::Process,
        _ => Level::Power,
    };
    say(host, &Answer::End { sequence, level }).await
}
