//! The later version: an object store has every database, and the service works on a cache.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use plimsoll_reference::host::Host;
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_sim::trial::history::Pairs;
use tokio::sync::Mutex;

use super::bug::Bug;
use super::database;
use crate::specimens::mends::Mends;
use crate::systems::edge::{Answered, Failure, Image, load, save};

/// A database in the cache: what the object store has, and what was written since.
struct Cache(std::sync::Mutex<Image>);

impl Cache {
    fn with<T>(&self, job: impl FnOnce(&mut Image) -> T) -> T {
        job(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The service.
pub(super) struct Cached {
    host: Host,
    mends: Mends<Bug>,
    sequence: AtomicU64,
    /// The databases; locked while one is fetched, so that none is fetched twice.
    caches: Mutex<BTreeMap<String, Arc<Cache>>>,
    /// Whose turn it is to write to a database, where that is the protocol.
    turns: std::sync::Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
    /// Held by a commit in the object store, where reading the revision and replacing the object are one.
    commit: Arc<Mutex<()>>,
}

impl Cached {
    pub(super) fn new(host: &Host, mends: Mends<Bug>) -> Self {
        Self {
            host: host.clone(),
            mends,
            sequence: AtomicU64::new(0),
            caches: Mutex::default(),
            turns: std::sync::Mutex::default(),
            commit: Arc::default(),
        }
    }

    /// Number of the last write.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Relaxed)
    }

    /// The database in the cache, fetched where it is not there.
    async fn cache(&self, name: &str) -> Result<Arc<Cache>, Failure> {
        let mut caches = self.caches.lock().await;
        if let Some(cache) = caches.get(name) {
            return Ok(Arc::clone(cache));
        }
        let (host, path) = (self.host.clone(), database::file(name));
        let fetched = self.host.blocking(move || load(&*host.fs, &path)).await??;
        let image = fetched.unwrap_or_default();
        let cache = Arc::new(Cache(std::sync::Mutex::new(image)));
        caches.insert(name.to_owned(), Arc::clone(&cache));
        Ok(cache)
    }

    /// Forgets a database that may hold what the object store has not.
    async fn forget(&self, name: &str, cache: &Arc<Cache>) {
        let mut caches = self.caches.lock().await;
        if caches.get(name).is_some_and(|of| Arc::ptr_eq(of, cache)) {
            caches.remove(name);
        }
    }

    fn turn(&self, name: &str) -> Arc<Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(name.to_owned()).or_default())
    }

    pub(super) async fn write(
        &self,
        name: &str,
        mutations: Vec<Mutation>,
    ) -> Result<Answered, Failure> {
        let turn = self.turn(name);
        let _turn = if self.mends.has(Bug::R13) {
            Some(turn.lock().await)
        } else {
            None
        };
        let cache = self.cache(name).await?;
        let revision = cache.with(|image| {
            for mutation in &mutations {
                mutation.apply_to(&mut image.pairs);
            }
            image.revision
        });
        let committed = self.commit(name, &cache, revision).await;
        if committed.is_err() {
            self.forget(name, &cache).await;
        }
        committed?;
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Answered::Done {
            level: Level::Power,
            sequence,
        })
    }

    /// Replaces the object by what is in the cache, if it still has this revision.
    async fn commit(&self, name: &str, cache: &Arc<Cache>, revision: u64) -> Result<(), Failure> {
        let commit = Arc::clone(&self.commit);
        let _commit = commit.lock().await;
        let pairs = cache.with(|image| image.pairs.clone());
        let image = Image {
            pairs,
            revision: revision + 1,
        };
        let (host, path) = (self.host.clone(), database::file(name));
        let replace = move || -> io::Result<bool> {
            let there = load(&*host.fs, &path)?.unwrap_or_default();
            if there.revision != revision {
                return Ok(false);
            }
            save(&*host.fs, &path, &image).map(|()| true)
        };
        if !self.host.blocking(replace).await?? {
            let message = "another writer has changed the database; nothing was written";
            return Err(Failure::absent(message));
        }
        cache.with(|image| image.revision = image.revision.max(revision + 1));
        Ok(())
    }

    pub(super) async fn read(&self, name: &str, key: &[u8]) -> Result<Answered, Failure> {
        let cache = self.cache(name).await?;
        let value = cache.with(|image| image.pairs.get(key).cloned());
        Ok(Answered::Value(value))
    }

    /// Everything that every database holds.
    pub(super) async fn export(&self) -> Result<Answered, Failure> {
        let host = self.host.clone();
        let names = self
            .host
            .blocking(move || database::names(&*host.fs))
            .await??;
        let mut all = Pairs::new();
        for name in names {
            let cache = self.cache(&name).await?;
            all.extend(cache.with(|image| image.pairs.clone()));
        }
        Ok(Answered::Everything(all))
    }
}
