//! `cargo xtask sim litmus`: what disks allow small programs to leave behind.

mod human;
mod jsonl;
mod recordings;
mod selection;
mod tally;

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;
use plimsoll_faults::litmus::Verdict;
use plimsoll_faults::profile::Profile;

use self::recordings::Recordings;
use self::selection::{Source, select};
use self::tally::Tally;
use crate::exit::Exit;
use crate::output::{Output, Refusal};
use crate::sim::disks::Disks;
use crate::sim::options::{DiskOptions, Format, Printing};

/// Crash small programs, and hold what each disk allows to what the litmus tests list.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask sim litmus                                  every test on every disk that ships
  cargo xtask sim litmus arvr --disk=xfs --states         what xfs may leave of a replaced file
  cargo xtask sim litmus --disk=./my-disk.toml            what a profile of your own allows
  cargo xtask sim litmus ./mine.litmus                    a test of your own
  cargo xtask sim litmus --recordings                     what disks allow beside what real file systems showed",
    after_help = crate::exit::HELP
)]
pub(crate) struct Litmus {
    /// Part of the name of a test that ships, a pattern with `*` and `?`, or the path of a litmus file
    #[arg(value_name = "FILTER|FILE")]
    filters: Vec<String>,
    /// Show every state, also where a disk allows exactly what is listed
    #[arg(long, env = "SIM_STATES", hide_env_values = true)]
    states: bool,
    /// Compare disks with crashes recorded on real file systems, those that ship or those of a folder of yours in the same format;
    /// filters are names of recorded programs then
    #[arg(
        long,
        value_name = "DIR",
        env = "SIM_RECORDINGS",
        hide_env_values = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = recordings::FOLDER
    )]
    recordings: Option<String>,
    #[command(flatten)]
    disks: DiskOptions,
    #[command(flatten)]
    printing: Printing,
}

impl Litmus {
    /// Runs the tests.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let mut output = Output::new(self.printing.color);
        let disks = Disks::choose(&self.disks.disk, &BTreeSet::new())?;
        let explored = disks.explored().iter();
        let profiles: Vec<Arc<Profile>> = explored.map(|disk| Arc::clone(&disk.profile)).collect();
        if let Some(folder) = &self.recordings {
            let recordings = Recordings {
                folder,
                filters: &self.filters,
                all: self.states,
                format: self.printing.format,
            };
            return recordings.run(&profiles, &mut output);
        }
        let sources = select(&self.filters)?;
        let mut tally = Tally {
            disks: profiles.len() as u64,
            ..Tally::default()
        };
        for source in &sources {
            output.write(&self.case(source, &profiles, &mut tally)?)?;
        }
        output.write(&match self.printing.format {
            Format::Human => human::summary(&tally),
            Format::Jsonl => jsonl::summary(&tally),
        })?;
        Ok(tally.ending().exit())
    }

    /// Runs one test and says what came of it.
    fn case(
        &self,
        source: &Source,
        profiles: &[Arc<Profile>],
        tally: &mut Tally,
    ) -> Result<String, Refusal> {
        let verdict = Verdict::of(&source.case, profiles).map_err(|error| source.refuse(&error))?;
        tally.add(&verdict, source.ships);
        Ok(match self.printing.format {
            Format::Human => human::case(source, &verdict, self.states),
            Format::Jsonl => jsonl::case(source, &verdict),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name: mine\nwhy: A file is replaced without a sync.\nsetup:\n  create o\nsteps:\n  create t\n  \
                        pwrite t 0 512 n\n  rename t o\n\ncrash after 1:\nxfs:\n  o = empty\n  o = empty; t = empty\n\ncrash at \
                        end:\nxfs:\n  o = n*512\n  o = x*512\nmy-disk:\n  o = empty\n";

    fn run(text: &str, states: bool, format: Format) -> Result<String, String> {
        let source = Source::parse("./mine.litmus".to_owned(), text.to_owned());
        let source = source.map_err(|error| error.to_string())?;
        let litmus = Litmus {
            filters: Vec::new(),
            states,
            recordings: None,
            disks: DiskOptions::default(),
            printing: Printing {
                format,
                color: crate::sim::options::Color::Never,
            },
        };
        let named = |name| Profile::named(name).expect("it ships");
        let profiles = [named("xfs"), named("ext4-ordered")];
        let mut tally = Tally {
            disks: 2,
            ..Tally::default()
        };
        let text = litmus.case(&source, &profiles, &mut tally);
        let text = text.map_err(|error| error.to_string())?;
        Ok(match format {
            Format::Human => {
                anstream::adapter::strip_str(&(text + &human::summary(&tally))).to_string()
            }
            Format::Jsonl => text + &jsonl::summary(&tally),
        })
    }

    #[test]
    fn differences_and_what_is_not_listed_are_shown() {
        insta::assert_snapshot!(
            "litmus_human",
            run(GOOD, false, Format::Human).expect("it runs")
        );
        insta::assert_snapshot!(
            "litmus_states",
            run(GOOD, true, Format::Human).expect("it runs")
        );
        insta::assert_snapshot!(
            "litmus_jsonl",
            run(GOOD, false, Format::Jsonl).expect("it runs")
        );
    }

    #[test]
    fn a_bad_file_is_shown_with_its_line() {
        let step = GOOD.replace("rename t o", "renmae t o");
        insta::assert_snapshot!(
            "litmus_bad_step",
            run(&step, false, Format::Human).expect_err("no such step")
        );
        let fails = GOOD.replace("rename t o", "rename x o");
        insta::assert_snapshot!(
            "litmus_step_fails",
            run(&fails, false, Format::Human).expect_err("no file x")
        );
        let large = GOOD.replace("0 512", "0 16384");
        let error = Source::parse("./mine.litmus".to_owned(), large).map(|source| {
            let minimal = Profile::named("posix-minimal").expect("it ships");
            Verdict::of(&source.case, &[minimal]).map_err(|error| source.refuse(&error).to_string())
        });
        let error = error.expect("it parses").expect_err("too many choices");
        insta::assert_snapshot!("litmus_too_large", error);
    }

    #[test]
    fn filters_select_by_part_pattern_and_path() {
        let names = |filters: &[&str]| -> Vec<String> {
            let filters: Vec<String> = filters.iter().map(|&filter| filter.to_owned()).collect();
            let sources = select(&filters).expect("they match");
            sources
                .into_iter()
                .map(|source| source.case.program.name)
                .collect()
        };
        assert_eq!(names(&["arvr-nosync"]), ["arvr-nosync"]);
        assert_eq!(
            names(&["arvr-*", "arvr-nosync"]),
            ["arvr-fsync", "arvr-nosync", "arvr-other-fsync"]
        );
        assert!(names(&[]).len() > 40);
        let refusal = select(&["avrr-nosync".to_owned()])
            .err()
            .expect("no such test");
        assert_eq!(refusal.exit(), Exit::NothingSelected);
        assert!(
            refusal.to_string().contains("did you mean `arvr-nosync`"),
            "{refusal}"
        );
        let refusal = select(&["./nowhere.litmus".to_owned()])
            .err()
            .expect("no such file");
        assert_eq!(refusal.exit(), Exit::Usage);
    }
}
