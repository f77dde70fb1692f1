//! Operations that wait before their effect.

use std::time::Duration;

use super::active_plan::Decision;
use super::sim_fs::SimFs;

/// What the plan has decided of an operation that is yet to be done.
#[derive(Clone, Copy, Debug)]
pub struct Deferred(pub(super) Decision);

impl Deferred {
    /// How long the plan keeps the operation waiting.
    pub const fn wait(&self) -> Duration {
        self.0.wait
    }
}

/// Where an operation that the plan keeps waiting stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Deferral {
    /// It is done, and its time is charged to the clock.
    #[default]
    Off,
    /// If it has to wait it is not done.
    Asked,
    /// It had to wait, and was not done.
    Put(Decision),
    /// It has waited, and this was decided of it before.
    Over(Decision),
}

impl SimFs {
    /// Has the next operation not be done if the plan keeps it waiting: it then fails with any error, and
    /// [`take_deferred`](Self::take_deferred) says so. It is for whoever lets time pass before an effect: ask, let some of the time pass,
    /// and do the operation again behind [`resume`](Self::resume).
    ///
    /// An operation that fails by itself may never ask the plan: take what was deferred in any case.
    pub fn defer(&self) {
        self.state().troubles.deferral = Deferral::Asked;
    }

    /// What was decided of the operation that was put off, if it was; from here on operations are done at once again.
    pub fn take_deferred(&self) -> Option<Deferred> {
        match std::mem::take(&mut self.state().troubles.deferral) {
            Deferral::Put(decision) => Some(Deferred(decision)),
            _ => None,
        }
    }

    /// Has the next operation be done as it was decided; nothing is charged for it.
    pub fn resume(&self, deferred: Deferred) {
        self.state().troubles.deferral = Deferral::Over(deferred.0);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use plimsoll_reference::clock::Clock;
    use plimsoll_reference::fs::{FsOps, OpenOptions};

    use super::*;
    use crate::disk::SimClock;
    use crate::image::Image;

    #[test]
    fn an_operation_that_waits_has_no_effect_before_it_is_resumed_and_is_counted_once() {
        let fs = SimFs::new(Image::new());
        let clock = SimClock::default();
        fs.set_clock(clock.clone());
        let plan = "open #2 stall 60s".parse().expect("it is a plan");
        fs.set_seeded_plan(&plan, 1);
        let open = |name| fs.open(Path::new(name), OpenOptions::read_write().create());
        fs.defer();
        assert!(open("first").is_ok(), "only the second waits");
        assert!(fs.take_deferred().is_none());
        fs.defer();
        assert!(open("second").is_err());
        let deferred = fs.take_deferred().expect("it waits");
        assert_eq!(deferred.wait(), Duration::from_secs(60));
        let metadata = |name| fs.metadata(Path::new(name)).expect("the disk is sound");
        assert_eq!(metadata("second"), None);
        // Others come in between.
        assert!(open("third").is_ok());
        fs.resume(deferred);
        assert!(open("second").is_ok());
        assert!(fs.take_deferred().is_none());
        assert!(metadata("second").is_some());
        assert_eq!(fs.fired(), [1]);
        assert_eq!(clock.now(), Duration::ZERO, "whoever defers lets time pass");
    }

    #[test]
    fn an_operation_that_fails_by_itself_leaves_nothing_behind() {
        let fs = SimFs::new(Image::new());
        let plan = "unlink stall 60s".parse().expect("it is a plan");
        fs.set_seeded_plan(&plan, 1);
        fs.set_clock(SimClock::default());
        let remove = || fs.remove_file(Path::new("missing"));
        fs.defer();
        let first = remove().map_err(|error| error.kind());
        match fs.take_deferred() {
            Some(deferred) => fs.resume(deferred),
            None => assert_eq!(first, Err(std::io::ErrorKind::NotFound)),
        }
        assert_eq!(
            remove().map_err(|error| error.kind()),
            Err(std::io::ErrorKind::NotFound)
        );
        assert!(fs.take_deferred().is_none());
    }
}
