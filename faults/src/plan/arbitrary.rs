//! Fault plans from bytes, for property tests and fuzzing. Every plan that is made here parses, and can fire.

use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};

use super::effect::{Damage, Effect, Position};
use super::fault::{Fault, FaultPlan, Occurrence, OpSelector};
use super::scope::Scope;
use super::space::{Freed, Space};
use super::text::misfit;
use super::when::{ByteRange, Chance, Phase, When};
use super::writeback::{Sequence, Writeback};
use crate::errno::Errno;
use crate::fsync_failure::FsyncFailure;
use crate::latency::Latency;
use crate::object_target::ObjectTarget;
use crate::op_kind::OpKind;

/// Faults of a plan.
const FAULTS_MAX: usize = 4;

/// Patterns that name files of stores, and awkward ones.
const PATHS: &[&str] = &[
    "*",
    "data/*",
    "*.log",
    "*.tmp",
    "data/{a,b}.log",
    "a b",
    "in",
    "EIO",
    "#3",
    "say \"so\"",
    "one;two",
    "größe",
    "1/2",
    "target",
];

impl<'a> Arbitrary<'a> for FaultPlan {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut plan = Self::none();
        for _ in 0..u.int_in_range(0..=FAULTS_MAX)? {
            plan.faults.push(u.arbitrary()?);
        }
        if u.ratio(1_u8, 8)? {
            plan.writebacks.push(u.arbitrary()?);
        }
        if u.ratio(1_u8, 4)? {
            plan.spaces.push(u.arbitrary()?);
        }
        Ok(plan)
    }
}

impl<'a> Arbitrary<'a> for Fault {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let op = match u.int_in_range(0..=5)? {
            0 => OpSelector::Any,
            1 => OpSelector::Sync,
            2 => OpSelector::Growing,
            _ => OpSelector::Kind(*u.choose(OpKind::ALL)?),
        };
        let mut fault = Self::new(op, u.arbitrary()?);
        if u.ratio(1_u8, 3)? {
            fault.path = Some((*u.choose(PATHS)?).to_owned());
        }
        fault.occurrence = u.arbitrary()?;
        fault.when = u.arbitrary()?;
        if u.ratio(1_u8, 6)? {
            fault.scope = match *u.choose(Scope::ALL)? {
                Scope::Target(_) => Scope::Target(u.arbitrary()?),
                other => other,
            };
        }
        if misfit(&fault).is_some() {
            // Whatever is selected can fail.
            fault.effect = Effect::Fail(*u.choose(Errno::ALL)?, Position::Before);
        }
        if misfit(&fault).is_some() {
            fault.when = When::default();
        }
        Ok(fault)
    }
}

impl<'a> Arbitrary<'a> for Occurrence {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let first = u.int_in_range(1..=48)?;
        Ok(match u.int_in_range(0..=5)? {
            0 => Self::Every,
            1 => Self::From(first),
            2 => Self::Between(first, first + u.int_in_range(0..=8)?),
            _ => Self::Nth(first),
        })
    }
}

impl<'a> Arbitrary<'a> for When {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut when = Self::default();
        match u.int_in_range(0..=11)? {
            0 => {
                let first = u.int_in_range(0..=8192)?;
                let end = u.arbitrary::<Option<u16>>()?;
                when.bytes = Some(ByteRange {
                    first,
                    end: end.map(|more| first + 1 + u64::from(more)),
                });
            }
            1 | 2 => when.phase = Some(*u.choose(Phase::ALL)?),
            3 => when.from = Some(time(u)?),
            4 => when.until = Some(time(u)? + Duration::from_nanos(1)),
            5 => {
                let denominator = u.int_in_range(1..=64)?;
                when.chance = Some(Chance {
                    numerator: u.int_in_range(1..=denominator)?,
                    denominator,
                    burst: u.int_in_range(1..=4)?,
                });
            }
            6 => when.target = Some(u.arbitrary()?),
            _ => {}
        }
        Ok(when)
    }
}

/// A time below a minute and a bit.
fn time(u: &mut Unstructured<'_>) -> Result<Duration> {
    let count = u64::from(u.arbitrary::<u16>()?);
    Ok(match u.int_in_range(0..=3)? {
        0 => Duration::from_nanos(count),
        1 => Duration::from_micros(count),
        _ => Duration::from_millis(count),
    })
}

impl<'a> Arbitrary<'a> for ObjectTarget {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let count = u.int_in_range(1..=4)?;
        let index = u.int_in_range(0..=count - 1)?;
        let stripe_bytes = 4096 * u.int_in_range(1..=256)?;
        Ok(Self::new(index, count, stripe_bytes).unwrap_or(Self::FIRST_OF_TWO))
    }
}

impl<'a> Arbitrary<'a> for Latency {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let least = time(u)? + Duration::from_nanos(1);
        let most = least + time(u)?;
        Ok(match u.int_in_range(0..=6)? {
            0 => Self::Constant(least),
            1 => Self::Uniform(least, most),
            2 => Self::Exponential(least),
            3 => Self::LogNormal(least, most),
            4 => {
                let denominator = u.int_in_range(1..=100)?;
                let numerator = u.int_in_range(1..=denominator)?;
                Self::Bimodal(least, most, numerator, denominator)
            }
            5 => Self::Periodic(most + Duration::from_nanos(1), least),
            _ => Self::Brownout(least, most, u.int_in_range(1..=20)?, time(u)?),
        })
    }
}

impl<'a> Arbitrary<'a> for Effect {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=10)? {
            0 => Self::Drop,
            1 => Self::Short,
            2 | 3 => Self::Damage(match *u.choose(Damage::ALL)? {
                Damage::Flip(_) => Damage::Flip(u.int_in_range(1..=9)?),
                other => other,
            }),
            4 => Self::Delay(u.arbitrary()?),
            5 => Self::Stall(time(u)?),
            6 => Self::Hang,
            7 => Self::FailSync(*u.choose(Errno::ALL)?, *u.choose(FsyncFailure::ALL)?),
            _ => Self::Fail(*u.choose(Errno::ALL)?, *u.choose(Position::ALL)?),
        })
    }
}

impl<'a> Arbitrary<'a> for Writeback {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut steps: Vec<bool> = Vec::new();
        for _ in 0..u.int_in_range(0..=5)? {
            steps.push(u.arbitrary()?);
        }
        let mut rest: Option<bool> = u.arbitrary()?;
        if !steps.contains(&true) && rest != Some(true) {
            // A sequence in which nothing fails is none.
            rest = Some(true);
        }
        Ok(Self {
            path: (*u.choose(PATHS)?).to_owned(),
            block: u.arbitrary::<Option<u8>>()?.map(u64::from),
            sequence: Sequence::new(steps, rest),
            model: match u.arbitrary()? {
                true => Some(*u.choose(FsyncFailure::ALL)?),
                false => None,
            },
        })
    }
}

impl<'a> Arbitrary<'a> for Space {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut space = Self::of(u64::from(u.arbitrary::<u16>()?));
        if u.ratio(1_u8, 4)? {
            space.inodes = Some(u.int_in_range(0..=16)?);
            space.bytes = space.bytes.filter(|bytes| bytes % 2 == 0);
        }
        if u.arbitrary()? {
            space.errno = Errno::EDQUOT;
        }
        space.reserved = u.arbitrary()?;
        space.freed = match u.int_in_range(0..=2)? {
            0 => Some(Freed::Operation(u.int_in_range(1..=200)?)),
            1 => Some(Freed::Time(time(u)?)),
            _ => None,
        };
        Ok(space)
    }
}
