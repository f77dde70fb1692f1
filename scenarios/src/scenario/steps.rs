//! The steps of a scenario: written down, drawn by chance, or all of a small scope.

use plimsoll_sim::command::Command;
use plimsoll_sim::workload::{Scope, Shape};
use toml::Spanned;

use super::Workload;
use super::file;
use super::resolve::unparsable;
use crate::diagnostic::Complaint;
use crate::keys::{Resolved, Text, ranged, wrong};

/// Most seeds of one scenario: more belong into an exploration, which can be split and stopped.
const SEEDS_MAX: u64 = 10_000;

/// Most commands of a random workload: what a sweep remembers of them has to fit into memory.
const RANDOM_COMMANDS_MAX: u32 = 100_000;

/// Longest value of a random workload, in bytes.
const VALUE_LEN_MAX: u32 = 1 << 20;

/// Most commands of an exhaustive workload: with two keys there are some 59,000 of this length.
const COMMANDS_MAX: u32 = 6;

/// Most keys of an exhaustive workload.
const KEYS_MAX: u32 = 2;

/// First words of commands.
const COMMANDS: &[&str] = &[
    "put",
    "delete",
    "batch",
    "together",
    "snapshot",
    "snapshot-begin",
    "snapshot-place",
    "snapshot-finish",
    "checkpoint",
    "compact",
    "compact-to",
    "export",
    "restore",
    "open-another",
    "sync",
    "tick",
    "advance",
    "reopen",
    "kill",
];

pub(super) fn workload(workload: &Spanned<file::Workload>) -> Resolved<Workload> {
    let choose = || Complaint::new("a workload has one of `steps`, `random` and `exhaustive`");
    let keys = workload.get_ref();
    match (&keys.steps, &keys.random, &keys.exhaustive) {
        (None, None, None) => wrong(workload.span(), choose().help("add one of them")),
        (Some(texts), None, None) if texts.get_ref().is_empty() => {
            wrong(texts.span(), Complaint::new("there is no step in `steps`"))
        }
        (Some(texts), None, None) => steps(texts.get_ref()).map(Workload::Steps),
        (None, Some(keys), None) => random(keys),
        (None, None, Some(keys)) => exhaustive(keys.get_ref()).map(Workload::Exhaustive),
        (_, Some(second), None) => wrong(second.span(), choose().help("remove one of them")),
        (_, _, Some(second)) => wrong(second.span(), choose().help("remove one of them")),
    }
}

fn random(random: &Spanned<file::Random>) -> Resolved<Workload> {
    let keys = random.get_ref();
    let seeds = keys.seeds.as_ref().map_or(1, |seeds| *seeds.get_ref());
    if !(1..=SEEDS_MAX).contains(&seeds) {
        let span = keys.seeds.as_ref().map_or(random.span(), Spanned::span);
        let complaint = Complaint::new(format!("a scenario has 1 to {SEEDS_MAX} seeds"));
        return wrong(span, complaint);
    }
    let shape = shape(keys)?;
    if !shape.writes() {
        let complaint = Complaint::new("this workload writes nothing that could be lost")
            .help("one of `puts`, `batches` and `groups` has to be at least 1");
        return wrong(random.span(), complaint);
    }
    Ok(Workload::Random {
        first_seed: keys.first_seed.unwrap_or(0),
        seeds,
        shape,
    })
}

fn exhaustive(keys: &file::Exhaustive) -> Resolved<Scope> {
    for (key, value, max) in [
        ("commands", &keys.commands, COMMANDS_MAX),
        ("keys", &keys.keys, KEYS_MAX),
    ] {
        if !(1..=max).contains(value.get_ref()) {
            let complaint = Complaint::new(format!("`{key}` is 1 to {max} here"))
                .help("every further one multiplies the number of workloads");
            return wrong(value.span(), complaint);
        }
    }
    Ok(Scope {
        commands: *keys.commands.get_ref(),
        keys: *keys.keys.get_ref(),
        maintenance: keys.maintenance,
    })
}

fn shape(keys: &file::Random) -> Resolved<Shape> {
    let default = Shape::default();
    let (commands, value_len) = (keys.commands.as_ref(), keys.value_len.as_ref());
    Ok(Shape {
        commands: ranged("commands", commands, RANDOM_COMMANDS_MAX, default.commands)?,
        keys: ranged("keys", keys.keys.as_ref(), u32::MAX, default.keys)?,
        value_len: ranged("value_len", value_len, VALUE_LEN_MAX, default.value_len)?,
        puts: keys.puts.unwrap_or(default.puts),
        deletes: keys.deletes.unwrap_or(default.deletes),
        batches: keys.batches.unwrap_or(default.batches),
        groups: keys.groups.unwrap_or(default.groups),
        snapshots: keys.snapshots.unwrap_or(default.snapshots),
        overlapping_snapshots: keys
            .overlapping_snapshots
            .unwrap_or(default.overlapping_snapshots),
        placed_snapshots: keys.placed_snapshots.unwrap_or(default.placed_snapshots),
        syncs: keys.syncs.unwrap_or(default.syncs),
        checkpoints: keys.checkpoints.unwrap_or(default.checkpoints),
        compactions: keys.compactions.unwrap_or(default.compactions),
        copies: keys.copies.unwrap_or(default.copies),
        restores: keys.restores.unwrap_or(default.restores),
        ticks: keys.ticks.unwrap_or(default.ticks),
        advances: keys.advances.unwrap_or(default.advances),
        reopens: keys.reopens.unwrap_or(default.reopens),
        kills: keys.kills.unwrap_or(default.kills),
    })
}

fn steps(texts: &[Text]) -> Resolved<Vec<Command>> {
    let step = |text: &Text| {
        text.get_ref()
            .parse::<Command>()
            .map_err(|error| unparsable(text, &error.to_string(), "commands are ", COMMANDS))
    };
    texts.iter().map(step).collect()
}
