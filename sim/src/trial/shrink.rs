//! Makes the script of a trial smaller.

use super::look::{Manner, look};
use super::run::Ground;
use super::script::Script;
use super::sweep::Images;
use crate::oracle::Oracle;
use crate::world::WorldError;

/// Most worlds that are run to make one script smaller.
const TRIES_MAX: u32 = 400;

/// The script without whatever is not needed for this oracle not to hold, looked at in the same manner.
///
/// Steps, lives and lines of the plan are taken away one chunk after the other, from large to small, as long as the oracle still does
/// not hold. What is left need not be the smallest.
pub(super) fn shrink(
    ground: &Ground,
    script: &Script,
    manner: &Manner,
    oracle: Oracle,
    images: &mut Images,
) -> Result<Script, WorldError> {
    let mut best = script.clone();
    let mut tries = 0;
    let mut shows = |candidate: &Script| -> Result<bool, WorldError> {
        tries += 1;
        if tries > TRIES_MAX {
            return Ok(false);
        }
        let look = look(ground, candidate, manner.clone(), images)?;
        Ok(look.violation(oracle).is_some())
    };
    while best.lives.len() > 1 {
        let mut candidate = best.clone();
        candidate.lives.pop();
        if !shows(&candidate)? {
            break;
        }
        best = candidate;
    }
    let mut line = 0;
    while line < best.plan.0.len() {
        let mut candidate = best.clone();
        candidate.plan.0.remove(line);
        if shows(&candidate)? {
            best = candidate;
        } else {
            line += 1;
        }
    }
    for life in 0..best.lives.len() {
        let mut len = best.lives[life].steps.len().div_ceil(2);
        while len > 0 {
            let mut from = 0;
            while from < best.lives[life].steps.len() {
                let mut candidate = best.clone();
                let steps = &mut candidate.lives[life].steps;
                steps.drain(from..(from + len).min(steps.len()));
                if shows(&candidate)? {
                    best = candidate;
                } else {
                    from += len;
                }
            }
            len /= 2;
        }
    }
    Ok(best)
}
