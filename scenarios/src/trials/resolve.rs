//! From the keys of a file to a scenario: every name is looked up, and the first that is wrong is reported.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::draw::Shape;
use plimsoll_sim::trial::family::Family;
use plimsoll_sim::trial::system::System;
use toml::Spanned;

use super::TrialScenario;
use super::file::{self, File};
use crate::diagnostic::{Complaint, ScenarioError};
use crate::keys::{
    Expect, Resolved, Text, Verdict, oracle, ranged, sentence, stem, toml_error, verdict, version,
    wrong,
};
use crate::registry::Registry;

/// Most requests and lives of a script where the file does not say.
const REQUESTS_MAX: u32 = 40;
const LIVES_MAX: u32 = 3;

/// The most that a file can say: a world remembers all of them.
const REQUESTS_LIMIT: u32 = 10_000;
const LIVES_LIMIT: u32 = 100;

pub(super) fn parse(
    file_name: &str,
    text: &str,
    registry: &Registry,
) -> Result<TrialScenario, ScenarioError> {
    resolve(file_name, text, registry)
        .map_err(|(span, complaint)| ScenarioError::new(file_name, text, span, complaint))
}

fn resolve(file_name: &str, text: &str, registry: &Registry) -> Resolved<TrialScenario> {
    let file: File = toml::from_str(text)
        .map_err(|error| toml_error(error.message(), error.span(), file::TOP_LEVEL))?;
    version(&file.version)?;
    let families = families(&file.disturbances)?;
    let disks = disks(&file.disks, registry)?;
    needs(&file, &families, &disks)?;
    let expected = expected(&file.expect)?;
    Ok(TrialScenario {
        name: stem(file_name).to_owned(),
        title: sentence("title", &file.title)?,
        why: sentence("why", &file.why)?,
        system: system(&file.system, registry)?,
        shape: Shape {
            families,
            requests_max: ranged(
                "requests",
                file.requests.as_ref(),
                REQUESTS_LIMIT,
                REQUESTS_MAX,
            )?,
            lives_max: ranged("lives", file.lives.as_ref(), LIVES_LIMIT, LIVES_MAX)?,
            faults: file.faults.iter().map(fault).collect::<Result<_, _>>()?,
        },
        disks,
        seeds: positive("seeds", &file.seeds)?,
        sweep: match &file.sweep {
            Some(every) => positive("sweep", every)?,
            None => 0,
        },
        beside: beside(&file.expect, &expected)?,
        expected,
    })
}

/// That nothing is said which has no effect.
fn needs(file: &File, families: &BTreeSet<Family>, disks: &[Arc<Profile>]) -> Resolved<()> {
    let without = |key: &str, span, family: Family| {
        let complaint = Complaint::new(format!(
            "`{key}` means nothing without the disturbance `{family}`"
        ));
        wrong(span, complaint)
    };
    if let Some(line) = file.faults.first()
        && !families.contains(&Family::Errors)
    {
        return without("faults", line.span(), Family::Errors);
    }
    if let Some(lives) = &file.lives
        && !families.contains(&Family::Restart)
    {
        return without("lives", lives.span(), Family::Restart);
    }
    let mut named = disks.iter().zip(file.disks.get_ref());
    if families.contains(&Family::Servers)
        && let Some((disk, name)) = named.find(|(disk, _)| disk.network.is_none())
    {
        let (disk, family) = (&disk.name, Family::Servers);
        let complaint = Complaint::new(format!("`{disk}` has no `{family}` that could crash"));
        return wrong(name.span(), complaint);
    }
    Ok(())
}

/// That no name is there twice.
fn distinct(names: &[Text]) -> Resolved<()> {
    for (index, name) in names.iter().enumerate() {
        if names[..index]
            .iter()
            .any(|other| other.get_ref() == name.get_ref())
        {
            let complaint = Complaint::new(format!("`{}` is there twice", name.get_ref()));
            return wrong(name.span(), complaint);
        }
    }
    Ok(())
}

fn positive(key: &str, number: &Spanned<u64>) -> Resolved<u64> {
    match *number.get_ref() {
        0 => {
            let complaint = Complaint::new(format!("`{key}` is at least 1"));
            Err((Some(number.span()), complaint))
        }
        number => Ok(number),
    }
}

pub(super) fn system(name: &Text, registry: &Registry) -> Resolved<Arc<dyn System>> {
    registry.system(name.get_ref()).ok_or_else(|| {
        let known: Vec<&str> = registry.system_names().collect();
        let complaint = Complaint::unknown("system", name.get_ref(), &known);
        (Some(name.span()), complaint)
    })
}

fn disks(names: &Spanned<Vec<Text>>, registry: &Registry) -> Resolved<Vec<Arc<Profile>>> {
    if names.get_ref().is_empty() {
        let complaint = Complaint::new("`disks` names none");
        return Err((Some(names.span()), complaint));
    }
    distinct(names.get_ref())?;
    names
        .get_ref()
        .iter()
        .map(|name| disk(name, registry))
        .collect()
}

pub(super) fn disk(name: &Text, registry: &Registry) -> Resolved<Arc<Profile>> {
    registry.profile(name.get_ref()).ok_or_else(|| {
        let known: Vec<&str> = registry.profile_names().collect();
        let complaint = Complaint::unknown("disk", name.get_ref(), &known);
        (Some(name.span()), complaint)
    })
}

fn families(names: &[Text]) -> Resolved<BTreeSet<Family>> {
    let family = |name: &Text| {
        name.get_ref().parse::<Family>().map_err(|_| {
            let known: Vec<&str> = Family::ALL.iter().map(|family| family.name()).collect();
            let complaint = Complaint::unknown("disturbance", name.get_ref(), &known);
            (Some(name.span()), complaint)
        })
    };
    distinct(names)?;
    names.iter().map(family).collect()
}

fn fault(line: &Text) -> Resolved<FaultPlan> {
    line.get_ref()
        .parse()
        .map_err(|error| (Some(line.span()), Complaint::new(format!("{error}"))))
}

fn expected(expect: &Expect) -> Resolved<Vec<Oracle>> {
    Ok(match verdict(expect, &["pass", "violation"])? {
        Verdict::Violation(oracles) => oracles,
        Verdict::Pass | Verdict::Portability(_) => Vec::new(),
    })
}

/// The oracles that may not hold either.
fn beside(expect: &Expect, expected: &[Oracle]) -> Resolved<Vec<Oracle>> {
    let Some(names) = &expect.beside else {
        return Ok(Vec::new());
    };
    if expected.is_empty() {
        let complaint = Complaint::new("`beside` means nothing without a violation");
        return wrong(names.span(), complaint);
    }
    distinct(names.get_ref())?;
    let other = |name: &Text| match oracle(name)? {
        known if expected.contains(&known) => {
            let complaint = Complaint::new(format!("`{known}` is one of `oracles`"));
            wrong(name.span(), complaint)
        }
        other => Ok(other),
    };
    names.get_ref().iter().map(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"version = 1
title = "mine"
why = "It is mine."
system = "service-power"
disks = ["xfs"]
disturbances = ["kill"]
seeds = 3
expect.verdict = "pass"
"#;

    /// The line and what is wrong with it.
    fn wrong_with(old: &str, new: &str) -> String {
        let text = GOOD.replace(old, new);
        assert_ne!(text, GOOD, "{old}");
        let error = parse("mine.toml", &text, &Registry::shipped());
        error.expect_err(new).to_string()
    }

    #[test]
    fn what_others_show_too_stands_beside_what_is_expected() {
        let with = |expect: &str| {
            let text = GOOD.replace("expect.verdict = \"pass\"", expect);
            parse("mine.toml", &text, &Registry::shipped())
        };
        let read = with(
            "expect.verdict = \"violation\"\nexpect.oracles = [\"C1\"]\nexpect.beside = [\"F4\"]",
        );
        let read = read.expect("it is right");
        assert_eq!(
            (read.expected, read.beside),
            (vec![Oracle::C1], vec![Oracle::F4])
        );
        for (expect, said) in [
            (
                "verdict = \"pass\"\nexpect.beside = [\"F4\"]",
                "without a violation",
            ),
            (
                "verdict = \"violation\"\nexpect.oracles = [\"C1\"]\nexpect.beside = [\"C1\"]",
                "`C1` is one of `oracles`",
            ),
            (
                "verdict = \"violation\"\nexpect.oracles = [\"C1\"]\nexpect.beside = [\"X9\"]",
                "there is no oracle `X9`",
            ),
        ] {
            let error = with(&format!("expect.{expect}")).expect_err(said);
            assert_eq!(error.line(), expect.lines().count() + 7, "{error}");
            assert!(error.to_string().contains(said), "{error}");
        }
    }

    #[test]
    fn what_has_no_effect_is_refused_where_it_stands() {
        parse("mine.toml", GOOD, &Registry::shipped()).expect("it is right");
        for (old, new, place, expected) in [
            ("[\"kill\"]", "[\"kill\", \"kill\"]", "6:25", "twice"),
            (
                "[\"xfs\"]",
                "[\"xfs\", \"btrfs\", \"xfs\"]",
                "5:26",
                "twice",
            ),
            (
                "[\"kill\"]",
                "[\"servers\"]",
                "5:10",
                "`xfs` has no `servers`",
            ),
            (
                "seeds = 3",
                "seeds = 3\nfaults = [\"write #1 EIO\"]",
                "8:11",
                "without the disturbance `errors`",
            ),
            (
                "seeds = 3",
                "seeds = 3\nrequests = 4000000000",
                "8:12",
                "`requests` is 1 to 10000 here",
            ),
            (
                "seeds = 3",
                "seeds = 3\nlives = 5",
                "8:9",
                "without the disturbance `restart`",
            ),
        ] {
            let text = wrong_with(old, new);
            let place = format!("mine.toml:{place}");
            assert!(text.contains(&place) && text.contains(expected), "{text}");
        }
    }
}
