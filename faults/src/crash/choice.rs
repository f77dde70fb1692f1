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

pub(super) fn is_closed(atoms: &[Atom], kept: AtomSet) -> bool {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::crash::atom::Sort;
    use crate::image::{Ino, ROOT, SECTOR, Sector};
    use crate::log::{MicroOp, SizeChange};
    use crate::profile::Profile;

    const FILE: Ino = Ino(2);

    /// Lustre with two targets that take turns of a page.
    fn network() -> Network {
        let profile = Profile::named("lustre-2.15").expect("it ships");
        Network {
            stripe_bytes: 4096,
            stripe_count: 2,
            ..profile.network.clone().expect("it is one of a network")
        }
    }

    fn atom(held: Holder, before: &[usize], entry: u32, change: MicroOp) -> Atom {
        let earlier = before.iter().map(|&position| AtomSet::one(position));
        Atom {
            sort: Sort::Change,
            changes: vec![change],
            before: earlier.fold(AtomSet::EMPTY, AtomSet::union),
            journalled: held == Holder::Namespace,
            marked_clean: false,
            held,
            entry,
        }
    }

    fn name(text: &str) -> MicroOp {
        MicroOp::Name {
            dir: ROOT,
            name: Arc::from(text),
            target: Some(FILE),
        }
    }

    fn sector(first: u64) -> MicroOp {
        MicroOp::Data {
            ino: FILE,
            first,
            sectors: vec![Sector::new([1; SECTOR])],
        }
    }

    /// Two names in order, data in a page of each target, and a length that was set on the server of the data.
    fn atoms() -> Vec<Atom> {
        let len = MicroOp::Size {
            ino: Ino(3),
            len: 1,
            change: SizeChange::Set,
        };
        vec![
            atom(Holder::Namespace, &[], 0, name("a")),
            atom(Holder::Namespace, &[0], 1, name("b")),
            atom(Holder::Client, &[], 2, sector(0)),
            atom(Holder::Client, &[], 3, sector(8)),
            atom(Holder::Objects, &[], 4, len),
        ]
    }

    /// What a kind of crash may leave, each as the positions of the atoms.
    #[track_caller]
    fn check(kind: CrashKind, network: &Network, atoms: &[Atom], expected: &[&[usize]]) {
        let bounds = Bounds {
            exhaustive: 1 << 10,
            samples: 0,
        };
        let mut found = Vec::new();
        let mut rng = Rng::stream(0, "test");
        assert!(choices_of(
            kind, network, atoms, bounds, &mut rng, &mut found
        ));
        let mut found: Vec<Vec<usize>> = found.iter().map(|set| set.iter().collect()).collect();
        found.sort_unstable();
        let mut expected: Vec<Vec<usize>> = expected.iter().map(|set| set.to_vec()).collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{kind}");
        let least: Vec<usize> = least(kind, network, atoms).iter().collect();
        assert!(found.contains(&least), "{kind}: {least:?}");
    }

    #[test]
    fn a_kill_and_an_honest_server_that_restarts_take_nothing() {
        let network = network();
        let all: &[usize] = &[0, 1, 2, 3, 4];
        check(CrashKind::ProcessKill, &network, &atoms(), &[all]);
        check(CrashKind::ServerCrash, &network, &atoms(), &[all]);
    }

    #[test]
    fn a_client_takes_what_it_has_not_sent() {
        let expected: &[&[usize]] = &[&[0, 1, 4], &[0, 1, 2, 4], &[0, 1, 3, 4], &[0, 1, 2, 3, 4]];
        check(CrashKind::ClientCrash, &network(), &atoms(), expected);
    }

    #[test]
    fn a_metadata_target_takes_the_end_of_the_names_where_replay_is_missed() {
        let kind = CrashKind::MetadataTargetCrash;
        let mut network = network();
        network.metadata_replay = Replay::Complete;
        check(kind, &network, &atoms(), &[&[0, 1, 2, 3, 4]]);
        network.metadata_replay = Replay::MayFail;
        let expected: &[&[usize]] = &[&[2, 3, 4], &[0, 2, 3, 4], &[0, 1, 2, 3, 4]];
        check(kind, &network, &atoms(), expected);
    }

    #[test]
    fn object_targets_take_any_data_and_no_name() {
        let expected: &[&[usize]] = &[
            &[0, 1],
            &[0, 1, 2],
            &[0, 1, 3],
            &[0, 1, 4],
            &[0, 1, 2, 3],
            &[0, 1, 2, 4],
            &[0, 1, 3, 4],
            &[0, 1, 2, 3, 4],
        ];
        check(CrashKind::ObjectTargetCrash, &network(), &atoms(), expected);
    }

    #[test]
    fn an_eviction_takes_what_was_to_go_to_one_target() {
        let expected: &[&[usize]] = &[&[0, 1, 3, 4], &[0, 1, 2, 4], &[0, 1, 2, 3, 4]];
        check(CrashKind::Eviction, &network(), &atoms(), expected);
    }

    #[test]
    fn an_asynchronous_export_takes_what_its_server_has_executed() {
        let mut network = network();
        network.async_export = true;
        let expected: &[&[usize]] = &[
            &[2, 3],
            &[0, 2, 3],
            &[0, 1, 2, 3],
            &[2, 3, 4],
            &[0, 2, 3, 4],
            &[0, 1, 2, 3, 4],
        ];
        check(CrashKind::ServerCrash, &network, &atoms(), expected);
    }

    #[test]
    fn a_page_is_sent_as_it_was_at_some_time() {
        let versions = [
            atom(Holder::Client, &[], 0, sector(0)),
            atom(Holder::Client, &[], 0, sector(1)),
            atom(Holder::Client, &[], 1, sector(2)),
        ];
        let expected: &[&[usize]] = &[&[], &[0, 1], &[0, 1, 2]];
        check(CrashKind::ClientCrash, &network(), &versions, expected);
        // The target's disk knows no pages of the client.
        let expected: &[&[usize]] = &[&[], &[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2], &[0, 1, 2]];
        check(
            CrashKind::ObjectTargetCrash,
            &network(),
            &versions,
            expected,
        );
    }

    #[test]
    fn what_is_certain_brings_along_what_was_before_it() {
        let ordered = [
            atom(Holder::Client, &[], 0, sector(0)),
            atom(Holder::Objects, &[0], 1, sector(8)),
        ];
        check(CrashKind::ClientCrash, &network(), &ordered, &[&[0, 1]]);
    }
}
