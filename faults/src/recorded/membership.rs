//! Whether a state is in the allowed set, without enumerating the set.
//!
//! Each block that is pending multiplies the number of states by two, and programs have dozens. But the changes that a model orders
//! are few beside the data, and no block waits for another: whether a set of changes is legal is decided by the rest of them (the
//! *choice*: names, lengths, truncations) and by each block with that choice alone. So:
//!
//! 1. A [`Frontier`] moves to the position and says which blocks are still pending there.
//! 2. A second one goes there on the same log without those, and enumerates the choices exhaustively. No sync on the way can tell
//!    the difference: one that covers a file covers its data, so none came after a block that is still pending.
//! 3. For each pending block a third one goes there on the log with that block alone, its bytes replaced by a mark. It says with
//!    which choices the block may be lost, with which it may be there, and which of its sectors can then be seen.
//! 4. A state is allowed if, for one choice, names and lengths agree and each file is explained from its newest block to its
//!    oldest: a block is taken if it agrees with the state wherever nothing newer hides it. To take such a block is never worse
//!    than to leave it, so one pass decides. What no block explains must be what the choice itself left.
//!
//! Where the profile lets freed blocks be written again at once, what they may show is one more block each, over everything else:
//! nothing can be written over it before the block is free.
//!
//! So every rule is asked of the model and none is repeated here. Blocks are whole because no recorded image tears inside one; a set
//! of whole blocks is a set of sectors, which the profile allows. The log is cut into blocks before the model sees it, so that the
//! model's bound on the pieces of one large write, which limits what is explored and not what is legal, does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::crash::{Bounds, CrashState, Frontier};
use crate::image::{Image, Ino, Node, SECTOR, Sector};
use crate::litmus::{Leaf, Tree};
use crate::log::{Entry, MicroOp};
use crate::profile::{Cover, Exposure, Profile, Tear};
use crate::rng::Rng;

use super::timeline::Timeline;

/// Choices that one position may have.
const CHOICES_MAX: u32 = 1 << 16;

/// States of one position that are enumerated to check the method.
const ENUMERATED_MAX: u32 = 256;

/// States of one program beyond which they are not counted.
const COUNTED_MAX: usize = 20_000;

/// Sectors in a block of the disk.
const BLOCK: usize = 4096 / SECTOR;

/// A byte that no program writes.
const MARK: u8 = 0xA7;

/// The states that one position allows.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// Blocks that may or may not have reached the disk, oldest first.
    blocks: Vec<Block>,
    choices: Vec<Choice>,
}

/// Pending data of one write in one block.
#[derive(Clone, Debug)]
struct Block {
    entry: usize,
    ino: Ino,
    first: usize,
    sectors: Vec<Arc<Sector>>,
}

/// What did not reach the disk: by entry of the log, one line each.
type Lost = BTreeSet<(u32, String)>;

/// A legal choice of everything but pending data.
#[derive(Clone, Debug)]
struct Choice {
    image: Image,
    /// What becomes of each block under it.
    blocks: Vec<Fate>,
}

/// What may become of a block under a choice.
#[derive(Clone, Debug, Default)]
struct Fate {
    may_be_lost: bool,
    /// Which sectors are seen if it is there; none if it cannot be.
    seen: Option<Vec<usize>>,
}

/// Goes to a position on a log in which some blocks are left out and one is marked.
fn advance(
    timeline: &Timeline,
    position: usize,
    profile: &Arc<Profile>,
    blocks: &[Block],
    marked: Option<(usize, MicroOp)>,
) -> Frontier {
    let mut frontier = Frontier::new(timeline.image.clone(), Arc::clone(profile));
    for (number, entry) in timeline.entries[..position].iter().enumerate() {
        if blocks.iter().all(|block| block.entry != number) {
            frontier.advance(entry);
            continue;
        }
        let mark = marked.as_ref().filter(|(entry, _)| *entry == number);
        let mark = mark.map(|(_, change)| change.clone());
        frontier.advance(&Entry {
            changes: mark.into_iter().collect(),
            ..entry.clone()
        });
    }
    frontier
}

/// All states, unless there are more than `exhaustive`.
fn states(frontier: &Frontier, exhaustive: u32) -> Option<Vec<CrashState>> {
    let mut states = Vec::new();
    let bounds = Bounds {
        exhaustive,
        samples: 0,
    };
    let complete = frontier.states(bounds, &mut Rng::stream(0, "membership"), &mut states);
    complete.then_some(states)
}

/// Every state that a position allows, block by block, if they are few: the long way, to hold the short one to.
pub fn enumerate(
    timeline: &Timeline,
    position: usize,
    profile: &Profile,
) -> Option<BTreeSet<String>> {
    let mut frontier = advance(timeline, position, &whole(profile), &[], None);
    let states = states(&frontier, ENUMERATED_MAX)?;
    let image = |state| Tree::of(&frontier.image(state)).render();
    Some(states.into_iter().map(image).collect())
}

/// The log is cut into the pieces that persist on their own, so the profile must not cut it again.
fn whole(profile: &Profile) -> Arc<Profile> {
    Arc::new(Profile {
        tear: Tear::None,
        ..profile.clone()
    })
}

impl Allowed {
    /// The states that this profile allows at a position. None if blocks wait for each other there, or show garbage, or a sync leaves
    /// data out, so that the method does not do; or if there are too many choices.
    pub fn at(timeline: &Timeline, position: usize, profile: &Profile) -> Option<Self> {
        let is_free = matches!(profile.tear, Tear::AnySectors | Tear::AnyBlocks);
        let covers_data = [&profile.fsync_covers, &profile.fdatasync_covers]
            .iter()
            .all(|covers| covers.contains(&Cover::Data));
        if !is_free || !covers_data || profile.extend_exposes == Exposure::Garbage {
            return None;
        }
        let whole = whole(profile);
        let mut full = advance(timeline, position, &whole, &[], None);
        let pending: BTreeSet<u32> = full
            .lost(full.nothing())
            .into_iter()
            .map(|(number, _)| number)
            .collect();
        let blocks: Vec<Block> = pending
            .into_iter()
            .filter_map(|number| Block::of(timeline, number as usize))
            .collect();
        let mut rest = advance(timeline, position, &whole, &blocks, None);
        assert_eq!(full.key(full.nothing()), rest.key(rest.nothing()));
        let alone = |mark| advance(timeline, position, &whole, &blocks, Some(mark));
        let fates: Option<Vec<BTreeMap<Lost, Fate>>> = blocks
            .iter()
            .map(|block| block.fates(alone(block.marked())))
            .collect();
        let mut fates = fates?;
        let reused = Block::reused(timeline, &mut full);
        for place in &reused {
            let source = blocks.iter().find(|block| block.entry == place.entry)?;
            fates.push(place.shown(alone(source.marked_whole()))?);
        }
        let mut blocks = blocks;
        blocks.extend(reused);
        let mut choices = Vec::new();
        for state in states(&rest, CHOICES_MAX)? {
            let lost: Lost = rest.lost(state).into_iter().collect();
            let fates = fates.iter().map(|fates| fates.get(&lost).cloned());
            // A choice that a block makes impossible, lost or not, is none.
            if let Some(blocks) = fates.collect() {
                let image = rest.image(state);
                choices.push(Choice { image, blocks });
            }
        }
        Some(Self { blocks, choices })
    }

    /// Whether a crash here may leave this.
    pub fn contains(&self, tree: &Tree) -> bool {
        self.choices.iter().any(|choice| {
            let left = Tree::of(&choice.image);
            let mut pairs = left.entries.iter().zip(&tree.entries);
            left.entries.len() == tree.entries.len()
                && pairs.all(|((name, left), (seen_name, seen))| {
                    let agrees = match (left, seen) {
                        (Leaf::File(_), Leaf::File(runs)) => self.explains(choice, name, runs),
                        (left, seen) => left == seen,
                    };
                    name == seen_name && agrees
                })
        })
    }

    /// Whether a set of blocks turns what a choice left of a file into what was seen.
    fn explains(&self, choice: &Choice, name: &str, runs: &[(char, u64)]) -> bool {
        let ino = find(&choice.image, name);
        let content = choice.image.file(ino).map(|content| content.to_vec());
        let left: Vec<u8> = content
            .unwrap_or_default()
            .into_iter()
            .map(symbol)
            .collect();
        let seen: Vec<u8> = expand(runs);
        if seen.len() != left.len() {
            return false;
        }
        let sector = |index: usize| &seen[index * SECTOR..seen.len().min((index + 1) * SECTOR)];
        let mut explained = vec![false; seen.len().div_ceil(SECTOR)];
        for (block, fate) in self.blocks.iter().zip(&choice.blocks).rev() {
            if block.ino != ino {
                continue;
            }
            let agrees = |index: &usize| {
                let held = block.sectors[index - block.first].bytes();
                let mut pairs = sector(*index).iter().zip(held);
                explained[*index] || pairs.all(|(&seen, &held)| seen == symbol(held))
            };
            match &fate.seen {
                Some(visible) if visible.iter().all(agrees) => {
                    for &index in visible {
                        explained[index] = true;
                    }
                }
                _ if fate.may_be_lost => {}
                _ => return false,
            }
        }
        let is_left = |index: usize| {
            let range = index * SECTOR..seen.len().min((index + 1) * SECTOR);
            sector(index) == &left[range]
        };
        (0..explained.len()).all(|index| explained[index] || is_left(index))
    }

    /// Adds every allowed state, block by block, to a set. Returns whether the set is complete.
    pub fn count(&self, into: &mut BTreeSet<u128>) -> bool {
        self.choices.iter().all(|choice| {
            let mut images = BTreeMap::from([(choice.image.hash(), choice.image.clone())]);
            for (block, fate) in self.blocks.iter().zip(&choice.blocks) {
                let Some(seen) = &fate.seen else { continue };
                let with: Vec<Image> = images
                    .values()
                    .map(|image| block.written(seen, image))
                    .collect();
                if !fate.may_be_lost {
                    images.clear();
                }
                images.extend(with.into_iter().map(|image| (image.hash(), image)));
                if images.len() > COUNTED_MAX {
                    return false;
                }
            }
            into.extend(images.keys());
            into.len() <= COUNTED_MAX
        })
    }
}

impl Block {
    /// The block that an entry writes, if it writes one and does nothing else.
    fn of(timeline: &Timeline, number: usize) -> Option<Self> {
        let data = timeline.data(number)?;
        Some(Self {
            entry: number,
            ino: data.ino,
            first: data.first as usize,
            sectors: data.sectors.to_vec(),
        })
    }

    /// By choice: what may become of this block, from a frontier where no other is pending.
    fn fates(&self, mut frontier: Frontier) -> Option<BTreeMap<Lost, Fate>> {
        let mut fates: BTreeMap<Lost, Fate> = BTreeMap::new();
        for state in states(&frontier, CHOICES_MAX)? {
            let mut lost: Lost = frontier.lost(state).into_iter().collect();
            let is_own = |(number, _): &(u32, String)| *number as usize == self.entry;
            let is_lost = lost
                .iter()
                .any(|line| is_own(line) && line.1.starts_with("data of"));
            // Where else it may lie is asked for on its own.
            if lost
                .iter()
                .any(|line| is_own(line) && !line.1.starts_with("data of"))
            {
                continue;
            }
            lost.retain(|line| !is_own(line));
            let fate = fates.entry(lost).or_default();
            if is_lost {
                fate.may_be_lost = true;
            } else {
                let image = frontier.image(state);
                let bytes = image.file(self.ino).map(|content| content.to_vec());
                let bytes = bytes.unwrap_or_default();
                let is_seen = |&index: &usize| bytes.get(index * SECTOR) == Some(&MARK);
                let range = self.first..self.first + self.sectors.len();
                fate.seen = Some(range.filter(is_seen).collect());
            }
        }
        Some(fates)
    }

    /// The change that marks it.
    fn marked(&self) -> (usize, MicroOp) {
        self.mark(self.first as u64, self.sectors.len())
    }

    /// The change that marks all of the block of the disk that it lies in.
    fn marked_whole(&self) -> (usize, MicroOp) {
        self.mark((self.first / BLOCK * BLOCK) as u64, BLOCK)
    }

    fn mark(&self, first: u64, count: usize) -> (usize, MicroOp) {
        let change = MicroOp::Data {
            ino: self.ino,
            first,
            sectors: vec![Sector::new([MARK; SECTOR]); count],
        };
        (self.entry, change)
    }

    /// Freed blocks that may show what a pending write put there, found one by one: each is a difference to what is durable.
    fn reused(timeline: &Timeline, full: &mut Frontier) -> Vec<Self> {
        let nothing = full.nothing();
        let (durable, all_lost) = (full.image(nothing), full.lost(nothing));
        let bounds = Bounds {
            exhaustive: 0,
            samples: 0,
        };
        let mut families = Vec::new();
        full.states(bounds, &mut Rng::stream(0, "membership"), &mut families);
        let mut reused: Vec<Self> = Vec::new();
        for state in families {
            let mut lines = full.lost(state);
            lines.retain(|line| !all_lost.contains(line));
            let [(entry, _)] = lines.as_slice() else {
                continue;
            };
            if full.lost(state).len() != all_lost.len() + 1 {
                continue;
            }
            let image = full.image(state);
            for (ino, node) in durable.nodes() {
                let (Node::File(old), Some(new)) = (node, image.file(ino)) else {
                    continue;
                };
                let differs =
                    |index: &usize| new.sector(*index as u64) != old.sector(*index as u64);
                let sectors = (old.len() as usize).div_ceil(SECTOR);
                let Some(first) = (0..sectors)
                    .find(differs)
                    .map(|index| index / BLOCK * BLOCK)
                else {
                    continue;
                };
                reused.push(Self {
                    entry: *entry as usize,
                    ino,
                    first,
                    sectors: timeline.block_after(*entry as usize),
                });
            }
        }
        reused
    }

    /// By choice: whether a freed block may show this, from a frontier where what it shows is marked and no other is pending.
    fn shown(&self, mut frontier: Frontier) -> Option<BTreeMap<Lost, Fate>> {
        let mut fates: BTreeMap<Lost, Fate> = BTreeMap::new();
        for state in states(&frontier, CHOICES_MAX)? {
            let mut lost: Lost = frontier.lost(state).into_iter().collect();
            let is_own = |(number, _): &(u32, String)| *number as usize == self.entry;
            // What was written may be seen in its own place too, which may be this one.
            let is_lost = |line: &(u32, String)| is_own(line) && line.1.starts_with("data of");
            if !lost.iter().any(is_lost) {
                continue;
            }
            lost.retain(|line| !is_own(line));
            let fate = fates.entry(lost).or_default();
            if fate.seen.is_some() && fate.may_be_lost {
                continue;
            }
            let image = frontier.image(state);
            let content = image.file(self.ino).map(|content| content.to_vec());
            let content = content.unwrap_or_default();
            if content.get(self.first * SECTOR) == Some(&MARK) {
                let range = self.first..self.first + self.sectors.len();
                fate.seen = Some(
                    range
                        .filter(|index| index * SECTOR < content.len())
                        .collect(),
                );
            } else {
                fate.may_be_lost = true;
            }
        }
        Some(fates)
    }

    /// An image with the sectors of this block that are seen.
    fn written(&self, seen: &[usize], image: &Image) -> Image {
        let mut image = image.clone();
        if let Some(content) = image.file(self.ino) {
            let mut content = (**content).clone();
            for &index in seen {
                let sector = Arc::clone(&self.sectors[index - self.first]);
                content.set_sector(index as u64, Some(sector));
            }
            content.trim();
            image.insert(self.ino, Node::File(Arc::new(content)));
        }
        image
    }
}

/// The character that the notation uses for a byte.
const fn symbol(byte: u8) -> u8 {
    if byte == 0 { b'0' } else { byte }
}

fn expand(runs: &[(char, u64)]) -> Vec<u8> {
    // No program writes what is not ASCII, so that agrees with nothing.
    let run = |&(symbol, count): &(char, u64)| {
        let symbol = u8::try_from(symbol).unwrap_or(MARK);
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
