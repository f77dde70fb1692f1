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
use crate::keys::{Expect, Resolved, Text, Verdict, sentence, stem, toml_error, verdict, version};
use crate::registry::Registry;

/// Most requests and lives of a script where the file does not say.
const REQUESTS_MAX: u32 = 40;
const LIVES_MAX: u32 = 3;

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
    Ok(TrialScenario {
        name: stem(file_name).to_owned(),
        title: sentence("title", &file.title)?,
        why: sentence("why", &file.why)?,
        system: system(&file.system, registry)?,
        shape: Shape {
            families: families(&file.disturbances)?,
            requests_max: at_least_one("requests", file.requests.as_ref(), REQUESTS_MAX)?,
            lives_max: at_least_one("lives", file.lives.as_ref(), LIVES_MAX)?,
            faults: file.faults.iter().map(fault).collect::<Result<_, _>>()?,
        },
        disks: disks(&file.disks, registry)?,
        seeds: positive("seeds", &file.seeds)?,
        sweep: match &file.sweep {
            Some(every) => positive("sweep", every)?,
            None => 0,
        },
        expected: expected(&file.expect)?,
    })
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

fn at_least_one(key: &str, number: Option<&Spanned<u32>>, default: u32) -> Resolved<u32> {
    match number {
        None => Ok(default),
        Some(number) if *number.get_ref() > 0 => Ok(*number.get_ref()),
        Some(number) => {
            let complaint = Complaint::new(format!("`{key}` is at least 1"));
            Err((Some(number.span()), complaint))
        }
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
