//! Which atoms a kind of crash can take: the states it may leave, out of those that a loss of all power may.

use std::collections::{BTreeMap, BTreeSet};

use super::atom::Atom;
use super::atom_set::AtomSet;
use super::enumerate::{Bounds, choices};
use super::holder::Holder;
use super::kind::CrashKind;
use crate::profile::{Network, Replay};
use crate::rng::Rng;

/// What a crash leaves for certain, and how the rest goes.
struct Survivors {
    kept: AtomSet,
    /// Whether the rest goes page by page, each as it was at some time: what a client has not sent.
    by_page: bool,
}

/// Generates the choices that a kind of crash allows, no choice twice. Returns whether it gave all there are.
pub(super) fn choices_of(
    kind: CrashKind,
    network: &Network,
    atoms: &[Atom],
    bounds: Bounds,
    rng: &mut Rng,
    out: &mut Vec<AtomSet>,
) -> bool {
    out.clear();
    let mut seen = BTreeSet::new();
    let mut complete = true;
    for survivors in survivors(kind, network, atoms) {
        let groups = groups(atoms, &survivors);
        let reduced = reduce(atoms, &survivors, &groups);
        let mut sets = Vec::new();
        complete &= choices(&reduced, bounds, rng, &mut sets);
        for set in sets {
            let kept = set.iter().fold(survivors.kept, |kept, group| {
                groups[group].iter().fold(kept, |mut kept, &position| {
                    kept.insert(position);
                    kept
                })
            });
            if is_closed(atoms, kept) && seen.insert(kept) {
                out.push(kept);
            }
        }
    }
    complete
}

/// The least that a kind of crash leaves.
pub(super) fn least(kind: CrashKind, network: &Network, atoms: &[Atom]) -> AtomSet {
    survivors(kind, network, atoms)
        .first()
        .map_or(AtomSet::EMPTY, |survivors| survivors.kept)
}

/// What is certain, once for each way in which this kind may happen.
fn survivors(kind: CrashKind, network: &Network, atoms: &[Atom]) -> Vec<Survivors> {
    let keep = |by_page: bool, wanted: &dyn Fn(&Atom) -> bool| {
        let mut kept = AtomSet::EMPTY;
        for (position, atom) in atoms.iter().enumerate() {
            if wanted(atom) {
                kept = kept.union(atom.before);
                kept.insert(position);
            }
        }
        Survivors { kept, by_page }
    };
    match kind {
        CrashKind::ProcessKill => vec![keep(false, &|_| true)],
        CrashKind::ClientCrash => vec![keep(true, &|atom| atom.held != Holder::Client)],
        CrashKind::MetadataTargetCrash => {
            let replayed = network.metadata_replay == Replay::Complete;
            vec![keep(false, &|atom| {
                replayed || atom.held != Holder::Namespace
            })]
        }
        CrashKind::ObjectTargetCrash => vec![keep(false, &|atom| {
            matches!(atom.held, Holder::Namespace | Holder::Mixed)
        })],
        CrashKind::Eviction => (0..network.stripe_count)
            .map(|target| {
                keep(true, &|atom| {
                    atom.held != Holder::Client || !atom.is_on(network, target)
                })
            })
            .collect(),
        CrashKind::ServerCrash => vec![keep(false, &|atom| {
            !network.async_export || matches!(atom.held, Holder::Client | Holder::Mixed)
        })],
        CrashKind::PowerLoss
        | CrashKind::SitePowerLoss
        | CrashKind::KillThenPowerLoss
        | CrashKind::Lying => vec![keep(false, &|_| false)],
    }
}

fn is_closed(atoms: &[Atom], kept: AtomSet) -> bool {
    kept.iter()
        .all(|position| atoms[position].before.is_subset(&kept))
}

/// The atoms that are not certain, in groups that go together: what one operation put into one page is sent with it.
fn groups(atoms: &[Atom], survivors: &Survivors) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (position, atom) in atoms.iter().enumerate() {
        if survivors.kept.contains(position) {
            continue;
        }
        let shares_page = |group: &Vec<usize>| {
            group.iter().any(|&other| {
                atoms[other].entry == atom.entry
                    && atoms[other]
                        .pages()
                        .any(|page| atom.pages().any(|of| of == page))
            })
        };
        match groups
            .iter_mut()
            .find(|group| survivors.by_page && shares_page(group))
        {
            Some(group) => group.push(position),
            None => groups.push(vec![position]),
        }
    }
    groups
}

/// The groups as atoms of their own. Where pages are sent whole, a later version of a page holds the earlier ones.
fn reduce(atoms: &[Atom], survivors: &Survivors, groups: &[Vec<usize>]) -> Vec<Atom> {
    let mut group_of = BTreeMap::new();
    let mut last_of_page = BTreeMap::new();
    let mut reduced: Vec<Atom> = Vec::with_capacity(groups.len());
    for (index, group) in groups.iter().enumerate() {
        let mut merged = atoms[group[0]].clone();
        let mut before = AtomSet::EMPTY;
        for &position in group {
            if position != group[0] {
                merged.changes.extend(atoms[position].changes.clone());
            }
            let earlier = atoms[position].before.difference(survivors.kept);
            for other in earlier.iter() {
                // One that is not there yet would be in this group or after it; what is not closed then is dropped at the end.
                if let Some(&other) = group_of.get(&other) {
                    before.insert(other);
                }
            }
        }
        if survivors.by_page {
            for page in merged.pages() {
                if let Some(other) = last_of_page.insert(page, index)
                    && other != index
                {
                    before.insert(other);
                }
            }
        }
        merged.before = before
            .iter()
            .fold(before, |all, other| all.union(reduced[other].before));
        reduced.push(merged);
        group_of.extend(group.iter().map(|&position| (position, index)));
    }
    reduced
}
