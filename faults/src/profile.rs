//! Persistence models as data: which orders and atomicities a file system keeps, and what each sync covers.
//!
//! A profile is a TOML file; the ones that ship are in `profiles/`. Every parameter is a rule of [`crate::crash`], and each can be
//! switched on its own. A profile prints as such a file, with every parameter and what it means, and parses back to the same.
//!
//! **Not modelled**: untorn writes asked for with `RWF_ATOMIC`.

mod arbitrary;
mod manners;
mod network;
mod text;

use std::sync::Arc;

pub use network::{Namespace, Network, Replay};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::crash::CrashKind;
use crate::fsync_failure::{ErrorReport, FsyncFailure};
use crate::log::Scope;

/// How a write that no sync covers may reach the disk in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tear {
    /// Not at all: a write persists whole or not.
    None,
    /// A prefix of its 512-byte sectors.
    SectorPrefix,
    /// A prefix of its 4,096-byte blocks.
    BlockPrefix,
    /// Any of its 4,096-byte blocks (copy on write).
    AnyBlocks,
    /// Any of its 512-byte sectors (queued commands and flash reorder freely).
    AnySectors,
    /// Any of three parts of equal length, as ALICE can split a write (Pillai et al., OSDI 2014), here at edges of atomic units.
    Thirds,
}

impl Tear {
    /// Every way.
    pub const ALL: &'static [Self] = &[
        Self::None,
        Self::SectorPrefix,
        Self::BlockPrefix,
        Self::AnyBlocks,
        Self::AnySectors,
        Self::Thirds,
    ];
}

/// The unit that the disk writes whole or not at all, aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Deserialize, Serialize)]
#[serde(try_from = "u64", into = "u64")]
pub enum AtomicUnit {
    /// 512 bytes.
    #[default]
    Sector,
    /// 4,096 bytes.
    Block,
}

impl AtomicUnit {
    /// Its length.
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Sector => 512,
            Self::Block => 4096,
        }
    }
}

impl From<AtomicUnit> for u64 {
    fn from(unit: AtomicUnit) -> Self {
        unit.bytes()
    }
}

impl TryFrom<u64> for AtomicUnit {
    type Error = String;

    fn try_from(bytes: u64) -> Result<Self, Self::Error> {
        match bytes {
            512 => Ok(Self::Sector),
            4096 => Ok(Self::Block),
            _ => Err(format!("an atomic unit has 512 or 4096 bytes, not {bytes}")),
        }
    }
}

/// What is left of the unit that was being written when the power failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interrupted {
    /// Nothing out of the ordinary: it is old or new.
    #[default]
    None,
    /// Garbage, in the bytes that were written. At most one unit of all pending writes was being written.
    Garbage,
}

/// What can be read in a range whose new length is durable and whose data is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// The length never gets ahead of the data.
    None,
    /// Zeros.
    Zeros,
    /// Zeros, or whatever the blocks held before.
    Garbage,
}

impl Exposure {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::None, Self::Zeros, Self::Garbage];
}

/// In which order changes of directories persist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DirOrder {
    /// In any order.
    None,
    /// In order within each directory.
    PerDir,
    /// In one order for the whole file system, together with its other journalled changes.
    Global,
}

impl DirOrder {
    /// Every order.
    pub const ALL: &'static [Self] = &[Self::None, Self::PerDir, Self::Global];
}

/// What a rename over an existing file waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplaceWaits {
    /// Nothing.
    Nothing,
    /// The length of the new file, not its data.
    Size,
    /// Length and data of the new file.
    Data,
}

impl ReplaceWaits {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Nothing, Self::Size, Self::Data];
}

/// Something that a sync may cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cover {
    /// The data of the file.
    Data,
    /// Its length.
    Size,
    /// The names that refer to the file, added or moved.
    OwnNames,
    /// The entries of the directory, added and removed.
    Entries,
    /// Every journalled change on the whole file system, up to the last change of the file or directory itself.
    PriorMetadata,
    /// Every journalled change on the whole file system, if the file or directory has changed.
    AllMetadata,
    /// Every journalled change, up to the last change of the file's length.
    PriorMetadataIfSize,
    /// Every journalled change, if the file was created, or its length set, since its last such sync.
    AllMetadataIfAsked,
}

impl Cover {
    /// Everything.
    pub const ALL: &'static [Self] = &[
        Self::Data,
        Self::Size,
        Self::OwnNames,
        Self::Entries,
        Self::PriorMetadata,
        Self::AllMetadata,
        Self::PriorMetadataIfSize,
        Self::AllMetadataIfAsked,
    ];
}

/// A persistence model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub struct Profile {
    /// Format of the file; 1.
    pub version: u32,
    /// The name by which it is chosen.
    pub name: String,
    /// One sentence for lists.
    pub title: String,
    /// How a write may be torn.
    pub tear: Tear,
    /// The unit that the disk writes whole: writes are torn at multiples of it.
    #[serde(default)]
    pub atomic_unit: AtomicUnit,
    /// What is left of the unit that was being written when the power failed.
    #[serde(default)]
    pub interrupted_sector: Interrupted,
    /// Whether a write leaves the bytes around it alone. If not, the rest of the atomic unit that was being written when the power
    /// failed may be garbage, although it was durable (SQLite, "Powersafe Overwrite").
    #[serde(default = "is_true")]
    pub powersafe_overwrite: bool,
    /// What a length without its data shows.
    pub extend_exposes: Exposure,
    /// Whether a new length waits for the data written into its new blocks.
    pub size_after_new_block_data: bool,
    /// Whether the length of a growing file follows its blocks, so that a write of several may persist as a shorter one.
    pub size_grows_by_block: bool,
    /// Whether changes of one file's length persist in order.
    pub same_file_meta_ordered: bool,
    /// Whether a write that stays within the last allocated block changes the length through the journal, at once.
    pub in_block_size_journalled: bool,
    /// Whether setting the length is one journalled change: length and cut-off data together.
    pub truncate_atomic: bool,
    /// Whether the rest of the last block is zeroed late: the cut may be durable before it, and a later growth shows what was there.
    #[serde(default)]
    pub cut_zeroes_late: bool,
    /// Whether blocks that a cut has freed are written again only once the cut is durable.
    pub reuse_waits_for_commit: bool,
    /// Whether one operation's changes of directories persist together.
    pub dirop_atomic: bool,
    /// In which order changes of directories persist.
    pub dirop_order: DirOrder,
    /// What a rename over an existing file waits for.
    pub rename_replace_waits: ReplaceWaits,
    /// What `fsync` of a file makes durable.
    pub fsync_covers: Vec<Cover>,
    /// What `fdatasync` of a file makes durable.
    pub fdatasync_covers: Vec<Cover>,
    /// What `fsync` of a directory makes durable.
    pub fsync_dir_covers: Vec<Cover>,
    /// Whether a sync writes what it covers ahead of what the order puts before it: only the directories that lead there and former
    /// holders of the same names come along, and of a move between directories only the new name.
    pub sync_escapes_order: bool,
    /// How `fsync` fails.
    pub fsync_failure: FsyncFailure,
    /// Who is told of it.
    pub error_report: ErrorReport,
    /// The servers of a network file system; none on a local disk.
    pub network: Option<Network>,
}

const fn is_true() -> bool {
    true
}

/// A profile that cannot be read. The message names line and column.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct ParseProfileError {
    /// What is wrong.
    pub message: String,
    /// Where in the text, in bytes.
    pub span: Option<std::ops::Range<usize>>,
}

/// The profiles that ship.
const TEXTS: [&str; 9] = [
    include_str!("profiles/posix-minimal.toml"),
    include_str!("profiles/ext4-ordered.toml"),
    include_str!("profiles/ext4-writeback.toml"),
    include_str!("profiles/xfs.toml"),
    include_str!("profiles/btrfs.toml"),
    include_str!("profiles/lustre-2.15.toml"),
    include_str!("profiles/lustre-2.16.toml"),
    include_str!("profiles/nfs-sync.toml"),
    include_str!("profiles/nfs-async.toml"),
];

impl Profile {
    /// Reads a profile from TOML.
    ///
    /// # Errors
    /// The text is not TOML, lacks a parameter, or has one that does not exist.
    pub fn parse(text: &str) -> Result<Self, ParseProfileError> {
        let profile: Self = toml::from_str(text).map_err(|error| ParseProfileError {
            message: error.message().to_owned(),
            span: error.span(),
        })?;
        if profile.version != 1 {
            return Err(ParseProfileError {
                message: format!(
                    "version {} is not known; this is version 1",
                    profile.version
                ),
                span: None,
            });
        }
        Ok(profile)
    }

    /// The profile that a text names: that of a shipped one, then parameters that differ from it, as in
    /// `posix-minimal + atomic_unit=4096 + tear=thirds`; `network.stripe_count=4` is one of the table `[network]`.
    ///
    /// # Errors
    /// No profile of that name ships, or it has no such parameter or value.
    pub fn varied(text: &str) -> Result<Self, ParseProfileError> {
        let error = |message: String| ParseProfileError {
            message,
            span: None,
        };
        let mut parts = text.split(" + ");
        let name = parts.next().unwrap_or_default();
        let shipped = TEXTS.iter().find_map(|text| {
            let table: toml::Table = text.parse().ok()?;
            (table.get("name")?.as_str()? == name).then_some(table)
        });
        let mut table = shipped.ok_or_else(|| error(format!("no profile `{name}` ships")))?;
        for part in parts {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| error(format!("`{part}` is not of the form PARAMETER=VALUE")))?;
            let parsed = format!("value = {value}").parse::<toml::Table>();
            let value = parsed
                .ok()
                .and_then(|mut table| table.remove("value"))
                .unwrap_or_else(|| toml::Value::String(value.to_owned()));
            let place = match key.strip_prefix("network.") {
                None => Some((&mut table, key)),
                Some(key) => {
                    let network = table.get_mut("network").and_then(toml::Value::as_table_mut);
                    network.map(|network| (network, key))
                }
            };
            let (table, key) =
                place.ok_or_else(|| error(format!("`{name}` has no servers to set `{key}` of")))?;
            table.insert(key.to_owned(), value);
        }
        table.insert("name".to_owned(), toml::Value::String(text.to_owned()));
        Self::parse(&table.to_string())
    }

    /// The kinds of crash that a store on this disk can go through.
    pub fn crashes(&self) -> &[CrashKind] {
        match &self.network {
            Some(network) => &network.crashes,
            None => CrashKind::HONEST,
        }
    }

    /// Whether an operation of this scope makes anything durable here: a sync does, and on some network file systems a close.
    pub fn syncs(&self, scope: Scope) -> bool {
        let Scope::Close(_) = scope else { return true };
        let network = self.network.as_ref();
        network.is_some_and(|network| !network.close_covers.is_empty())
    }

    /// Those of them that leave what syncs have covered: after the others no store can keep a promise.
    pub fn honest_crashes(&self) -> Vec<CrashKind> {
        let keeps_syncs = |kind: &CrashKind| {
            let network = self.network.as_ref();
            network.is_none_or(|network| network.keeps_syncs(*kind))
        };
        let kinds = self.crashes().iter().copied();
        kinds.filter(keeps_syncs).collect()
    }

    /// The profiles that ship, in the order in which they are listed.
    pub fn shipped() -> Vec<Arc<Self>> {
        TEXTS
            .iter()
            .map(|text| Arc::new(Self::parse(text).expect("shipped profiles are tested")))
            .collect()
    }

    /// The shipped profile of this name.
    pub fn named(name: &str) -> Option<Arc<Self>> {
        Self::shipped()
            .into_iter()
            .find(|profile| profile.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_profiles_parse_and_are_named_as_their_files() {
        let names: Vec<String> = Profile::shipped()
            .iter()
            .map(|profile| profile.name.clone())
            .collect();
        assert_eq!(
            names,
            [
                "posix-minimal",
                "ext4-ordered",
                "ext4-writeback",
                "xfs",
                "btrfs",
                "lustre-2.15",
                "lustre-2.16",
                "nfs-sync",
                "nfs-async"
            ]
        );
    }

    #[test]
    fn a_shipped_profile_can_be_varied() {
        let varied = Profile::varied("xfs + atomic_unit=4096 + tear=thirds").expect("both exist");
        assert_eq!(varied.atomic_unit, AtomicUnit::Block);
        assert_eq!(varied.tear, Tear::Thirds);
        assert_eq!(varied.name, "xfs + atomic_unit=4096 + tear=thirds");
        let plain = Profile::varied("xfs").expect("it ships");
        assert_eq!(Some(plain), Profile::named("xfs").as_deref().cloned());
        let striped = Profile::varied("lustre-2.16 + network.stripe_count=4").expect("it has it");
        assert_eq!(striped.network.expect("it has servers").stripe_count, 4);
        for bad in [
            "zfs",
            "xfs + network.stripe_count=4",
            "lustre-2.16 + network.stripe_count=17",
            "xfs + tear",
            "xfs + taer=none",
            "xfs + atomic_unit=1024",
        ] {
            assert!(Profile::varied(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_an_error_with_its_place() {
        let text = include_str!("profiles/posix-minimal.toml").replace("tear =", "taer =");
        let error = Profile::parse(&text).expect_err("there is no parameter of that name");
        assert!(error.message.contains("taer"), "{error}");
        let span = error.span.expect("the place is known");
        assert_eq!(&text[span], "taer");
    }
}
