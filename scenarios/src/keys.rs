//! What the files of scenarios and of trials share: keys that both have, and what is said of those that are wrong.

use std::ops::Range;

use plimsoll_sim::oracle::Oracle;
use serde::Deserialize;
use toml::Spanned;

use crate::diagnostic::{Complaint, did_you_mean};

/// Text with its place in the file.
pub(crate) type Text = Spanned<String>;

/// Something wrong at a place in the file.
pub(crate) type Wrong = (Option<Range<usize>>, Complaint);

/// What a key says, or what is wrong with it.
pub(crate) type Resolved<T> = Result<T, Wrong>;

/// Something wrong at a known place.
pub(crate) fn wrong<T>(span: Range<usize>, complaint: Complaint) -> Resolved<T> {
    Err((Some(span), complaint))
}

/// What is expected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) verdict: Text,
    pub(crate) oracles: Option<Spanned<Vec<Text>>>,
    pub(crate) beside: Option<Spanned<Vec<Text>>>,
}

/// A verdict that can be expected, with the oracles that may be violated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    Violation(Vec<Oracle>),
    Portability(Vec<Oracle>),
}

/// Refuses another version than the first.
pub(crate) fn version(version: &Spanned<i64>) -> Resolved<()> {
    if *version.get_ref() == 1 {
        return Ok(());
    }
    let complaint = Complaint::new(format!("version {} is not known", version.get_ref()))
        .help("this is version 1 of the format");
    wrong(version.span(), complaint)
}

/// The name of a file without folder and ending.
pub(crate) fn stem(file_name: &str) -> &str {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    name.strip_suffix(".toml").unwrap_or(name)
}

/// A sentence, which says something.
pub(crate) fn sentence(key: &str, text: &Text) -> Resolved<String> {
    let value = text.get_ref().trim();
    if value.is_empty() {
        return wrong(text.span(), Complaint::new(format!("`{key}` says nothing")));
    }
    Ok(value.to_owned())
}

/// What is expected, if it is one of the verdicts that are known here.
pub(crate) fn verdict(expect: &Expect, known: &[&str]) -> Resolved<Verdict> {
    let name = expect.verdict.get_ref().as_str();
    if !known.contains(&name) {
        let complaint = Complaint::unknown("verdict", name, known);
        return wrong(expect.verdict.span(), complaint);
    }
    if name == "pass" {
        return match &expect.oracles {
            None => Ok(Verdict::Pass),
            Some(oracles) => {
                let complaint = Complaint::new("a scenario that passes violates no oracle")
                    .help("remove `oracles`, or expect a violation");
                wrong(oracles.span(), complaint)
            }
        };
    }
    match &expect.oracles {
        Some(names) if !names.get_ref().is_empty() => {
            let oracles = names
                .get_ref()
                .iter()
                .map(oracle)
                .collect::<Resolved<_>>()?;
            Ok(match name {
                "portability" => Verdict::Portability(oracles),
                _ => Verdict::Violation(oracles),
            })
        }
        oracles => {
            let span = oracles
                .as_ref()
                .map_or(expect.verdict.span(), Spanned::span);
            let complaint = Complaint::new("a violation needs the oracles that may be violated")
                .help("such as `oracles = [\"D1\"]`");
            wrong(span, complaint)
        }
    }
}

/// A number that is in a range, or the default where it is not said.
pub(crate) fn ranged(
    key: &str,
    number: Option<&Spanned<u32>>,
    max: u32,
    default: u32,
) -> Resolved<u32> {
    let Some(number) = number else {
        return Ok(default);
    };
    if (1..=max).contains(number.get_ref()) {
        return Ok(*number.get_ref());
    }
    let complaint = Complaint::new(format!("`{key}` is 1 to {max} here"));
    wrong(number.span(), complaint)
}

/// The oracle of a name.
pub(crate) fn oracle(name: &Text) -> Resolved<Oracle> {
    name.get_ref().parse::<Oracle>().map_err(|_| {
        let known: Vec<&str> = Oracle::ALL.iter().map(|oracle| oracle.name()).collect();
        let complaint = Complaint::unknown("oracle", name.get_ref(), &known);
        (Some(name.span()), complaint)
    })
}

/// An error of the TOML parser, with a suggestion where a key is unknown.
pub(crate) fn toml_error(message: &str, span: Option<Range<usize>>, top_level: &[&str]) -> Wrong {
    if let Some(key) = message.strip_prefix("missing field ") {
        return (span, Complaint::new(format!("the key {key} is missing")));
    }
    let complaint = match message.strip_prefix("unknown field ") {
        None => Complaint::new(message.replace("a sequence", "a list")),
        Some(rest) => {
            let mut names = rest.split('`').skip(1).step_by(2);
            let key = names.next().unwrap_or_default();
            let known: Vec<&str> = names.collect();
            let complaint = Complaint::new(format!("there is no key `{key}` here"));
            if top_level.contains(&key) && !known.contains(&key) {
                complaint.help("it belongs before the first [table]")
            } else if let Some(near) = did_you_mean(key, &known) {
                complaint.help(format!("did you mean {near}?"))
            } else {
                complaint.help(format!("the keys are {}", known.join(", ")))
            }
        }
    };
    (span, complaint)
}
