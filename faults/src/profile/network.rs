//! What a network file system adds to a persistence model: servers that crash on their own, stripes, and a client that caches.
//!
//! The namespace is on one server (Lustre: the metadata target), the data in stripes on object targets, and written data in the
//! client until it is sent. A file's length comes from its data: each piece of a write makes the file at least as long as
//! itself. Setting a length is done by the servers at once.
//!
//! **Not modelled**: several metadata targets; several clients; files whose first stripe is not on the first target; a truncation that
//! reaches one stripe and not another; attribute caches.

use serde::{Deserialize, Deserializer, Serialize, de};

use super::Cover;
use crate::crash::CrashKind;
use crate::object_target::target_of;

/// Most stripes of a file: each write has at least one atom for each that it touches.
pub(super) const STRIPES_MAX: u64 = 16;

/// When a change of the namespace is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Namespace {
    /// When the server's journal commits, some time after its reply.
    Journal,
    /// Before the reply.
    StableOnReply,
}

/// Whether clients replay what a restarted metadata server has lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replay {
    /// All of it, in time.
    Complete,
    /// A client may miss the window, and what the server had not committed is gone then, from the end.
    MayFail,
}

/// The parameters of a network file system: the table `[network]` of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Network {
    /// The kinds of crash that apply, in the order in which they are explored.
    #[serde(deserialize_with = "crashes")]
    pub crashes: Vec<CrashKind>,
    /// Bytes of a file that follow each other on one object target; a multiple of 4,096.
    #[serde(deserialize_with = "stripe_bytes")]
    pub stripe_bytes: u64,
    /// Object targets that a file is spread over, 1 to 16. Stripe *k* of every file is on target *k* modulo this.
    #[serde(deserialize_with = "stripe_count")]
    pub stripe_count: u64,
    /// When a change of the namespace is durable.
    pub namespace: Namespace,
    /// What becomes of uncommitted changes of the namespace when their server restarts and the clients live.
    pub metadata_replay: Replay,
    /// Whether the server acknowledges before anything is durable, so that no sync counts once it crashes (`async` in exports(5)).
    pub async_export: bool,
    /// Whether an open file that is unlinked keeps a name `.nfs...` until it is closed.
    pub silly_rename: bool,
    /// What a successful `close` of a handle open for writing makes durable.
    pub close_covers: Vec<Cover>,
}

impl Network {
    /// The object target that a byte of a file is on.
    pub(crate) const fn target(&self, byte: u64) -> u64 {
        target_of(byte, self.stripe_bytes, self.stripe_count)
    }

    /// Whether a crash of this kind leaves what syncs have covered.
    pub(super) const fn keeps_syncs(&self, kind: CrashKind) -> bool {
        let servers_live = matches!(
            kind,
            CrashKind::ProcessKill | CrashKind::ClientCrash | CrashKind::Eviction
        );
        !self.async_export || servers_live
    }
}

fn crashes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CrashKind>, D::Error> {
    let kinds = Vec::<CrashKind>::deserialize(deserializer)?;
    if kinds.is_empty() {
        return Err(de::Error::custom("there is no kind of crash in `crashes`"));
    }
    for (index, kind) in kinds.iter().enumerate() {
        if kinds[..index].contains(kind) {
            return Err(de::Error::custom(format!("`{kind}` is there twice")));
        }
        match kind {
            CrashKind::Lying => {
                let message = "a lying disk is no kind of crash of a network file system";
                return Err(de::Error::custom(message));
            }
            CrashKind::PowerLoss => {
                let message = "a network file system has `site-power-loss` instead of `power-loss`";
                return Err(de::Error::custom(message));
            }
            _ => {}
        }
    }
    Ok(kinds)
}

fn stripe_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match u64::deserialize(deserializer)? {
        bytes if bytes > 0 && bytes.is_multiple_of(4096) => Ok(bytes),
        bytes => Err(de::Error::custom(format!(
            "a stripe has a multiple of 4096 bytes, not {bytes}"
        ))),
    }
}

fn stripe_count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match u64::deserialize(deserializer)? {
        count if (1..=STRIPES_MAX).contains(&count) => Ok(count),
        count => Err(de::Error::custom(format!(
            "a file has 1 to {STRIPES_MAX} stripes, not {count}"
        ))),
    }
}
