//! Crashes of network file systems: of the client, of the site and of servers.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_faults::crash::{Bounds, CrashKind, Frontier};
use plimsoll_faults::image::Image;
use plimsoll_faults::profile::Profile;
use plimsoll_reference::host::ExitStatus;
use plimsoll_sim::world::{Action, Run, Setup, crash_images};

use crate::support::{SECOND, completed, get, put, start, world};

/// A program that syncs one file and not the other meets this after a second. Says whether what was synced is there then.
fn crash(setup: &Setup, action: &Action) -> (bool, Run<()>) {
    let world = world(setup.clone(), |host, _| {
        Box::pin(async move {
            let fs = Arc::clone(&host.fs);
            let job = move || {
                put(&*fs, "synced", b"kept", true);
                put(&*fs, "loose", b"lost?", false);
            };
            host.blocking(job).await.expect("it does not panic");
            std::future::pending().await
        })
    });
    let action = action.clone();
    completed(&world, |control| async move {
        let process = start(&control);
        control.sleep(SECOND).await;
        control.act(action).await;
        if control.era() > 0 {
            assert_eq!(control.wait(process).await, ExitStatus::Signal(9));
        }
        get(&control.disk(), "synced").as_deref() == Some(&b"kept"[..])
    })
}

/// What can be told of an image: its files.
fn key(image: &Image, setup: &Setup) -> u128 {
    let mut frontier = Frontier::new(image.clone(), Arc::clone(&setup.profile));
    let everything = frontier.everything();
    frontier.key(everything)
}

fn kinds(disk: &str, action: &Action) -> BTreeSet<CrashKind> {
    let mut kinds = BTreeSet::new();
    for seed in 0..40 {
        let setup = Setup::new(seed, Profile::named(disk).expect("it ships"));
        let (has_synced, run) = crash(&setup, action);
        assert!(has_synced, "{disk}, seed {seed}: what was synced is there");
        let era = &run.eras[0];
        let Some(kind) = era.crash else { continue };
        kinds.insert(kind);
        let bounds = Bounds {
            exhaustive: setup.limits.exhaustive_states,
            samples: setup.limits.samples,
        };
        let legal = crash_images(&era.base, &era.log, &setup.profile, kind, bounds);
        let legal: BTreeSet<u128> = legal.iter().map(|image| key(image, &setup)).collect();
        let left = key(&run.eras[1].base, &setup);
        assert!(legal.contains(&left), "{disk}, seed {seed}: {kind}");
    }
    kinds
}

#[test]
fn power_is_lost_by_the_client_alone_or_by_the_site() {
    use CrashKind::{ClientCrash, PowerLoss, SitePowerLoss};
    for (disk, expected) in [
        ("ext4-ordered", &[PowerLoss][..]),
        ("nfs-sync", &[ClientCrash, SitePowerLoss]),
        ("nfs-async", &[ClientCrash]),
        ("lustre-2.15", &[ClientCrash, SitePowerLoss]),
    ] {
        let expected: BTreeSet<CrashKind> = expected.iter().copied().collect();
        assert_eq!(kinds(disk, &Action::PowerLoss), expected, "{disk}");
    }
}

#[test]
fn servers_crash_in_the_ways_that_leave_what_was_synced() {
    use CrashKind::{Eviction, MetadataTargetCrash, ObjectTargetCrash, ServerCrash};
    for (disk, expected) in [
        ("nfs-sync", &[ServerCrash][..]),
        (
            "lustre-2.15",
            &[MetadataTargetCrash, ObjectTargetCrash, Eviction],
        ),
        // After a crash of this server nothing has to be there, so that it never comes.
        ("nfs-async", &[]),
        ("ext4-ordered", &[]),
    ] {
        let expected: BTreeSet<CrashKind> = expected.iter().copied().collect();
        assert_eq!(kinds(disk, &Action::ServerCrash), expected, "{disk}");
    }
}

#[test]
fn a_crash_replays_without_its_seed() {
    for seed in 0..10 {
        let setup = |seed| Setup::new(seed, Profile::named("lustre-2.15").expect("it ships"));
        let (_, run) = crash(&setup(seed), &Action::ServerCrash);
        let recorded = Setup {
            schedule: Some(run.schedule),
            ..setup(seed + 1000)
        };
        let (_, again) = crash(&recorded, &Action::ServerCrash);
        assert_eq!(again.eras[0].crash, run.eras[0].crash);
        assert_eq!((again.fingerprint, again.diverged), (run.fingerprint, 0));
    }
}
