//! Whether a state is in the allowed set, without enumerating the set.
//!
//! A block that is pending multiplies the number of states by two, and programs have dozens. But on `ext4-ordered` the data of a
//! write neither waits for anything nor is waited for, so a legal choice is a legal choice of everything else (few: most of it
//! is one chain, the journal) with *any* set of data blocks. So:
//!
//! 1. A [`Frontier`] moves to the position and says which data entries are still pending there.
//! 2. A second one moves there on the same log without those, and enumerates the rest exhaustively. No sync that comes before the
//!    position can tell the difference: one that covered the file would have covered its data.
//! 3. A state is allowed if, for one of these choices, names and lengths agree and each file is explained from its newest pending
//!    block to its oldest: a block counts as written if it agrees with the state wherever nothing newer hides it. To take such a
//!    block is never worse than to leave it, so one pass decides. What no block explains must be what the choice itself left.
//!
//! Blocks are whole, because no recorded image tears inside one; a set of whole blocks is a set of sectors, which the profile
//! allows. The log is cut into blocks before the crash model sees it, so that its bound on the pieces of one large write, which
//! limits what is explored and not what is legal, does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plimsoll_faults::crash::{Bounds, Frontier};
use plimsoll_faults::image::{Image, Ino, SECTOR};
use plimsoll_faults::log::{Entry, MicroOp};
use plimsoll_faults::profile::{Exposure, Profile, ReplaceWaits, Tear};
use plimsoll_faults::rng::Rng;

use crate::split::Timeline;
use crate::support::tree::{Leaf, Tree};

/// Choices of everything but data that one position may have.
const CHOICES_MAX: u32 = 1 << 16;

/// States of one program beyond which they are not counted.
const COUNTED_MAX: usize = 20_000;

/// The states that one position allows.
pub struct Allowed<'a> {
    timeline: &'a Timeline,
    position: usize,
    /// Data entries that may or may not have reached the disk.
    pending: Vec<usize>,
    choices: Vec<Choice>,
}

/// A legal choice of everything but data.
struct Choice {
    image: Image,
    /// Entries that did not reach the disk.
    lost: BTreeSet<usize>,
}

fn advance(
    timeline: &Timeline,
    position: usize,
    profile: &Arc<Profile>,
    without: &[usize],
) -> Frontier {
    let mut frontier = Frontier::new(timeline.image.clone(), Arc::clone(profile));
    for (number, entry) in timeline.entries[..position].iter().enumerate() {
        if without.contains(&number) {
            frontier.advance(&Entry {
                changes: Vec::new(),
                ..entry.clone()
            });
        } else {
            frontier.advance(entry);
        }
    }
    frontier
}

impl<'a> Allowed<'a> {
    pub fn at(timeline: &'a Timeline, position: usize, profile: &Arc<Profile>) -> Self {
        let is_free = profile.tear == Tear::AnySectors
            && profile.extend_exposes == Exposure::Zeros
            && !profile.size_after_new_block_data
            && profile.rename_replace_waits != ReplaceWaits::Data;
        assert!(is_free, "data must neither wait nor be waited for");
        let whole = Arc::new(Profile {
            tear: Tear::None,
            ..(**profile).clone()
        });
        let mut full = advance(timeline, position, &whole, &[]);
        let pending: BTreeSet<usize> = full
            .lost(full.nothing())
            .iter()
            .map(|&(number, _)| number as usize)
            .filter(|&number| timeline.is_data(number))
            .collect();
        let pending: Vec<usize> = pending.into_iter().collect();
        let mut rest = advance(timeline, position, &whole, &pending);
        assert_eq!(full.pending() - pending.len(), rest.pending());
        let nothing = rest.nothing();
        assert_eq!(full.key(full.nothing()), rest.key(nothing));
        let mut states = Vec::new();
        let bounds = Bounds {
            exhaustive: CHOICES_MAX,
            samples: 0,
        };
        let complete = rest.states(bounds, &mut Rng::stream(0, "membership"), &mut states);
        assert!(complete, "more than {CHOICES_MAX} choices");
        let choices = states.into_iter().map(|state| Choice {
            image: rest.image(state),
            lost: rest
                .lost(state)
                .iter()
                .map(|&(number, _)| number as usize)
                .collect(),
        });
        Self {
            timeline,
            position,
            pending,
            choices: choices.collect(),
        }
    }

    /// Whether a crash here may leave this.
    pub fn contains(&self, tree: &Tree) -> bool {
        self.choices.iter().any(|choice| {
            let left = Tree::of(&choice.image);
            left.entries.len() == tree.entries.len()
                && left.entries.iter().zip(&tree.entries).all(|(left, seen)| {
                    left.0 == seen.0
                        && match (left.1, seen.1) {
                            (Leaf::File(_), Leaf::File(runs)) => {
                                self.explains(choice, find(&choice.image, left.0), runs)
                            }
                            (left, seen) => left == seen,
                        }
                })
        })
    }

    /// Whether a set of pending blocks turns what a choice left of a file into what was seen.
    fn explains(&self, choice: &Choice, ino: Ino, runs: &[(char, u64)]) -> bool {
        let seen: Vec<u8> = expand(runs);
        let left = choice.image.file(ino).map(|content| content.to_vec());
        let left: Vec<u8> = left
            .unwrap_or_default()
            .iter()
            .copied()
            .map(symbol)
            .collect();
        if seen.len() != left.len() {
            return false;
        }
        let mut explained = vec![false; seen.len().div_ceil(SECTOR)];
        for (first, blocks) in self.visible(choice, ino) {
            let agrees = blocks.iter().enumerate().all(|(index, bytes)| {
                let sector = first + index;
                let range = sector * SECTOR..seen.len().min((sector + 1) * SECTOR);
                bytes.as_ref().is_none_or(|bytes| {
                    explained.get(sector).is_none_or(|&done| done)
                        || seen[range].iter().zip(bytes).all(|(a, b)| a == b)
                })
            });
            if agrees {
                for (index, bytes) in blocks.iter().enumerate() {
                    if let Some(done) = explained.get_mut(first + index) {
                        *done |= bytes.is_some();
                    }
                }
            }
        }
        explained.iter().enumerate().all(|(sector, &done)| {
            let range = sector * SECTOR..seen.len().min((sector + 1) * SECTOR);
            done || seen[range.clone()] == left[range]
        })
    }

    /// The pending data of a file, newest first: the first sector, and each sector that no kept truncation wiped out.
    fn visible(
        &self,
        choice: &Choice,
        ino: Ino,
    ) -> impl Iterator<Item = (usize, Vec<Option<Vec<u8>>>)> {
        self.pending.iter().rev().filter_map(move |&number| {
            let [
                MicroOp::Data {
                    ino: of,
                    first,
                    sectors,
                },
            ] = self.timeline.entries[number].changes.as_slice()
            else {
                panic!("a data entry holds data");
            };
            let sectors = sectors.iter().enumerate().map(|(index, sector)| {
                let wiped = self.is_wiped(choice, ino, number, first + index as u64);
                (!wiped).then(|| sector.bytes().iter().copied().map(symbol).collect())
            });
            (*of == ino).then(|| (*first as usize, sectors.collect()))
        })
    }

    /// Whether a kept truncation, later than the entry `number`, decides what this sector holds.
    fn is_wiped(&self, choice: &Choice, ino: Ino, number: usize, sector: u64) -> bool {
        (number + 1..self.position)
            .filter(|later| !self.timeline.is_data(*later) && !choice.lost.contains(later))
            .flat_map(|later| &self.timeline.entries[later].changes)
            .any(|change| match change {
                MicroOp::Zero { ino: of, from, to } => *of == ino && (*from..*to).contains(&sector),
                MicroOp::Data {
                    ino: of,
                    first,
                    sectors,
                } => *of == ino && (*first..first + sectors.len() as u64).contains(&sector),
                _ => false,
            })
    }

    /// Adds every allowed state, at block granularity, to a set. Returns whether the set is complete.
    pub fn count(&self, into: &mut BTreeSet<u128>) -> bool {
        self.choices.iter().all(|choice| {
            let mut images = vec![choice.image.clone()];
            for &number in &self.pending {
                let mut with = images.clone();
                for image in &mut with {
                    self.write(choice, number, image);
                }
                images.extend(with);
                let mut distinct: BTreeMap<u128, Image> = BTreeMap::new();
                for image in images {
                    distinct.entry(image.hash()).or_insert(image);
                }
                images = distinct.into_values().collect();
                if images.len() > COUNTED_MAX {
                    return false;
                }
            }
            into.extend(images.iter().map(Image::hash));
            into.len() <= COUNTED_MAX
        })
    }

    /// Writes what a data entry shows under a choice.
    fn write(&self, choice: &Choice, number: usize, image: &mut Image) {
        let [
            MicroOp::Data {
                ino,
                first,
                sectors,
            },
        ] = self.timeline.entries[number].changes.as_slice()
        else {
            panic!("a data entry holds data");
        };
        let Some(len) = image.file(*ino).map(|content| content.len()) else {
            return;
        };
        for (index, sector) in sectors.iter().enumerate() {
            let position = first + index as u64;
            let is_visible = position * (SECTOR as u64) < len;
            if is_visible && !self.is_wiped(choice, *ino, number, position) {
                image.apply(&MicroOp::Data {
                    ino: *ino,
                    first: position,
                    sectors: vec![Arc::clone(sector)],
                });
            }
        }
        image.apply(&MicroOp::Size {
            ino: *ino,
            len,
            change: plimsoll_faults::log::SizeChange::Set,
        });
    }
}

/// The character that the notation uses for a byte.
const fn symbol(byte: u8) -> u8 {
    if byte == 0 { b'0' } else { byte }
}

fn expand(runs: &[(char, u64)]) -> Vec<u8> {
    let run = |&(symbol, count): &(char, u64)| {
        let symbol = u8::try_from(symbol).expect("contents are ASCII");
        std::iter::repeat_n(symbol, count as usize)
    };
    runs.iter().flat_map(run).collect()
}

fn find(image: &Image, path: &str) -> Ino {
    let mut found = None;
    image.walk(&mut |name, ino| {
        if name == path {
            found = Some(ino);
        }
    });
    found.expect("the name was listed")
}
