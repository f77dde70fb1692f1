//! `cargo xtask sim repro` of a case of worlds: found again by its seeds, then run twice from its file, which needs none.

use std::num::NonZeroUsize;
use std::path::Path;

use plimsoll_sim::trial::hunt::Hunt;

use super::page::{self, Tried, ending, harness_bug, outline};
use super::pool;
use super::replay::{self, Played};
use super::selection::SelectedWorlds;
use crate::exit::{Ending, Exit};
use crate::interrupt::Interrupt;
use crate::output::{LABEL, Output};
use crate::sim::options::{Format, Printing};
use crate::text::shell_word;

/// Runs a case and prints what came of it.
pub(crate) fn run(selected: SelectedWorlds, printing: Printing) -> anyhow::Result<Exit> {
    let (text, ending) = reproduced(selected, printing.format, &replay::directory())?;
    Output::new(printing.color).write(&text)?;
    Ok(ending.exit())
}

/// Hunts as the scenario says, writes what is found into files of this directory and runs those; what is to be printed, and how it ended.
fn reproduced(
    selected: SelectedWorlds,
    format: Format,
    directory: &Path,
) -> anyhow::Result<(String, Ending)> {
    let interrupt = Interrupt::listen()?;
    let (mut text, mut worst) = (String::new(), Ending::Passed);
    let mut listen = |tried: Tried<'_>| -> anyhow::Result<()> {
        let case = &tried.selected.case;
        let hunt = match &tried.hunt {
            Ok(hunt) => hunt.as_ref().map_err(|error| *error)?,
            Err(message) => {
                worst = Ending::HarnessBug;
                text += &harness_bug(&case.id, message);
                return Ok(());
            }
        };
        worst = ending(case, hunt);
        text += &match format {
            Format::Human => outline(case, hunt, worst, tried.elapsed),
            Format::Jsonl => format!("{}\n", page::object(tried.selected, hunt, worst)),
        };
        let replayed = from_files(tried.selected, hunt, format, directory, &mut text)?;
        worst = worst.max(replayed);
        Ok(())
    };
    pool::run(&[selected], NonZeroUsize::MIN, &interrupt, &mut listen)?;
    if interrupt.is_requested() {
        worst = worst.max(Ending::Interrupted);
    }
    Ok((text, worst))
}

/// Runs everything that was found from its file. What is not there again, decision for decision, was no function of what the file says.
fn from_files(
    selected: &SelectedWorlds,
    hunt: &Hunt,
    format: Format,
    directory: &Path,
    text: &mut String,
) -> anyhow::Result<Ending> {
    let mut worst = Ending::Passed;
    for trophy in hunt.trophies.values() {
        let path = replay::write(directory, &selected.case, trophy)?;
        let name = path.display().to_string();
        let played = Played::twice(&name, &replay::text(&selected.case, trophy))?;
        *text += &played.text(format);
        if format == Format::Human {
            let file = shell_word(&name).to_string();
            *text += &format!("{LABEL}reproduce:{LABEL:#} cargo xtask sim repro {file}\n");
        }
        if !played.is_same_world() || played.ending() != Ending::Violated {
            worst = Ending::Nondeterministic;
        }
    }
    Ok(worst)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::selection;
    use super::*;
    use crate::sim::disks::Disks;
    use crate::sim::seed::Seed;

    fn found(id: &str, seed: Option<Seed>, format: Format) -> (String, Ending) {
        let disks = Disks::choose(&[], &BTreeSet::new()).expect("those that ship");
        let selected = selection::find(id, seed, &disks).expect("it ships");
        let directory = tempfile::tempdir().expect("a directory");
        let (text, ending) = reproduced(selected, format, directory.path()).expect("it is run");
        (anstream::adapter::strip_str(&text).to_string(), ending)
    }

    #[test]
    fn what_seeds_find_is_there_again_without_them() {
        if !cfg!(madsim) {
            return;
        }
        let (text, ending) = found("torc-r6@ext4-ordered", None, Format::Human);
        assert_eq!(
            ending,
            Ending::Passed,
            "it is expected, and there again: {text}"
        );
        let shown = text.matches("\nerror[").count();
        assert!(
            shown > 0 && shown == text.matches("Replay torc-r6@ext4-ordered").count(),
            "{text}"
        );
        assert!(!text.contains("this is not the world"), "{text}");
        assert!(
            text.contains("torc-r6@ext4-ordered-C1.world.toml"),
            "{text}"
        );
        let (text, _) = found("torc-r6@ext4-ordered", None, Format::Jsonl);
        let objects: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object a line"))
            .collect();
        assert_eq!(objects.len(), 1 + shown);
        for replayed in &objects[1..] {
            assert_eq!(replayed["is_same_world"], true, "{replayed}");
        }
    }

    #[test]
    fn a_seed_means_its_world_and_no_other() {
        if !cfg!(madsim) {
            return;
        }
        let (text, _) = found("torc-r12@ext4-ordered", Some(Seed(1)), Format::Human);
        assert!(text.contains("torc-r12@ext4-ordered: 1 world"), "{text}");
    }

    #[test]
    fn a_case_that_passes_says_so() {
        if !cfg!(madsim) {
            return;
        }
        let (text, ending) = found("torc-r6-fixed@ext4-ordered", None, Format::Human);
        assert_eq!(ending, Ending::Passed);
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}
