//! The faults of a scenario: lines of text, tables, limits on space.

use std::fmt;
use std::ops::Range;

use plimsoll_faults::errno::Errno;
use plimsoll_faults::op_kind::OpKind;
use plimsoll_faults::plan::{
    Damage, EFFECT_WORDS, FaultPlan, FaultTable, ParseFaultError, SpaceTable, TableError,
};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;

use crate::diagnostic::{Complaint, did_you_mean};
use crate::keys::{Resolved, Wrong};

/// An entry of the list `faults`: a line of a plan, or a table with a key for each part of it.
#[derive(Debug)]
pub(super) enum FaultEntry {
    Line(String),
    Table(Box<FaultTable>),
}

impl<'de> Deserialize<'de> for FaultEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;

        impl<'de> Visitor<'de> for Entry {
            type Value = FaultEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a line such as \"fsync #2 drop\", or a table")
            }

            fn visit_str<E>(self, text: &str) -> Result<FaultEntry, E> {
                Ok(FaultEntry::Line(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FaultEntry, A::Error> {
                let table = FaultTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(FaultEntry::Table(Box::new(table)))
            }
        }

        deserializer.deserialize_any(Entry)
    }
}

/// The plan of a file.
pub(super) fn plan(
    file: &str,
    entries: &[Spanned<FaultEntry>],
    space: Option<&Spanned<SpaceTable>>,
) -> Resolved<FaultPlan> {
    let mut plan = FaultPlan::none();
    for entry in entries {
        match entry.get_ref() {
            FaultEntry::Line(line) => {
                let parsed: FaultPlan = line
                    .parse()
                    .map_err(|error| unparsable(file, line, entry.span(), &error))?;
                if parsed.is_empty() {
                    let complaint = Complaint::new("there is no fault in this line")
                        .help("remove it, or write one such as `fsync #2 drop`");
                    return Err((Some(entry.span()), complaint));
                }
                plan.faults.extend(parsed.faults);
                plan.writebacks.extend(parsed.writebacks);
                plan.spaces.extend(parsed.spaces);
            }
            FaultEntry::Table(table) => plan.faults.push(table.fault().map_err(refused)?),
        }
    }
    if let Some(space) = space {
        plan.spaces
            .push(space.get_ref().space(space.span()).map_err(refused)?);
    }
    Ok(plan)
}

fn refused(error: TableError) -> Wrong {
    let complaint = Complaint::new(error.message).help(error.help);
    (Some(error.span), complaint)
}

/// A line that does not parse, at the word that is wrong where the file has the line as it is.
fn unparsable(file: &str, line: &str, span: Range<usize>, error: &ParseFaultError) -> Wrong {
    let whole = file.get(span.clone()).unwrap_or_default();
    let quoted = whole.get(1..whole.len().saturating_sub(1));
    let start = line
        .char_indices()
        .nth(error.column() - 1)
        .map_or(line.len(), |(start, _)| start);
    let rest = line.get(start..).unwrap_or_default();
    let len = rest
        .char_indices()
        .nth(error.width())
        .map_or(rest.len(), |(len, _)| len);
    let place = if quoted == Some(line) && error.line() == 1 && len > 0 {
        let first = span.start + 1 + start;
        first..first + len
    } else {
        span
    };
    let known = known();
    let word = &rest[..len];
    let help = match did_you_mean(word, &known) {
        Some(near) if !known.contains(&word) => format!("did you mean {near}?"),
        _ => error.help().to_owned(),
    };
    let message = format!("`{}` is not a fault: {}", line.trim(), error.reason());
    (Some(place), Complaint::new(message).help(help))
}

/// Words of a line that a misspelt one may have meant.
fn known() -> Vec<&'static str> {
    let operations = OpKind::ALL.iter().map(|kind| kind.name());
    let errors = Errno::ALL.iter().map(|errno| errno.name());
    let damage = Damage::ALL.iter().map(|damage| damage.name());
    operations
        .chain(["any", "sync", "growing", "space", "writeback"])
        .chain(errors)
        .chain(damage)
        .chain(EFFECT_WORDS)
        .collect()
}
