//! Redis: everything in memory, and children that save it.
//!
//! A child has a copy of its parent's memory; here that is in its arguments. `snapshot` has a child save (`BGSAVE`); one that is asked for
//! while a child saves waits for the next. `sync` is what `FLUSHALL` does beside flushing: the child that saves is ended, and the parent
//! saves by itself. So does the end.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_reference::host::{Child, ExitStatus, Host, Program, Signal};
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::{Command, Request};

use super::bug::Bug;
use super::dictionary::apply;
use crate::specimens::mends::Mends;
use crate::systems::edge::{
    Answered, Doorway, Failure, Image, Outlet, load, parse, save_by, say, text,
};

/// Names of the programs.
pub(super) const PARENT: &str = "redis";
pub(super) const CHILD: &str = "redis-saver";

/// The file.
pub(super) const FILE: &str = "dump.rdb";

/// What the parent writes before it has the name of the file.
const OWN: &str = "temp.rdb";

/// A child that saves, and returns its exit code.
pub(super) async fn child(host: Host, arguments: Vec<String>) -> i32 {
    let [temporary, memory] = &arguments[..] else {
        return 2;
    };
    let Some(image) = parse(memory) else {
        return 2;
    };
    let (fs, temporary) = (Arc::clone(&host.fs), temporary.clone());
    let saved = host.blocking(move || save_by(&*fs, FILE, &temporary, &image));
    i32::from(!matches!(saved.await, Ok(Ok(()))))
}

/// Serves until it is asked to end, and returns the exit code.
pub(super) async fn parent(host: Host, mends: Mends<Bug>) -> i32 {
    let (outlet, writing) = Outlet::start(&host);
    let ended = serve(&host, mends, &outlet).await;
    writing.conclude(&host, outlet, Level::Power, ended).await
}

async fn serve(host: &Host, mends: Mends<Bug>, outlet: &Outlet) -> Result<u64, String> {
    let mut doorway = Doorway::open(host, outlet).map_err(|error| error.to_string())?;
    let fs = Arc::clone(&host.fs);
    let loaded = host.blocking(move || load(&*fs, FILE)).await;
    let loaded = loaded.map_err(|failed| failed.to_string())?;
    let image = loaded.map_err(|error| error.to_string())?;
    let mut parent = Parent {
        host: host.clone(),
        mends,
        outlet: outlet.clone(),
        image: image.unwrap_or_default(),
        has_failed: false,
        saving: None,
        wanted: Vec::new(),
        children: 0,
    };
    outlet.ready(host, parent.image.revision);
    let closing = loop {
        let request = tokio::select! {
            biased;
            status = ended(&mut parent.saving) => {
                parent.reap(status);
                continue;
            }
            request = doorway.request() => request,
        };
        match request {
            ControlFlow::Break(closing) => break closing,
            ControlFlow::Continue(request) => parent.answer(request).await,
        }
    };
    let saved = parent.save().await;
    let saved = saved.map_err(|failure| format!("{failure:?}"));
    // Whoever waits for a child that was ended for this has what this saved.
    let askers = std::mem::take(&mut parent.wanted);
    let sequence = parent.image.revision;
    parent.tell(&askers, |_| match &saved {
        Ok(_) => Ok(Answered::Done {
            level: Level::Power,
            sequence,
        }),
        Err(text) => Err(Failure::unknown(text.clone())),
    });
    let saved = saved?;
    closing.tell(outlet, saved);
    Ok(parent.image.revision)
}

/// Waits for the end of the child that saves; for ever while there is none.
async fn ended(saving: &mut Option<Saving>) -> std::io::Result<ExitStatus> {
    match saving {
        Some(saving) => saving.child.wait().await,
        None => std::future::pending().await,
    }
}

/// A child that saves.
struct Saving {
    child: Box<dyn Child>,
    /// The last write in what it saves.
    covered: u64,
    /// Who asked for it.
    askers: Vec<u64>,
    temporary: String,
}

struct Parent {
    host: Host,
    mends: Mends<Bug>,
    outlet: Outlet,
    image: Image,
    /// Whether the last save failed: then no writes are taken, so that whoever writes notices.
    has_failed: bool,
    saving: Option<Saving>,
    /// Who wants the next save.
    wanted: Vec<u64>,
    children: u64,
}

impl Parent {
    async fn answer(&mut self, Request { id, command }: Request) {
        let reply = match command {
            Command::Get(key) => Ok(Answered::Value(self.image.pairs.get(&key).cloned())),
            Command::Scan => Ok(Answered::Everything(self.image.pairs.clone())),
            Command::Write(mutation) => self.write(&[mutation]),
            Command::Batch(mutations) => self.write(&mutations),
            Command::Snapshot => {
                self.wanted.push(id);
                if self.saving.is_none() {
                    self.fork();
                }
                return;
            }
            Command::Sync => self.save().await,
            _ => Err(Failure::unsupported()),
        };
        say(&self.outlet, id, reply);
        if self.saving.is_none() && !self.wanted.is_empty() {
            self.fork();
        }
    }

    fn write(&mut self, mutations: &[Mutation]) -> Result<Answered, Failure> {
        if self.has_failed {
            return Err(Failure::absent("MISCONF the last save has failed"));
        }
        apply(&mut self.image.pairs, mutations);
        self.image.revision += 1;
        Ok(Answered::Done {
            level: Level::Memory,
            sequence: self.image.revision,
        })
    }

    /// Has a child save what there is now, for all who want that.
    fn fork(&mut self) {
        self.children += 1;
        let temporary = format!("temp-{}.rdb", self.children);
        let askers = std::mem::take(&mut self.wanted);
        let program = Program {
            path: PathBuf::from(CHILD),
            arguments: vec![temporary.clone(), text(&self.image)],
        };
        match self.host.process.start(&program) {
            Ok(child) => {
                self.saving = Some(Saving {
                    child,
                    covered: self.image.revision,
                    askers,
                    temporary,
                });
            }
            Err(error) => {
                self.has_failed = true;
                self.tell(&askers, |_| Err(Failure::unknown(error.to_string())));
            }
        }
    }

    fn tell(&self, askers: &[u64], reply: impl Fn(u64) -> Result<Answered, Failure>) {
        for &id in askers {
            say(&self.outlet, id, reply(id));
        }
    }

    /// The child has ended by itself, or by somebody else.
    fn reap(&mut self, status: std::io::Result<ExitStatus>) {
        let Some(Saving {
            covered, askers, ..
        }) = self.saving.take()
        else {
            return;
        };
        self.has_failed = !status.is_ok_and(ExitStatus::is_success);
        let has_failed = self.has_failed;
        self.tell(&askers, |_| match has_failed {
            true => Err(Failure::unknown("the child could not save")),
            false => Ok(Answered::Done {
                level: Level::Power,
                sequence: covered,
            }),
        });
        if !self.wanted.is_empty() {
            self.fork();
        }
    }

    /// Saves by itself, in the place of the child that saves what is old by then.
    async fn save(&mut self) -> Result<Answered, Failure> {
        let ended = self.end_child().await;
        let (fs, image) = (Arc::clone(&self.host.fs), self.image.clone());
        let saved = self
            .host
            .blocking(move || save_by(&*fs, FILE, OWN, &image))
            .await;
        let saved = saved.map_err(Failure::from).and_then(|saved| Ok(saved?));
        self.has_failed = saved.is_err();
        // How the child ended is looked at when there is time for that.
        if let Some(status) = ended {
            let by_parent = ExitStatus::Signal(Signal::Usr1.number());
            let is_meant = self.mends.has(Bug::S70) && status == by_parent;
            self.has_failed |= !status.is_success() && !is_meant;
        }
        saved?;
        Ok(Answered::Done {
            level: Level::Power,
            sequence: self.image.revision,
        })
    }

    /// Ends the child that saves, if there is one, and says how it ended. Who asked for it waits for the next one.
    async fn end_child(&mut self) -> Option<ExitStatus> {
        let mut saving = self.saving.take()?;
        // It fails when the child has ended.
        let _ = saving.child.signal(Signal::Usr1);
        let status = saving.child.wait().await.ok();
        let (fs, temporary) = (Arc::clone(&self.host.fs), saving.temporary);
        let remove = move || drop(fs.remove_file(Path::new(&temporary)));
        // That it may stay is of no matter: nobody reads it.
        let _ = self.host.blocking(remove).await;
        self.wanted.append(&mut saving.askers);
        status
    }
}
