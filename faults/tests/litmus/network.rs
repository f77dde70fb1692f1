//! Every parameter of a network file system matters to some case of those that have a section for one.

use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::profile::{
    Cover, DirOrder, Exposure, Namespace, Network, Profile, Replay, Tear,
};

use plimsoll_faults::litmus::{CATALOGUE, Case, CrashPoint, Run, States};

/// What a change does to a profile and its servers.
type Change = fn(&mut Profile, &mut Network);

/// Changes of one parameter. A cover is taken away where it is, and added where it is not.
const CHANGES: &[(&str, Change)] = &[
    ("tear", |p, _| p.tear = Tear::None),
    ("extend_exposes", |p, _| {
        p.extend_exposes = match p.extend_exposes {
            Exposure::None => Exposure::Zeros,
            _ => Exposure::None,
        };
    }),
    ("same_file_meta_ordered", |p, _| {
        p.same_file_meta_ordered = false
    }),
    ("reuse_waits_for_commit", |p, _| {
        p.reuse_waits_for_commit = false
    }),
    ("dirop_atomic", |p, _| p.dirop_atomic = false),
    ("dirop_order", |p, _| p.dirop_order = DirOrder::None),
    ("fsync data", |p, _| {
        toggle(&mut p.fsync_covers, Cover::Data)
    }),
    ("fsync size", |p, _| {
        toggle(&mut p.fsync_covers, Cover::Size)
    }),
    ("fsync all-metadata-if-asked", |p, _| {
        toggle(&mut p.fsync_covers, Cover::AllMetadataIfAsked);
    }),
    ("fdatasync data", |p, _| {
        toggle(&mut p.fdatasync_covers, Cover::Data)
    }),
    ("fdatasync own-names", |p, _| {
        toggle(&mut p.fdatasync_covers, Cover::OwnNames);
    }),
    ("fsync of a directory", |p, _| {
        toggle(&mut p.fsync_dir_covers, Cover::AllMetadata);
    }),
    ("stripe_bytes", |_, n| n.stripe_bytes *= 4),
    ("stripe_count", |_, n| n.stripe_count = 3 - n.stripe_count),
    ("namespace", |_, n| {
        n.namespace = match n.namespace {
            Namespace::Journal => Namespace::StableOnReply,
            Namespace::StableOnReply => Namespace::Journal,
        };
    }),
    ("metadata_replay", |_, n| {
        n.metadata_replay = match n.metadata_replay {
            Replay::Complete => Replay::MayFail,
            Replay::MayFail => Replay::Complete,
        };
    }),
    ("async_export", |_, n| n.async_export = !n.async_export),
    ("silly_rename", |_, n| n.silly_rename = !n.silly_rename),
    ("close data", |_, n| {
        toggle(&mut n.close_covers, Cover::Data)
    }),
];

/// Changes that no case notices, with the reason.
const INERT: &[(&str, &str)] = &[
    (
        "nfs-sync: same_file_meta_ordered",
        "lengths are set durably when the call returns",
    ),
    (
        "nfs-sync: reuse_waits_for_commit",
        "lengths are set durably when the call returns",
    ),
    (
        "nfs-sync: dirop_atomic",
        "names are durable when the call returns",
    ),
    (
        "nfs-sync: dirop_order",
        "names are durable when the call returns",
    ),
    (
        "nfs-sync: fsync all-metadata-if-asked",
        "names are durable when the call returns",
    ),
    (
        "nfs-sync: fdatasync own-names",
        "names are durable when the call returns",
    ),
    (
        "nfs-sync: fsync of a directory",
        "names are durable when the call returns",
    ),
    ("nfs-sync: stripe_bytes", "there is one server"),
    (
        "nfs-sync: stripe_count",
        "no crash is of one target among several",
    ),
    (
        "nfs-sync: metadata_replay",
        "no crash is of a metadata target",
    ),
    (
        "nfs-async: fsync all-metadata-if-asked",
        "no sync makes anything durable, and the server has the names already",
    ),
    (
        "nfs-async: fdatasync own-names",
        "no sync makes anything durable, and the server has the names already",
    ),
    (
        "nfs-async: fsync of a directory",
        "no sync makes anything durable, and the server has the names already",
    ),
    ("nfs-async: stripe_bytes", "there is one server"),
    (
        "nfs-async: stripe_count",
        "no crash is of one target among several",
    ),
    (
        "nfs-async: namespace",
        "an asynchronous export keeps no promise about names",
    ),
    (
        "nfs-async: metadata_replay",
        "no crash is of a metadata target",
    ),
];

fn toggle(covers: &mut Vec<Cover>, cover: Cover) {
    if covers.contains(&cover) {
        covers.retain(|&other| other != cover);
    } else {
        covers.push(cover);
    }
}

/// The cases that have a list for a network file system, run, with their crash points.
fn runs() -> Vec<(Run, Vec<CrashPoint>)> {
    let is_network =
        |profile: &str| Profile::named(profile).is_some_and(|profile| profile.network.is_some());
    CATALOGUE
        .iter()
        .map(|file| Case::parse(file.text).expect("the catalogue parses"))
        .filter(|case| {
            case.sections
                .iter()
                .any(|section| is_network(&section.profile))
        })
        .map(|case| {
            let run = Run::new(&case.program).expect("the steps end as they say");
            (run, case.points().collect())
        })
        .collect()
}

fn outcomes(runs: &[(Run, Vec<CrashPoint>)], profile: &Profile) -> Vec<Option<States>> {
    let network = profile.network.as_ref().expect("it is of a network");
    let profile = Arc::new(profile.clone());
    let mut outcomes = Vec::new();
    for (run, points) in runs {
        for &point in points {
            for &kind in &network.crashes {
                outcomes.push(run.allowed(point, kind, &profile));
            }
        }
    }
    outcomes
}

#[test]
fn every_parameter_of_a_network_matters_to_some_case() {
    let runs = runs();
    let mut inert = Vec::new();
    for base in Profile::shipped() {
        let Some(network) = &base.network else {
            continue;
        };
        let unchanged = outcomes(&runs, &base);
        for (label, change) in CHANGES {
            let (mut changed, mut servers) = ((*base).clone(), network.clone());
            change(&mut changed, &mut servers);
            changed.network = Some(servers);
            if outcomes(&runs, &changed) == unchanged {
                inert.push(format!("{}: {label}", base.name));
            }
        }
    }
    let known: Vec<&str> = INERT.iter().map(|(label, _)| *label).collect();
    assert_eq!(inert, known, "changes that no case notices");
}

#[test]
fn a_kill_takes_nothing_and_a_site_takes_whatever_one_server_does() {
    for profile in Profile::shipped() {
        let Some(network) = &profile.network else {
            continue;
        };
        for (run, points) in runs() {
            for point in points {
                let states = |kind| {
                    let states = run.allowed(point, kind, &profile);
                    states.expect("the cases are small")
                };
                let of_site = states(CrashKind::SitePowerLoss);
                for &kind in &network.crashes {
                    let found = states(kind);
                    assert!(!found.is_empty(), "{kind} on {}", profile.name);
                    assert!(found.is_subset(&of_site), "{kind} on {}", profile.name);
                }
                assert_eq!(states(CrashKind::ProcessKill).len(), 1);
            }
        }
    }
}
