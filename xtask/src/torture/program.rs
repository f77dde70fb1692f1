//! The program under torture.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_reference::mutation::parse_bytes;
use plimsoll_sim::trial::history::{Found, Pairs};

use super::asked::asked;
use super::mode::path_word;
use crate::cargo::{cargo, root};

/// How long `scan` may take.
const SCAN: Duration = Duration::from_secs(60);

/// Characters of a line that makes no sense that are shown.
const SHOWN_MAX: usize = 200;

/// The program under torture: `plimsoll-store` as cargo built it, or one of somebody else.
#[derive(Clone, Debug)]
pub(super) struct Program {
    path: PathBuf,
}

impl Program {
    /// Builds it with the flags and the profile of this process, so that the store below it is compiled once.
    pub(super) fn build() -> anyhow::Result<Self> {
        let status = cargo()
            .args(["build", "--quiet", "--profile=sim"])
            // This package is named for the features that it asks of others; nothing of it is built.
            .args(["--package=plimsoll-reference", "--package=xtask"])
            .arg("--bin=plimsoll-store")
            .stdin(Stdio::null())
            .status()
            .context("cannot start cargo")?;
        ensure!(status.success(), "cargo could not build plimsoll-store");
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => root().join(dir),
            None => root().join("target"),
        };
        let path = target.join("sim").join("plimsoll-store");
        ensure!(
            path.exists(),
            "cargo built no {}: is the target directory elsewhere? name it by CARGO_TARGET_DIR",
            path.display()
        );
        Ok(Self { path })
    }

    /// A program of somebody else.
    pub(super) fn at(path: &Path) -> anyhow::Result<Self> {
        let path = std::path::absolute(path)?;
        ensure!(path.is_file(), "there is no program {}", path.display());
        Ok(Self { path })
    }

    /// A process of it, yet to be started.
    pub(super) fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(arguments);
        command
    }

    /// What another process finds at a path.
    pub(super) fn scan(&self, path: &Path) -> anyhow::Result<Found> {
        let command = self.command(&["scan".to_owned(), path_word(path)]);
        let output = asked(command, SCAN)
            .with_context(|| format!("cannot start {}", self.path.display()))?;
        let Some(output) = output else {
            let seconds = SCAN.as_secs();
            let message = format!("`scan` does not end within {seconds} s, and was killed");
            return Ok(Found::Unreadable(message));
        };
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Ok(if said.contains("nothing is at") {
                Found::Nothing
            } else {
                Found::Unreadable(said.trim().to_owned())
            });
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let pairs: Result<Pairs, &str> = text
            .lines()
            .map(|line| parse_pair(line).ok_or(line))
            .collect();
        Ok(match pairs {
            Ok(pairs) => Found::Store(pairs),
            Err(line) => {
                let line: String = line.chars().take(SHOWN_MAX).collect();
                Found::Unreadable(format!("`scan` says what is no key and value: `{line}`"))
            }
        })
    }
}

fn parse_pair(line: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (key, value) = line.split_once(' ')?;
    Some((parse_bytes(key).ok()?, parse_bytes(value).ok()?))
}
