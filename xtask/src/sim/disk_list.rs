//! `cargo xtask sim disks`: the disks that ship, and the profile of one as a file.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use clap::Args;
use plimsoll_faults::profile::Profile;
use serde::Serialize;

use crate::exit::Exit;
use crate::output::{LABEL, Output, Refusal};
use crate::report::jsonl;
use crate::sim::disks::Disks;
use crate::sim::options::{Format, Printing};

/// List the disks that ship, or print the profile of one, to be changed and given to `--disk`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask sim disks                                          what there is
  cargo xtask sim disks xfs > my-disk.toml                       a profile of your own starts here
  cargo xtask sim disks \"posix-minimal + atomic_unit=4096\"       one with parameters changed
  cargo xtask sim disks ./my-disk.toml                           your own, complete and in order",
    after_help = crate::exit::HELP
)]
pub(crate) struct DiskList {
    /// The name of a disk, with ` + PARAMETER=VALUE` for each parameter that differs, or the path of a profile file
    #[arg(value_name = "NAME|PATH")]
    disk: Option<String>,
    #[command(flatten)]
    printing: Printing,
}

#[derive(Serialize)]
struct DiskLine<'a> {
    r#type: &'static str,
    name: &'a str,
    title: &'a str,
    crashes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

impl DiskList {
    /// Prints the list, or one profile.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let mut output = Output::new(self.printing.color);
        let text = match &self.disk {
            None => list(&Profile::shipped(), self.printing.format),
            Some(disk) => one(&*named(disk)?, self.printing.format),
        };
        output.write(&text)?;
        Ok(Exit::Held)
    }
}

/// The profile that is asked for.
fn named(disk: &str) -> anyhow::Result<Arc<Profile>> {
    if disk.contains(" + ") {
        let varied = Profile::varied(disk).map_err(|error| {
            Refusal::new(Exit::Usage, format!("there is no disk `{disk}`: {error}"))
        });
        return Ok(Arc::new(varied?));
    }
    let disks = Disks::choose(&[disk.to_owned()], &BTreeSet::new())?;
    let explored = disks.explored().first();
    Ok(Arc::clone(&explored.expect("one was chosen").profile))
}

fn list(profiles: &[Arc<Profile>], format: Format) -> String {
    let width = profiles.iter().map(|profile| profile.name.chars().count());
    let width = width.max().unwrap_or_default();
    let mut text = String::new();
    for profile in profiles {
        match format {
            Format::Human => {
                writeln!(
                    text,
                    "{LABEL}{:<width$}{LABEL:#}  {}",
                    profile.name, profile.title
                )
                .expect("a String takes everything");
            }
            Format::Jsonl => text.push_str(&line(profile, None)),
        }
    }
    text
}

fn one(profile: &Profile, format: Format) -> String {
    match format {
        Format::Human => profile.to_string(),
        Format::Jsonl => line(profile, Some(profile.to_string())),
    }
}

fn line(profile: &Profile, text: Option<String>) -> String {
    jsonl::line(&DiskLine {
        r#type: "disk",
        name: &profile.name,
        title: &profile.title,
        crashes: profile.crashes().iter().map(|kind| kind.name()).collect(),
        profile: text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_are_listed_and_one_is_printed_as_a_file() {
        insta::assert_snapshot!("disks_human", list(&Profile::shipped(), Format::Human));
        insta::assert_snapshot!("disks_jsonl", list(&Profile::shipped(), Format::Jsonl));
        let varied = named("lustre-2.16 + network.stripe_count=4").expect("it has stripes");
        insta::assert_snapshot!("disks_one", one(&varied, Format::Human));
        let parsed = Profile::parse(&one(&varied, Format::Human)).expect("it is a file");
        assert_eq!(parsed, *varied);
    }

    #[test]
    fn a_disk_that_is_not_there_is_refused_with_what_is_wrong() {
        let message = |disk: &str| {
            let error = named(disk).expect_err("there is no such disk");
            error.to_string()
        };
        assert!(
            message("xsf").contains("did you mean `xfs`"),
            "{}",
            message("xsf")
        );
        let taer = message("xfs + taer=none");
        assert!(taer.contains("taer"), "{taer}");
    }
}
