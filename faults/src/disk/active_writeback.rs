//! The write-back rules of a plan at work: they count the write-backs of each block.

use std::collections::BTreeMap;

use globset::{Glob, GlobMatcher};

use crate::fsync_failure::FsyncFailure;
use crate::image::Ino;
use crate::plan::Writeback;

/// A rule with its counters.
#[derive(Clone, Debug)]
pub(super) struct ActiveWriteback {
    rule: Writeback,
    path: GlobMatcher,
    counts: BTreeMap<(Ino, u64), u32>,
    pub(super) fired: u32,
}

impl ActiveWriteback {
    pub(super) fn new(rule: &Writeback) -> Self {
        Self {
            path: Glob::new(&rule.path)
                .expect("patterns are checked when a plan is parsed")
                .compile_matcher(),
            rule: rule.clone(),
            counts: BTreeMap::new(),
            fired: 0,
        }
    }

    /// Counts one write-back of a block. Returns whether it fails.
    fn fails(&mut self, path: &str, ino: Ino, block: u64) -> bool {
        if !self.path.is_match(path) || self.rule.block.is_some_and(|only| only != block) {
            return false;
        }
        let count = self.counts.entry((ino, block)).or_default();
        *count += 1;
        self.rule.sequence.fails(*count)
    }
}

/// Writes blocks back. Every rule counts them; where any fails, returns those that do, and how the sync fails if a rule says.
pub(super) fn write_back(
    rules: &mut [ActiveWriteback],
    path: &str,
    ino: Ino,
    blocks: &[u64],
) -> Option<(Vec<u64>, Option<FsyncFailure>)> {
    let mut failed = Vec::new();
    let mut model = None;
    for &block in blocks {
        for rule in rules.iter_mut() {
            if rule.fails(path, ino, block) {
                rule.fired += 1;
                model = model.or(rule.rule.model);
                if failed.last() != Some(&block) {
                    failed.push(block);
                }
            }
        }
    }
    (!failed.is_empty()).then_some((failed, model))
}
