//! A fault plan at work: it counts operations and says which are hit.

use std::time::Duration;

use globset::{Glob, GlobMatcher};

use super::active_writeback::{ActiveWriteback, write_back};
use super::request::Request;
use crate::fsync_failure::FsyncFailure;
use crate::image::Ino;
use crate::object_target::ObjectTarget;
use crate::plan::{Effect, Fault, FaultPlan, Phase, Scope};
use crate::rng::Rng;

/// What a plan asks of the disk besides the operation itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts<'a> {
    pub(super) now: Duration,
    pub(super) phase: Phase,
    /// The inodes of the operation's paths, where they have any.
    pub(super) inodes: [Option<Ino>; 2],
    /// The pages of its file that a sync would write, where some fault asks for them.
    pub(super) dirty: &'a [u64],
}

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decision {
    /// What the first fault that hits it does.
    pub(super) effect: Option<Effect>,
    /// The object target that this fault is about: a sync that it lets fail writes the pages on all others.
    pub(super) target: Option<ObjectTarget>,
    /// How much longer it takes.
    pub(super) wait: Duration,
}

/// What a fault that has struck goes on hitting.
#[derive(Clone, Debug)]
enum Reach {
    Inodes([Option<Ino>; 2]),
    Below(Vec<String>),
    Target(ObjectTarget),
    All,
}

/// A fault hits an operation.
#[derive(Clone, Copy, Debug)]
struct Hit {
    /// The object target that it hits, where it is about one.
    target: Option<ObjectTarget>,
}

#[derive(Clone, Debug)]
struct ActiveFault {
    fault: Fault,
    path: Option<GlobMatcher>,
    rng: Rng,
    selected: u32,
    fired: u32,
    /// Operations left of a burst.
    burst: u32,
    reach: Option<Reach>,
    /// When it first hit.
    since: Option<Duration>,
}

/// A plan with its counters.
#[derive(Clone, Debug, Default)]
pub(super) struct ActivePlan {
    faults: Vec<ActiveFault>,
    writebacks: Vec<ActiveWriteback>,
}

fn components(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .map(str::to_owned)
        .collect()
}

impl ActiveFault {
    /// Whether the effect can be had of this operation, now.
    fn applies(&self, request: &Request<'_>, facts: &Facts<'_>) -> bool {
        self.fault.effect.applies_to(request.kind)
            && request.moves >= self.fault.effect.moves_min()
            && (request.appends || !self.fault.effect.needs_append())
            && self.fault.when.is_now(facts.now)
    }

    fn selects(&self, request: &Request<'_>, facts: &Facts<'_>) -> bool {
        let when = &self.fault.when;
        let on_path = self.path.as_ref().is_none_or(|pattern| {
            pattern.is_match(request.path)
                || request
                    .second
                    .is_some_and(|second| pattern.is_match(second))
        });
        on_path
            && self.fault.op.matches(request.kind)
            && when.phase.is_none_or(|phase| phase == facts.phase)
            && when.bytes.is_none_or(|bytes| {
                request
                    .range
                    .is_some_and(|(offset, len)| bytes.touches(offset, len))
            })
            && when
                .target
                .is_none_or(|target| request.is_on(target, facts.dirty))
    }

    /// Whether an operation that is counted is hit.
    fn strikes(&mut self) -> bool {
        self.selected = self.selected.saturating_add(1);
        if !self.fault.occurrence.matches(self.selected) {
            return false;
        }
        let Some(chance) = self.fault.when.chance else {
            return true;
        };
        if self.burst > 0 {
            self.burst -= 1;
            return true;
        }
        let hit = self
            .rng
            .ratio(u64::from(chance.numerator), u64::from(chance.denominator));
        if hit {
            self.burst = chance.burst - 1;
        }
        hit
    }

    /// Whether an earlier hit reaches this operation.
    fn reaches(&self, request: &Request<'_>, facts: &Facts<'_>) -> bool {
        match &self.reach {
            None => false,
            Some(Reach::All) => true,
            Some(Reach::Target(target)) => request.is_on(*target, facts.dirty),
            Some(Reach::Inodes(struck)) => facts
                .inodes
                .iter()
                .flatten()
                .any(|ino| struck.contains(&Some(*ino))),
            Some(Reach::Below(dir)) => [Some(request.path), request.second]
                .into_iter()
                .flatten()
                .any(|path| components(path).starts_with(dir)),
        }
    }

    fn hits(&mut self, request: &Request<'_>, facts: &Facts<'_>) -> Option<Hit> {
        if !self.applies(request, facts) {
            return None;
        }
        let target = if self.selects(request, facts) && self.strikes() {
            self.fault.when.target
        } else if self.reaches(request, facts) {
            match self.reach {
                Some(Reach::Target(target)) => Some(target),
                _ => None,
            }
        } else {
            return None;
        };
        self.since.get_or_insert(facts.now);
        if self.reach.is_none() {
            self.reach = self.reach_from(request, facts);
        }
        Some(Hit { target })
    }

    /// What the fault goes on hitting once it has struck this operation.
    fn reach_from(&self, request: &Request<'_>, facts: &Facts<'_>) -> Option<Reach> {
        match self.fault.scope {
            Scope::Operation => None,
            Scope::File => Some(Reach::Inodes(facts.inodes)),
            Scope::Directory => {
                let mut dir = components(request.path);
                dir.pop();
                Some(Reach::Below(dir))
            }
            Scope::Target(target) => Some(Reach::Target(target)),
            Scope::FileSystem => Some(Reach::All),
        }
    }

    /// How long an operation that is hit has to wait.
    fn wait(&mut self, now: Duration) -> Duration {
        let since = self.since.unwrap_or(now);
        match self.fault.effect {
            Effect::Delay(latency) => latency.draw(&mut self.rng, now, now.saturating_sub(since)),
            Effect::Stall(time) => (since + time).saturating_sub(now),
            _ => Duration::ZERO,
        }
    }
}

impl ActivePlan {
    /// A plan whose chances are drawn from streams of `seed`, one for each fault.
    pub(super) fn new(plan: &FaultPlan, seed: u64) -> Self {
        let faults = plan
            .faults
            .iter()
            .enumerate()
            .map(|(index, fault)| ActiveFault {
                path: fault.path.as_deref().map(|pattern| {
                    Glob::new(pattern)
                        .expect("patterns are checked when a plan is parsed")
                        .compile_matcher()
                }),
                fault: fault.clone(),
                rng: Rng::stream(seed, &format!("fault {index}")),
                selected: 0,
                fired: 0,
                burst: 0,
                reach: None,
                since: None,
            })
            .collect();
        Self {
            faults,
            writebacks: plan.writebacks.iter().map(ActiveWriteback::new).collect(),
        }
    }

    /// Whether nothing can go wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.writebacks.is_empty()
    }

    /// Whether inodes have to be looked up: some fault is for a file.
    pub(super) fn asks_for_inodes(&self) -> bool {
        self.faults
            .iter()
            .any(|active| active.fault.scope == Scope::File)
    }

    /// Whether the pages that a sync would write have to be looked up: some fault is about an object target.
    pub(super) fn asks_for_pages(&self) -> bool {
        self.faults.iter().any(|active| {
            active.fault.when.target.is_some() || matches!(active.fault.scope, Scope::Target(_))
        })
    }

    /// What happens to this operation. Every fault counts it; of those that do not merely take time, the first that hits decides.
    pub(super) fn decide(&mut self, request: &Request<'_>, facts: &Facts<'_>) -> Decision {
        let mut decision = Decision::default();
        for active in &mut self.faults {
            let Some(hit) = active.hits(request, facts) else {
                continue;
            };
            if active.fault.effect.is_wait() {
                let wait = active.wait(facts.now);
                decision.wait = decision.wait.saturating_add(wait);
                active.fired += u32::from(!wait.is_zero());
            } else if decision.effect.is_none() {
                active.fired += 1;
                decision.effect = Some(active.fault.effect);
                decision.target = hit.target;
            }
        }
        decision
    }

    /// How often each fault took effect, in the order of the plan.
    pub(super) fn fired(&self) -> impl Iterator<Item = u32> {
        let writebacks = self.writebacks.iter().map(|active| active.fired);
        let faults = self.faults.iter().map(|active| active.fired);
        faults.chain(writebacks)
    }

    /// Whether blocks may fail on their own.
    pub(super) fn has_writebacks(&self) -> bool {
        !self.writebacks.is_empty()
    }

    /// Writes blocks of a file back. Returns those that fail, and how if the plan says.
    pub(super) fn write_back(
        &mut self,
        path: &str,
        ino: Ino,
        blocks: &[u64],
    ) -> Option<(Vec<u64>, Option<FsyncFailure>)> {
        write_back(&mut self.writebacks, path, ino, blocks)
    }
}
