//! The program under torture.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use plimsoll_reference::mutation::parse_bytes;
use plimsoll_sim::trial::history::{Found, Pairs};

use super::mode::path_word;
use crate::cargo::{cargo, root};

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
        let output = self
            .command(&["scan".to_owned(), path_word(path)])
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {}", self.path.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Ok(if said.contains("nothing is at") {
                Found::Nothing
            } else {
                Found::Unreadable(said.trim().to_owned())
            });
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let pairs: Option<Pairs> = text.lines().map(parse_pair).collect();
        Ok(match pairs {
            Some(pairs) => Found::Store(pairs),
            None => Found::Unreadable(format!("`scan` says: {text}")),
        })
    }
}

fn parse_pair(line: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (key, value) = line.split_once(' ')?;
    Some((parse_bytes(key).ok()?, parse_bytes(value).ok()?))
}
