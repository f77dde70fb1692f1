//! From the keys of a file to a scenario: every name is looked up, and the first that is wrong is reported.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::draw::Shape;
use plimsoll_sim::trial::family::Family;
use toml::Spanned;

use super::TrialScenario;
use super::file::{self, File, Text};
use crate::diagnostic::{Complaint, ScenarioError};
use crate::scenario::toml_error;
use crate::systems;

/// Most requests and lives of a script where the file does not say.
const REQUESTS_MAX: u32 = 40;
const LIVES_MAX: u32 = 3;

type Wrong = (Option<Range<usize>>, Complaint);

pub(super) fn parse(file_name: &str, text: &str) -> Result<TrialScenario, ScenarioError> {
    resolve(file_name, text)
        .map_err(|(span, complaint)| ScenarioError::new(file_name, text, span, complaint))
}

fn resolve(file_name: &str, text: &str) -> Result<TrialScenario, Wrong> {
    let file: File = toml::from_str(text)
        .map_err(|error| toml_error(error.message(), error.span(), file::TOP_LEVEL))?;
    if *file.version.get_ref() != 1 {
        let message = format!("version {} is not known", file.version.get_ref());
        let complaint = Complaint::new(message).help("this is version 1 of the format");
        return Err((Some(file.version.span()), complaint));
    }
    Ok(TrialScenario {
        name: stem(file_name).to_owned(),
        title: sentence("title", &file.title)?,
        why: sentence("why", &file.why)?,
        system: system(&file.system)?,
        shape: Shape {
            families: families(&file.disturbances)?,
            requests_max: at_least_one("requests", file.requests.as_ref(), REQUESTS_MAX)?,
            lives_max: at_least_one("lives", file.lives.as_ref(), LIVES_MAX)?,
            faults: file.faults.iter().map(fault).collect::<Result<_, _>>()?,
        },
        disks: disks(&file.disks)?,
        seeds: positive("seeds", &file.seeds)?,
        expected: expected(&file.expect)?,
    })
}

/// The name of a file without folder and ending.
fn stem(file_name: &str) -> &str {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    name.strip_suffix(".toml").unwrap_or(name)
}

fn sentence(key: &str, text: &Text) -> Result<String, Wrong> {
    if text.get_ref().trim().is_empty() {
        let complaint = Complaint::new(format!("`{key}` says nothing"));
        return Err((Some(text.span()), complaint));
    }
    Ok(text.get_ref().clone())
}

fn positive(key: &str, number: &Spanned<u64>) -> Result<u64, Wrong> {
    match *number.get_ref() {
        0 => {
            let complaint = Complaint::new(format!("`{key}` is at least 1"));
            Err((Some(number.span()), complaint))
        }
        number => Ok(number),
    }
}

fn at_least_one(key: &str, number: Option<&Spanned<u32>>, default: u32) -> Result<u32, Wrong> {
    match number {
        None => Ok(default),
        Some(number) if *number.get_ref() > 0 => Ok(*number.get_ref()),
        Some(number) => {
            let complaint = Complaint::new(format!("`{key}` is at least 1"));
            Err((Some(number.span()), complaint))
        }
    }
}

fn system(name: &Text) -> Result<Arc<dyn plimsoll_sim::trial::system::System>, Wrong> {
    let all = systems::shipped();
    let found = all.iter().find(|system| system.name() == name.get_ref());
    found.cloned().ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|system| system.name()).collect();
        let complaint = Complaint::unknown("system", name.get_ref(), &known);
        (Some(name.span()), complaint)
    })
}

fn disks(names: &Spanned<Vec<Text>>) -> Result<Vec<Arc<Profile>>, Wrong> {
    if names.get_ref().is_empty() {
        let complaint = Complaint::new("`disks` names none");
        return Err((Some(names.span()), complaint));
    }
    let shipped = Profile::shipped();
    let disk = |name: &Text| {
        let found = shipped
            .iter()
            .find(|profile| profile.name == *name.get_ref());
        found.cloned().ok_or_else(|| {
            let known: Vec<&str> = shipped
                .iter()
                .map(|profile| profile.name.as_str())
                .collect();
            let complaint = Complaint::unknown("disk", name.get_ref(), &known);
            (Some(name.span()), complaint)
        })
    };
    names.get_ref().iter().map(disk).collect()
}

fn families(names: &[Text]) -> Result<BTreeSet<Family>, Wrong> {
    let family = |name: &Text| {
        name.get_ref().parse::<Family>().map_err(|_| {
            let known: Vec<&str> = Family::ALL.iter().map(|family| family.name()).collect();
            let complaint = Complaint::unknown("disturbance", name.get_ref(), &known);
            (Some(name.span()), complaint)
        })
    };
    names.iter().map(family).collect()
}

fn fault(line: &Text) -> Result<FaultPlan, Wrong> {
    line.get_ref()
        .parse()
        .map_err(|error| (Some(line.span()), Complaint::new(format!("{error}"))))
}

fn expected(expect: &file::Expect) -> Result<Vec<Oracle>, Wrong> {
    let verdict = &expect.verdict;
    let oracle = |name: &Text| {
        name.get_ref().parse::<Oracle>().map_err(|_| {
            let known: Vec<&str> = Oracle::ALL.iter().map(|oracle| oracle.name()).collect();
            let complaint = Complaint::unknown("oracle", name.get_ref(), &known);
            (Some(name.span()), complaint)
        })
    };
    match (verdict.get_ref().as_str(), &expect.oracles) {
        ("pass", None) => Ok(Vec::new()),
        ("pass", Some(oracles)) => {
            let complaint = Complaint::new("a trial that passes violates no oracle")
                .help("remove `oracles`, or expect a `violation`");
            Err((Some(oracles.span()), complaint))
        }
        ("violation", Some(oracles)) if !oracles.get_ref().is_empty() => {
            oracles.get_ref().iter().map(oracle).collect()
        }
        ("violation", _) => {
            let complaint = Complaint::new("which oracle is violated?")
                .help("add `oracles`, a list of names such as \"D1\"");
            Err((Some(verdict.span()), complaint))
        }
        (other, _) => {
            let complaint = Complaint::unknown("verdict", other, &["pass", "violation"]);
            Err((Some(verdict.span()), complaint))
        }
    }
}
