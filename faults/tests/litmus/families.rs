//! What follows for whole families of lists from how the systems work, held to every list of the catalogue. A list that was written
//! down from the model and breaks one of these sentences is wrong, or the model is.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::image::Image;
use plimsoll_faults::litmus::{Action, Case, CrashPoint, Leaf, States, Tree, catalogue, kinds_of};
use plimsoll_faults::profile::Profile;

/// The lists of one case at one point.
struct Lists {
    case: Arc<Case>,
    point: CrashPoint,
    /// What processes see.
    seen: Image,
    states: BTreeMap<(String, CrashKind), States>,
}

impl Lists {
    fn of(&self, profile: &str, kind: CrashKind) -> &States {
        let found = self.states.get(&(profile.to_owned(), kind));
        found.unwrap_or_else(|| panic!("{}: no list of {profile} {kind}", self.place()))
    }

    fn place(&self) -> String {
        let point = self.case.describe(self.point);
        format!("{} {point}", self.case.program.name)
    }

    /// The shipped disks on which the case says something.
    fn disks(&self) -> Vec<Arc<Profile>> {
        let shipped = Profile::shipped().into_iter();
        shipped
            .filter(|profile| self.case.program.applies_to(profile))
            .collect()
    }

    /// Whether nothing goes wrong but the crash.
    fn is_faultless(&self) -> bool {
        let plan = &self.case.program.plan;
        plan.faults.is_empty() && plan.writebacks.is_empty() && plan.spaces.is_empty()
    }

    /// Whether a step before the crash is like this.
    fn has(&self, like: impl Fn(&Action) -> bool) -> bool {
        let steps = self.case.program.steps.iter().take(self.point.after);
        steps.map(|step| &step.action).any(like)
    }

    fn assert_within(&self, inner: (&str, CrashKind), outer: (&str, CrashKind)) {
        let (less, more) = (self.of(inner.0, inner.1), self.of(outer.0, outer.1));
        let surplus: Vec<&String> = less.difference(more).collect();
        assert!(
            surplus.is_empty(),
            "{}: {} {} allows what {} {} does not: {surplus:?}",
            self.place(),
            inner.0,
            inner.1,
            outer.0,
            outer.1
        );
    }
}

/// Every point of every case.
fn all() -> Vec<Lists> {
    let mut all = Vec::new();
    for case in catalogue() {
        let case = Arc::new(case);
        let recording = case.program.record().expect("the steps end as they say");
        for point in case.points() {
            let sections = case.sections.iter().filter(|it| it.point == point);
            let states = sections.map(|it| ((it.profile.clone(), it.kind), it.states.clone()));
            all.push(Lists {
                states: states.collect(),
                seen: recording.seen[point.after].clone(),
                point,
                case: Arc::clone(&case),
            });
        }
    }
    all
}

/// The names of a state without its content, and without those that an NFS client gives to open files.
fn names(state: &str) -> Vec<(String, Option<Leaf>)> {
    let tree = Tree::parse(state).expect("a listed state");
    let entries = tree.entries.into_iter();
    let entries = entries.filter(|(path, _)| !path.contains(".nfs"));
    let what = |leaf| match leaf {
        Leaf::File(_) => None,
        other => Some(other),
    };
    entries.map(|(path, leaf)| (path, what(leaf))).collect()
}

/// "All completed syscalls survive": after a kill the disk is what processes saw, on every disk.
#[test]
fn a_kill_leaves_what_processes_saw() {
    for lists in all() {
        let seen = Tree::of(&lists.seen).render();
        for profile in lists.disks() {
            let states = lists.of(&profile.name, CrashKind::ProcessKill);
            let of_kill: Vec<_> = states.iter().map(|state| names(state)).collect();
            assert_eq!(
                of_kill,
                [names(&seen)],
                "{} on {}",
                lists.place(),
                profile.name
            );
            let silly = states.iter().any(|state| state.contains(".nfs"));
            assert!(
                silly || states.contains(&seen),
                "{} on {}",
                lists.place(),
                profile.name
            );
        }
    }
}

/// The power of a whole site takes whatever any of its parts can lose.
#[test]
fn no_crash_leaves_what_a_power_loss_cannot() {
    for lists in all() {
        for profile in lists.disks() {
            for kind in kinds_of(&profile) {
                lists.assert_within((&profile.name, kind), (&profile.name, CrashKind::PowerLoss));
            }
        }
    }
}

/// `posix-minimal` promises nothing but syncs and sectors, so it allows whatever a local disk without faults may leave.
#[test]
fn every_local_disk_keeps_what_posix_minimal_promises() {
    let power = CrashKind::PowerLoss;
    for lists in all().into_iter().filter(Lists::is_faultless) {
        // What freed blocks show is a matter of journals: where truncations are not atomic, it is not modelled (`crash::reuse`).
        if lists.case.program.name.ends_with("reuse") {
            continue;
        }
        for disk in ["ext4-ordered", "ext4-writeback", "xfs", "btrfs"] {
            lists.assert_within((disk, power), ("posix-minimal", power));
        }
        // The journal is the same; only that data goes before it is given up.
        lists.assert_within(("ext4-ordered", power), ("ext4-writeback", power));
    }
}

/// A metadata target executes names before it replies and lives on when a client or an object target does not: every name is there.
#[test]
fn names_outlive_clients_and_object_targets_on_lustre() {
    use CrashKind::{ClientCrash, Eviction, ObjectTargetCrash};
    for lists in all() {
        let seen = names(&Tree::of(&lists.seen).render());
        for disk in ["lustre-2.15", "lustre-2.16"] {
            for kind in [ClientCrash, ObjectTargetCrash, Eviction] {
                for state in lists.of(disk, kind) {
                    assert_eq!(names(state), seen, "{} {disk} {kind}", lists.place());
                }
            }
            // An eviction takes from one target what the crash of a client takes from all.
            lists.assert_within((disk, Eviction), (disk, ClientCrash));
        }
    }
}

/// A metadata target has no data: what it loses are names, and the content of those that are left is as processes saw it.
#[test]
fn a_metadata_target_loses_no_content_on_lustre() {
    for lists in all() {
        // After a truncation of a name that is lost, or an unlink, other content than the last is there.
        let content = |state: &str| -> Vec<Leaf> {
            let tree = Tree::parse(state).expect("a listed state");
            let leaves = tree.entries.into_values();
            leaves
                .filter(|leaf| matches!(leaf, Leaf::File(_)))
                .collect()
        };
        let mut seen = content(&Tree::of(&lists.seen).render());
        let removes =
            |action: &Action| matches!(action, Action::Unlink { .. } | Action::Rename { .. });
        if lists.has(removes) {
            // What lost its name is there again when the removal is lost.
            let recording = lists
                .case
                .program
                .record()
                .expect("the steps end as they say");
            for image in &recording.seen[..lists.point.after] {
                seen.extend(content(&Tree::of(image).render()));
            }
        }
        for disk in ["lustre-2.15", "lustre-2.16"] {
            for state in lists.of(disk, CrashKind::MetadataTargetCrash) {
                for leaf in content(state) {
                    assert!(seen.contains(&leaf), "{} {disk}: {state}", lists.place());
                }
            }
        }
    }
}

/// The releases differ in `fsync` of a directory, which 2.15 passes on to the metadata target and 2.16 does not.
#[test]
fn lustre_releases_differ_in_syncs_of_directories_alone() {
    for lists in all() {
        let is_sync = |action: &Action| matches!(action, Action::FsyncDir { .. });
        let profile = Profile::named("lustre-2.16").expect("it ships");
        for kind in kinds_of(&profile) {
            let (old, new) = (("lustre-2.15", kind), ("lustre-2.16", kind));
            lists.assert_within(old, new);
            if !lists.has(is_sync) {
                lists.assert_within(new, old);
            }
        }
    }
}

/// A client that lives sends again what a restarted server has lost, and names were stable before the reply.
#[test]
fn a_synchronous_export_loses_nothing_with_its_server() {
    for lists in all().into_iter().filter(Lists::is_faultless) {
        let kill = lists.of("nfs-sync", CrashKind::ProcessKill);
        let server = lists.of("nfs-sync", CrashKind::ServerCrash);
        assert_eq!(server, kill, "{}", lists.place());
        let seen = names(&Tree::of(&lists.seen).render());
        for kind in [CrashKind::ClientCrash, CrashKind::PowerLoss] {
            for state in lists.of("nfs-sync", kind) {
                assert_eq!(names(state), seen, "{} {kind}: {state}", lists.place());
            }
        }
    }
}

/// A server that lives keeps what it has acknowledged, be it on disk or not; and one that lies keeps no more than an honest one.
#[test]
fn an_asynchronous_export_is_honest_while_its_server_lives() {
    for lists in all().into_iter().filter(Lists::is_faultless) {
        let sync = lists.of("nfs-sync", CrashKind::ClientCrash);
        let lying = lists.of("nfs-async", CrashKind::ClientCrash);
        assert_eq!(sync, lying, "{}", lists.place());
        let power = CrashKind::PowerLoss;
        lists.assert_within(("nfs-sync", power), ("nfs-async", power));
    }
}
