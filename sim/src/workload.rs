//! Seeded workloads over a small key space, and every workload of a smaller one.

mod arbitrary;
mod exhaustive;

use std::time::Duration;

use plimsoll_faults::rng::Rng;

use crate::command::{Command, Mutation};

pub use arbitrary::Steps;
pub use exhaustive::Scope;

/// What a generated workload is made of. Weights are relative to each other; a weight of zero leaves a step out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of steps.
    pub commands: u32,
    /// Number of keys: few, so that they are overwritten and deleted.
    pub keys: u32,
    /// Length of values in bytes; each value is different, and one in eight is several times longer.
    pub value_len: u32,
    /// Weight of single puts.
    pub puts: u32,
    /// Weight of deletes.
    pub deletes: u32,
    /// Weight of batches of two to four changes.
    pub batches: u32,
    /// Weight of two to four changes that are commits of their own and handed in together.
    pub groups: u32,
    /// Weight of whole snapshots.
    pub snapshots: u32,
    /// Weight of snapshots that are begun, overlap other steps, and are finished later.
    pub overlapping_snapshots: u32,
    /// Weight of snapshots that are begun and are put in place beside the steps that follow, one at a time.
    pub placed_snapshots: u32,
    /// Weight of syncs.
    pub syncs: u32,
    /// Weight of checkpoints.
    pub checkpoints: u32,
    /// Weight of compactions in place.
    pub compactions: u32,
    /// Weight of copies, compacted or not, to one of two places.
    pub copies: u32,
    /// Weight of restoring a copy that was made before.
    pub restores: u32,
    /// Weight of background work.
    pub ticks: u32,
    /// Weight of virtual time passing, 1 to 2,000 ms, or now and then a minute.
    pub advances: u32,
    /// Weight of clean close and reopen.
    pub reopens: u32,
    /// Weight of process kill and reopen.
    pub kills: u32,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            commands: 16,
            keys: 4,
            value_len: 24,
            puts: 40,
            deletes: 10,
            batches: 10,
            groups: 0,
            snapshots: 6,
            overlapping_snapshots: 4,
            placed_snapshots: 0,
            syncs: 3,
            checkpoints: 0,
            compactions: 0,
            copies: 0,
            restores: 0,
            ticks: 4,
            advances: 4,
            reopens: 4,
            kills: 3,
        }
    }
}

impl Shape {
    /// Whether any command of it can put something into the store, so that there is something to lose.
    pub const fn writes(&self) -> bool {
        self.puts > 0 || self.batches > 0 || self.groups > 0
    }

    /// The weights, in the order in which they are drawn.
    const fn weights(&self) -> [u32; 16] {
        [
            self.puts,
            self.deletes,
            self.batches,
            self.snapshots,
            self.overlapping_snapshots,
            self.syncs,
            self.ticks,
            self.advances,
            self.reopens,
            self.kills,
            self.checkpoints,
            self.compactions,
            self.copies,
            self.restores,
            self.groups,
            self.placed_snapshots,
        ]
    }
}

/// The workload of a seed: the same for the same seed and shape.
pub fn generate(seed: u64, shape: &Shape) -> Vec<Command> {
    let mut generator = Generator {
        rng: Rng::stream(seed, "workload"),
        shape,
        serial: 0,
        open_snapshots: Vec::new(),
        placing: None,
        copies: Vec::new(),
    };
    (0..shape.commands).map(|_| generator.step()).collect()
}

struct Generator<'a> {
    rng: Rng,
    shape: &'a Shape,
    serial: u32,
    open_snapshots: Vec<u8>,
    /// The one that is being put in place, which is open as well.
    placing: Option<u8>,
    copies: Vec<u8>,
}

impl Generator<'_> {
    fn step(&mut self) -> Command {
        let weights = self.shape.weights();
        let total: u64 = weights.iter().copied().map(u64::from).sum();
        if total == 0 {
            return Command::Tick;
        }
        let mut draw = self.rng.below(total);
        let mut chosen = 0;
        for (index, &weight) in weights.iter().enumerate() {
            if draw < u64::from(weight) {
                chosen = index;
                break;
            }
            draw -= u64::from(weight);
        }
        match chosen {
            0 => Command::Write(self.put()),
            1 => Command::Write(self.delete()),
            2 => Command::Batch(self.several()),
            3 => Command::Snapshot,
            4 => self.overlapping(),
            5 => Command::Sync,
            6 => Command::Tick,
            7 => self.advance(),
            8 => self.restart(Command::Reopen),
            9 => self.restart(Command::Kill),
            10 => Command::Checkpoint,
            11 => Command::Compact,
            12 => self.copy(),
            13 => self.restore(),
            14 => Command::Together(self.several()),
            _ => self.placed(),
        }
    }

    fn copy(&mut self) -> Command {
        let place = self.rng.below(2) as u8;
        if !self.copies.contains(&place) {
            self.copies.push(place);
        }
        if self.rng.ratio(1, 2) {
            Command::CompactTo(place)
        } else {
            Command::Export(place)
        }
    }

    fn restore(&mut self) -> Command {
        if self.copies.is_empty() {
            return self.copy();
        }
        Command::Restore(*self.rng.pick(&self.copies))
    }

    fn key(&mut self) -> Vec<u8> {
        format!("k{}", self.rng.below(u64::from(self.shape.keys.max(1)))).into_bytes()
    }

    /// A value that no other step writes, so that a recovered value tells which step it came from.
    fn value(&mut self) -> Vec<u8> {
        self.serial += 1;
        let mut value = format!("v{}.", self.serial).into_bytes();
        let factor = if self.rng.ratio(1, 8) {
            1 + self.rng.below(40)
        } else {
            1
        };
        let len = u64::from(self.shape.value_len) * factor;
        let fill = b'a' + (self.serial % 26) as u8;
        value.resize(value.len().max(len as usize), fill);
        value
    }

    fn put(&mut self) -> Mutation {
        Mutation::Put {
            key: self.key(),
            value: self.value(),
        }
    }

    fn delete(&mut self) -> Mutation {
        Mutation::Delete { key: self.key() }
    }

    fn several(&mut self) -> Vec<Mutation> {
        let count = 2 + self.rng.below(3);
        (0..count)
            .map(|_| {
                if self.rng.ratio(1, 4) {
                    self.delete()
                } else {
                    self.put()
                }
            })
            .collect()
    }

    fn overlapping(&mut self) -> Command {
        if !self.open_snapshots.is_empty() && self.rng.ratio(1, 2) {
            let index = self.rng.below(self.open_snapshots.len() as u64) as usize;
            return self.finish(index);
        }
        let slot = (0..4).find(|slot| !self.open_snapshots.contains(slot));
        match slot {
            Some(slot) => {
                self.open_snapshots.push(slot);
                Command::SnapshotBegin(slot)
            }
            None => self.finish(0),
        }
    }

    fn placed(&mut self) -> Command {
        if let Some(slot) = self.placing {
            let mut open = self.open_snapshots.iter();
            let index = open.position(|&other| other == slot).unwrap_or(0);
            return self.finish(index);
        }
        if self.open_snapshots.is_empty() {
            return self.overlapping();
        }
        let slot = *self.rng.pick(&self.open_snapshots);
        self.placing = Some(slot);
        Command::SnapshotPlace(slot)
    }

    fn finish(&mut self, index: usize) -> Command {
        let slot = self.open_snapshots.remove(index);
        if self.placing == Some(slot) {
            self.placing = None;
        }
        Command::SnapshotFinish(slot)
    }

    fn advance(&mut self) -> Command {
        let ms = if self.rng.ratio(1, 10) {
            60_000
        } else {
            1 + self.rng.below(2_000)
        };
        Command::Advance(Duration::from_millis(ms))
    }

    fn restart(&mut self, command: Command) -> Command {
        // A snapshot that was begun dies with its process.
        self.open_snapshots.clear();
        self.placing = None;
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_workloads() {
        let shape = Shape::default();
        assert_eq!(generate(7, &shape), generate(7, &shape));
        assert_ne!(generate(7, &shape), generate(8, &shape));
    }

    #[test]
    fn a_snapshot_is_finished_only_after_it_was_begun_by_the_same_process() {
        let shape = Shape {
            commands: 2_000,
            overlapping_snapshots: 40,
            placed_snapshots: 40,
            ..Shape::default()
        };
        let mut open = Vec::new();
        let mut placing = None;
        for command in generate(3, &shape) {
            match command {
                Command::SnapshotPlace(slot) => {
                    assert!(open.contains(&slot), "number {slot} was not begun");
                    assert_eq!(placing, None, "one at a time");
                    placing = Some(slot);
                }
                Command::SnapshotBegin(slot) => {
                    assert!(!open.contains(&slot), "number {slot} is in use");
                    open.push(slot);
                }
                Command::SnapshotFinish(slot) => {
                    assert!(open.contains(&slot), "number {slot} was not begun");
                    open.retain(|&other| other != slot);
                    placing = placing.filter(|&other| other != slot);
                }
                Command::Reopen | Command::Kill => {
                    open.clear();
                    placing = None;
                }
                _ => {}
            }
        }
    }
}
