//! What holds of both engines when a snapshot is put in place without the store.

use std::fmt::Debug;

use plimsoll_reference::level::{Ack, Level};

use crate::common::Map;

/// An engine whose snapshots are put in place without the store.
pub(crate) trait Engine {
    /// A snapshot that was begun.
    type Cut;
    /// One that was written.
    type Written;
    /// One whose turn it is.
    type Job;
    /// One that was put in place.
    type Placed;
    /// Why something was not done.
    type Error: Debug;

    /// Gives a key a value.
    fn set(&mut self, key: &[u8], value: &[u8]);
    /// Takes a snapshot.
    fn take(&mut self) -> Result<Ack, Self::Error>;
    /// Begins one.
    fn cut(&mut self) -> Self::Cut;
    /// Writes one.
    fn write(cut: Self::Cut) -> Self::Written;
    /// Puts one in place with the store.
    fn finish(&mut self, written: Self::Written) -> Result<Ack, Self::Error>;
    /// Gives one its turn.
    fn begin_placing(&mut self, written: Self::Written) -> Self::Job;
    /// Puts it in place.
    fn place(job: Self::Job) -> Self::Placed;
    /// Tells the store.
    fn end_placing(&mut self, placed: Self::Placed) -> Result<Ack, Self::Error>;
    /// Whether it was refused because another one has its turn.
    fn is_busy(error: &Self::Error) -> bool;
    /// Everything in the store.
    fn pairs(&self) -> Map;
}

/// Commits go on while a snapshot is put in place, and no other one is put there; nor does anything in `others` put one there.
/// `image` is what an independent reader finds.
pub(crate) fn only_one_is_placed<E: Engine>(
    store: &mut E,
    image: impl Fn() -> Option<Map>,
    others: impl FnOnce(&mut E) -> Vec<Result<Ack, E::Error>>,
) {
    store.set(b"k", b"1");
    store.take().expect("a snapshot");
    store.set(b"k", b"2");
    let other = store.cut();
    let written = E::write(store.cut());
    let cut = store.pairs();
    let job = store.begin_placing(written);
    store.set(b"k", b"3");
    let placed = E::place(job);
    store.set(b"k", b"4");
    assert_eq!(image(), Some(cut));
    let mut refusals = others(store);
    refusals.push(store.take());
    refusals.push(store.finish(E::write(other)));
    for refusal in refusals {
        let error = refusal.expect_err("it is not their turn");
        assert!(E::is_busy(&error), "{error:?}");
    }
    let ack = store.end_placing(placed).expect("it is in place");
    assert_eq!(ack.level, Level::Power);
    store.take().expect("it is free again");
    assert_eq!(image(), Some(store.pairs()));
}

/// A snapshot that is older than the one in place changes nothing, and is acknowledged.
pub(crate) fn an_older_one_changes_nothing<E: Engine>(
    store: &mut E,
    image: impl Fn() -> Option<Map>,
) {
    store.set(b"k", b"1");
    let older = store.cut();
    store.set(b"k", b"2");
    store.take().expect("a newer one");
    let job = store.begin_placing(E::write(older));
    let ack = store.end_placing(E::place(job)).expect("it is covered");
    assert_eq!(ack.level, Level::Power);
    assert_eq!(image(), Some(store.pairs()));
}

/// Has the store of an engine be one, for the methods of `Store` and its jobs are called alike.
macro_rules! engine {
    ($engine:ident, $dump:path) => {
        impl crate::placing_of_both::Engine for plimsoll_reference::$engine::Store {
            type Cut = plimsoll_reference::$engine::SnapshotJob;
            type Written = plimsoll_reference::$engine::WrittenSnapshot;
            type Job = plimsoll_reference::$engine::PlacingJob;
            type Placed = plimsoll_reference::$engine::PlacedSnapshot;
            type Error = plimsoll_reference::$engine::StoreError;

            fn set(&mut self, key: &[u8], value: &[u8]) {
                self.put(key, value).expect("a commit");
            }

            fn take(&mut self) -> Result<plimsoll_reference::level::Ack, Self::Error> {
                self.snapshot()
            }

            fn cut(&mut self) -> Self::Cut {
                self.begin_snapshot().expect("a cut")
            }

            fn write(cut: Self::Cut) -> Self::Written {
                cut.write().expect("there is room")
            }

            fn finish(
                &mut self,
                written: Self::Written,
            ) -> Result<plimsoll_reference::level::Ack, Self::Error> {
                self.finish_snapshot(written)
            }

            fn begin_placing(&mut self, written: Self::Written) -> Self::Job {
                Self::begin_placing(self, written).expect("it is its turn")
            }

            fn place(job: Self::Job) -> Self::Placed {
                job.place()
            }

            fn end_placing(
                &mut self,
                placed: Self::Placed,
            ) -> Result<plimsoll_reference::level::Ack, Self::Error> {
                Self::end_placing(self, placed)
            }

            fn is_busy(error: &Self::Error) -> bool {
                matches!(error, Self::Error::SnapshotBusy { .. })
            }

            fn pairs(&self) -> crate::common::Map {
                $dump(self)
            }
        }
    };
}

pub(crate) use engine;
