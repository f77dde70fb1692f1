//! Workloads from bytes, for property tests and fuzzing.

use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::command::{Command, Mutation};

/// Steps of a workload made from bytes.
const STEPS_MAX: usize = 12;

/// Keys of a workload made from bytes.
const KEYS: u8 = 3;

/// A workload that a store can be put through: every value is written once, and a snapshot is finished only after it was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps(pub Vec<Command>);

impl<'a> Arbitrary<'a> for Steps {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut maker = Maker {
            serial: 0,
            open: Vec::new(),
        };
        let count = u.int_in_range(1..=STEPS_MAX)?;
        let steps = (0..count).map(|_| maker.step(u)).collect::<Result<_>>()?;
        Ok(Self(steps))
    }
}

/// What makes one step after the other.
struct Maker {
    serial: u32,
    /// Snapshots begun and not finished.
    open: Vec<u8>,
}

impl Maker {
    fn mutation(&mut self, u: &mut Unstructured<'_>) -> Result<Mutation> {
        let key = format!("k{}", u.int_in_range(0..=KEYS - 1)?).into_bytes();
        if u.ratio(1_u8, 5)? {
            return Ok(Mutation::Delete { key });
        }
        self.serial += 1;
        let mut value = format!("v{}.", self.serial).into_bytes();
        if u.ratio(1_u8, 6)? {
            let len = u.int_in_range(1..=1500)?;
            value.resize(value.len() + len, b'x');
        }
        Ok(Mutation::Put { key, value })
    }

    fn step(&mut self, u: &mut Unstructured<'_>) -> Result<Command> {
        Ok(match u.int_in_range(0..=15)? {
            0 => Command::Snapshot,
            1 => {
                let slot = u.int_in_range(0..=2)?;
                if self.open.contains(&slot) {
                    self.open.retain(|&open| open != slot);
                    Command::SnapshotFinish(slot)
                } else {
                    self.open.push(slot);
                    Command::SnapshotBegin(slot)
                }
            }
            2 => Command::Sync,
            3 => Command::Tick,
            4 => Command::Advance(Duration::from_millis(u64::from(u.arbitrary::<u16>()?))),
            5 | 6 => {
                // A snapshot that was begun dies with its process.
                self.open.clear();
                if u.arbitrary()? {
                    Command::Reopen
                } else {
                    Command::Kill
                }
            }
            7 | 8 => {
                let count = u.int_in_range(2..=4)?;
                let mutations = (0..count).map(|_| self.mutation(u));
                Command::Batch(mutations.collect::<Result<_>>()?)
            }
            _ => Command::Write(self.mutation(u)?),
        })
    }
}
