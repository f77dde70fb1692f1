//! `cargo xtask sim calibrate`: whether the harness can be believed, shown by what it must notice.
//!
//! Each row of each section is a known answer. One that does not hold fails the command.

mod deletions;
mod failures;
mod litmus;
mod page;
mod section;
mod sqlite;

use clap::Args;

use self::page::Page;
use self::section::Section;
use crate::exit::Exit;
use crate::output::{Output, Refusal};
use crate::sim::options::Printing;

/// Check the harness against known answers: litmus tests, syncs that are left out, syncs that fail, and what power cuts leave of SQLite.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask sim calibrate                             every section
  cargo xtask sim calibrate --section=sync-deletion     one of them
  cargo xtask sim calibrate power --verbose             some rows, and why they are as they are
  cargo xtask sim calibrate --format=jsonl              one JSON object per row and disk",
    after_help = crate::exit::HELP
)]
pub(crate) struct Calibrate {
    /// Part of the name of a row: of a store, or of a disk in the section on litmus tests
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// The section to print; several when given several times [default: all]
    #[arg(long, value_name = "NAME")]
    section: Vec<Section>,
    /// Say what each answer rests on, also where it is as expected
    #[arg(long)]
    verbose: bool,
    #[command(flatten)]
    printing: Printing,
}

impl Calibrate {
    /// Runs the sections and prints what came of them.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let output = Output::new(self.printing.color);
        let mut page = Page::new(output, self.printing.format, self.verbose, &self.filters);
        let is_wanted = |section: &&Section| {
            self.section.is_empty() || self.section.iter().any(|wanted| wanted == *section)
        };
        for section in Section::ALL.iter().filter(is_wanted) {
            match section {
                Section::Litmus => litmus::print(&mut page)?,
                Section::SyncDeletion => deletions::print(&mut page)?,
                Section::FsyncFailures => failures::print(&mut page)?,
                Section::Sqlite => sqlite::print(&mut page)?,
            }
        }
        if page.is_empty() {
            let message =
                "no row matches; without a filter all are printed: cargo xtask sim calibrate";
            return Err(Refusal::new(Exit::NothingSelected, message).into());
        }
        page.finish()
    }
}
