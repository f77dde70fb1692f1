//! Ways to crash.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A kind of crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrashKind {
    /// The process dies; the operating system, and with it everything written, lives on.
    ProcessKill,
    /// The power fails: what remains is what the disk holds.
    PowerLoss,
    /// The process dies, its successor recovers from what the operating system still has in memory, and then the power fails. On a
    /// network file system it fails on the whole site.
    KillThenPowerLoss,
    /// The power fails, and every sync had lied.
    #[serde(rename = "lying-disk")]
    Lying,
    /// The client crashes and takes what it has not sent with it. What servers have executed stays: they live and commit it.
    ClientCrash,
    /// The server of the namespace restarts. Clients replay what it had not committed; where one misses the window, that is gone, from
    /// the end. The process ends here, its data does not.
    MetadataTargetCrash,
    /// The servers of the data restart and lose any of what no sync covered. The namespace stays.
    ObjectTargetCrash,
    /// One object target throws the client out, which discards the pages it has not sent there. The process ends here; an
    /// [effect](crate::plan::Effect) of the same name lets it go on.
    Eviction,
    /// The one server restarts. The client lives and sends again what no reply has called durable.
    ServerCrash,
    /// Clients and servers lose power together.
    SitePowerLoss,
}

impl CrashKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::ProcessKill,
        Self::PowerLoss,
        Self::KillThenPowerLoss,
        Self::Lying,
        Self::ClientCrash,
        Self::MetadataTargetCrash,
        Self::ObjectTargetCrash,
        Self::Eviction,
        Self::ServerCrash,
        Self::SitePowerLoss,
    ];

    /// The kinds that an honest local disk can go through.
    pub const HONEST: &'static [Self] =
        &[Self::ProcessKill, Self::PowerLoss, Self::KillThenPowerLoss];

    /// The name in scenarios and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProcessKill => "process-kill",
            Self::PowerLoss => "power-loss",
            Self::KillThenPowerLoss => "kill-then-power-loss",
            Self::Lying => "lying-disk",
            Self::ClientCrash => "client-crash",
            Self::MetadataTargetCrash => "metadata-target-crash",
            Self::ObjectTargetCrash => "object-target-crash",
            Self::Eviction => "eviction",
            Self::ServerCrash => "server-crash",
            Self::SitePowerLoss => "site-power-loss",
        }
    }
}

impl fmt::Display for CrashKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no kind of crash.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is not a kind of crash: {}", all())]
pub struct ParseCrashKindError {
    text: String,
}

fn all() -> String {
    let names: Vec<&str> = CrashKind::ALL.iter().map(|kind| kind.name()).collect();
    names.join(", ")
}

impl FromStr for CrashKind {
    type Err = ParseCrashKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| ParseCrashKindError {
                text: text.to_owned(),
            })
    }
}
