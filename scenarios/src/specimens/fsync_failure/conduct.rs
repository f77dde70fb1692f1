//! What a store does about a failed sync.

use plimsoll_faults::fsync_failure::{Call, FsyncFailure, Pages};

/// What a store does about a failed sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conduct {
    /// It syncs again, and acknowledges when that succeeds.
    Retry,
    /// It takes no notice and acknowledges.
    Ignore,
    /// It returns the error and does no more; the next life takes what it can read for durable, once a sync of it has succeeded.
    TrustCache,
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
        Self::Stop,
        Self::Rewrite,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Ignore => "ignore",
            Self::TrustCache => "trust-cache",
            Self::Stop => "stop",
            Self::Rewrite => "rewrite",
        }
    }

    /// Whether it is wrong where syncs fail in this way.
    pub const fn is_wrong_under(self, model: FsyncFailure) -> bool {
        let pages = model.pages();
        // Nobody can tell: success was reported, and no error ever is.
        if matches!(model.call(), Call::Succeeds) {
            return false;
        }
        match self {
            // What stays dirty is written by the retry, and on a file system that was shut down the retry fails too.
            Self::Retry => !matches!(pages, Pages::Dirty | Pages::Frozen),
            Self::Ignore => true,
            // What went back is not there to be trusted. Where an earlier sync had succeeded falsely, the next life cannot know.
            Self::TrustCache => {
                matches!(pages, Pages::Clean | Pages::Torn) && matches!(model.call(), Call::Fails)
            }
            Self::Stop | Self::Rewrite => false,
        }
    }
}
