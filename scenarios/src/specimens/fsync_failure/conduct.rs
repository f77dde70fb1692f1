//! What a store does about a failed sync.

use plimsoll_faults::fsync_failure::{Call, FsyncFailure, Pages};
use plimsoll_sim::calibrate::Answer;

/// What a store does about a failed sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conduct {
    /// It syncs again, and acknowledges when that succeeds.
    Retry,
    /// It takes no notice and acknowledges.
    Ignore,
    /// It returns the error and does no more; the next life takes what it can read for durable, once a sync of it has succeeded.
    TrustCache,
    /// It returns the error, takes no more writes, and goes on serving reads, also of what could not be written.
    Serve,
    /// It returns the error and does no more.
    Stop,
    /// It writes everything that it has in memory to a new file, and acknowledges when that is durable.
    Rewrite,
}

impl Conduct {
    /// Every conduct.
    pub const ALL: &'static [Self] = &[
        Self::Retry,
        Self::Ignore,
        Self::TrustCache,
        Self::Serve,
        Self::Stop,
        Self::Rewrite,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Ignore => "ignore",
            Self::TrustCache => "trust-cache",
            Self::Serve => "serve",
            Self::Stop => "stop",
            Self::Rewrite => "rewrite",
        }
    }

    /// What must be said of it where syncs fail in this way.
    ///
    /// Under F6 no conduct is right or wrong: the sync has succeeded as far as any call or any read tells, before and after it. Such a
    /// disk lies, and what a store promises on it is judged as on a disk that always does.
    ///
    /// Under F4 and F10 pages stay dirty, so that a retry that succeeds tells the truth, be it of this life or the next; only a store
    /// that acknowledges without one is wrong.
    pub const fn answer_under(self, model: FsyncFailure) -> Answer {
        if model.is_unknowable() {
            Answer::Unknowable
        } else if self.is_wrong_under(model) {
            Answer::Caught
        } else {
            Answer::Clean
        }
    }

    /// Whether it goes on where it must not, under a model of which a store can know.
    const fn is_wrong_under(self, model: FsyncFailure) -> bool {
        let pages = model.pages();
        match self {
            // What stays dirty is written by the retry, and on a file system that was shut down the retry fails too.
            Self::Retry => !matches!(pages, Pages::Dirty | Pages::Frozen),
            Self::Ignore => true,
            // Whom an earlier sync has misled owes nothing for what it shows before it has acknowledged anew.
            Self::Serve => matches!(model.call(), Call::Fails),
            // What went back is not there to be trusted. Where an earlier sync had succeeded falsely, the next life cannot know.
            Self::TrustCache => {
                matches!(pages, Pages::Clean | Pages::Torn) && matches!(model.call(), Call::Fails)
            }
            Self::Stop | Self::Rewrite => false,
        }
    }
}
