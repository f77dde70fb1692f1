//! Which litmus tests are run: all that ship, some by name, or files of the user's own.

use std::path::Path;

use plimsoll_faults::litmus::{CATALOGUE, Case, LitmusError, LitmusFile};

use crate::catalogue::litmus_report;
use crate::exit::Exit;
use crate::output::Refusal;
use crate::suggest;
use crate::text::glob_matches;

/// A litmus test and where it comes from.
pub(crate) struct Source {
    /// What errors call its file.
    pub(crate) path: String,
    /// What the file holds.
    text: String,
    /// What was read from it.
    pub(crate) case: Case,
    /// Whether it is one of those that ship.
    pub(crate) ships: bool,
}

impl Source {
    /// Reads a text.
    pub(crate) fn parse(path: String, text: String) -> Result<Self, Refusal> {
        match Case::parse(&text) {
            Ok(case) => Ok(Self {
                path,
                text,
                case,
                ships: false,
            }),
            Err(error) => Err(Refusal::report(litmus_report(&path, &text, &error))),
        }
    }

    fn shipped(file: &LitmusFile) -> Result<Self, Refusal> {
        let source = Self::parse(file.path(), file.text.to_owned())?;
        Ok(Self {
            ships: true,
            ..source
        })
    }

    fn read(path: &str) -> Result<Self, Refusal> {
        let text = std::fs::read_to_string(Path::new(path)).map_err(|error| {
            let message = format!("cannot read the litmus test {path}: {error}");
            Refusal::new(Exit::Usage, message)
        })?;
        Self::parse(path.to_owned(), text)
    }

    /// A whole report of what is wrong with it.
    pub(crate) fn refuse(&self, error: &LitmusError) -> Refusal {
        Refusal::report(litmus_report(&self.path, &self.text, error))
    }
}

/// The tests that were asked for; all that ship when there is no filter.
pub(crate) fn select(filters: &[String]) -> Result<Vec<Source>, Refusal> {
    if filters.is_empty() {
        return CATALOGUE.iter().map(Source::shipped).collect();
    }
    let mut sources: Vec<Source> = Vec::new();
    for filter in filters {
        if filter.contains(['/', '\\']) || filter.ends_with(".litmus") {
            sources.push(Source::read(filter)?);
            continue;
        }
        let found: Vec<&LitmusFile> = CATALOGUE
            .iter()
            .filter(|file| matches(filter, file.name))
            .collect();
        if found.is_empty() {
            return Err(unknown(filter));
        }
        for file in found {
            if sources.iter().all(|known| known.path != file.path()) {
                sources.push(Source::shipped(file)?);
            }
        }
    }
    Ok(sources)
}

/// A filter is part of a name, or a pattern of the whole.
fn matches(filter: &str, name: &str) -> bool {
    if filter.contains(['*', '?']) {
        glob_matches(filter, name)
    } else {
        name.contains(filter)
    }
}

fn unknown(filter: &str) -> Refusal {
    let hint = suggest::did_you_mean(filter, CATALOGUE.iter().map(|file| file.name));
    Refusal::new(
        Exit::NothingSelected,
        format!(
            "no litmus test matches `{filter}`{hint}\n  A file of your own is given by its path, such as ./mine.litmus"
        ),
    )
}
