//! Several lives on one directory.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use plimsoll_sim::trial::history::{Found, Life, Notice, Pairs};
use plimsoll_sim::trial::judge::judge;

use super::life::Living;
use super::mode::Mode;
use super::plan::Planner;
use super::program::Program;
use super::record::Ended;
use super::tally::{Tally, Violation};
use crate::sim::seed::Seed;

/// Several lives on one directory, each on what the one before it left.
pub(super) struct Round<'a> {
    program: &'a Program,
    modes: &'a [Mode],
    dir: PathBuf,
    seed: Seed,
}

/// Most lives on one directory.
const LIVES_MAX: u64 = 4;

impl<'a> Round<'a> {
    pub(super) fn new(program: &'a Program, modes: &'a [Mode], dir: &Path, seed: Seed) -> Self {
        Self {
            program,
            modes,
            dir: dir.join(seed.to_string()),
            seed,
        }
    }

    /// Does it, and adds what came of it.
    pub(super) fn run(&self, tally: &mut Tally) -> anyhow::Result<()> {
        let failed = || format!("cannot make `{}` anew", self.dir.display());
        if self.dir.exists() {
            fs::remove_dir_all(&self.dir).with_context(failed)?;
        }
        fs::create_dir_all(&self.dir).with_context(failed)?;
        let mut planner = Planner::new(self.seed.0);
        let mode = *planner.pick(self.modes);
        let mut base = Pairs::new();
        tally.rounds += 1;
        for number in 1..=planner.up_to(LIVES_MAX) {
            let Some(left) = self.live(&mode, number, &mut planner, base, tally)? else {
                return Ok(());
            };
            base = left;
        }
        fs::remove_dir_all(&self.dir)
            .with_context(|| format!("cannot remove `{}`", self.dir.display()))
    }

    /// One life. Returns what it left, or nothing if an oracle was violated.
    fn live(
        &self,
        mode: &Mode,
        number: u64,
        planner: &mut Planner,
        base: Pairs,
        tally: &mut Tally,
    ) -> anyhow::Result<Option<Pairs>> {
        let plan = planner.plan(mode);
        let living = Living::start(self.program, mode, &self.dir, &plan, base)?;
        let mut ended = living.live(&plan)?;
        let left = self.program.scan(&mode.path(&self.dir))?;
        ended.life.left = vec![left.clone()];
        if let Some(copy) = mode.copy(&self.dir)
            && has_snapshot(&ended.life)
        {
            let found = self.program.scan(&copy)?;
            inspected(&mut ended.life, found);
        }
        tally.add(mode, &plan, &ended.life);
        let claims = claims(mode, &ended);
        if claims.is_empty() {
            return Ok(Some(match left {
                Found::Store(pairs) => pairs,
                Found::Nothing | Found::Unreadable(_) => Pairs::new(),
            }));
        }
        let log = self.dir.join(format!("life-{number}.txt"));
        fs::write(&log, ended.log.join("\n") + "\n")
            .with_context(|| format!("cannot write `{}`", log.display()))?;
        tally.violations.push(Violation {
            seed: self.seed,
            mode: mode.name,
            life: number,
            claims,
            log,
        });
        Ok(None)
    }
}

/// Whether a snapshot was announced. One of an earlier life holds less than this one began with.
fn has_snapshot(life: &Life) -> bool {
    let is_done = |notice: &Notice| matches!(notice, Notice::SnapshotDone(_));
    life.notices.iter().any(|(_, notice)| is_done(notice))
}

/// Takes note of what was found in the snapshot when everything was over.
fn inspected(life: &mut Life, found: Found) {
    let at = life.end.0;
    life.notices.push((at, Notice::Inspected(found)));
}

/// What does not hold, each with what was expected and found.
fn claims(mode: &Mode, ended: &Ended) -> Vec<String> {
    let findings = judge(&ended.life, &mode.promise(), ended.disturbed);
    let said = findings.iter().map(|finding| {
        format!(
            "[{}]: {}\n  expected: {}\n  found: {}",
            finding.oracle,
            finding.oracle.claim(),
            finding.expected,
            finding.found
        )
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_reference::host::ExitStatus;
    use plimsoll_sim::trial::history::{End, Request};

    use super::*;
    use crate::exit::Exit;
    use crate::torture::mode::ALL;
    use crate::torture::record::Record;

    /// A server that was asked for two writes and to end, said this besides, and ended well; with this left of it.
    fn ended(said: &[&str], left: &[(&str, &str)]) -> Ended {
        let mut record = Record::new(Pairs::new());
        record.hear("ready 7 0");
        for (id, text) in [(1, "put a 1"), (2, "put b 2")] {
            let put = text.parse().expect("a change");
            assert_eq!(record.ask(Request::Write(vec![put])), id);
            record.hear(&format!("{id} ok power {id}"));
        }
        said.iter().for_each(|line| record.hear(line));
        record.notice(Notice::InputClosed);
        record.hear("end 2 power");
        let end = (record.now(), End::Exited(ExitStatus::Code(0)));
        let mut ended = record.end(end);
        ended.life.left = vec![store(left)];
        ended
    }

    fn store(pairs: &[(&str, &str)]) -> Found {
        let pair = |&(key, value): &(&str, &str)| (key.into(), value.into());
        Found::Store(pairs.iter().map(pair).collect())
    }

    fn check(left: &[(&str, &str)]) -> Vec<String> {
        claims(&ALL[0], &ended(&[], left))
    }

    #[test]
    fn what_is_lost_is_claimed() {
        assert_eq!(check(&[("a", "1"), ("b", "2")]), [""; 0]);
        let lost = check(&[("a", "1")]);
        assert!(
            lost.iter().any(|claim| claim.starts_with("[E1]")),
            "{lost:?}"
        );
        let invented = check(&[("a", "1"), ("b", "3")]);
        assert!(!invented.is_empty());
    }

    #[test]
    fn a_snapshot_holds_what_it_was_said_to_cover() {
        let check = |said: &[&str], copy: &[(&str, &str)]| {
            let mut ended = ended(said, &[("a", "1"), ("b", "2")]);
            if has_snapshot(&ended.life) {
                inspected(&mut ended.life, store(copy));
            }
            claims(&ALL[0], &ended)
        };
        let snapshot = "snapshot 1 interval done 1 /s";
        assert_eq!(check(&[], &[]), [""; 0], "there need be none");
        assert_eq!(check(&[snapshot], &[("a", "1")]), [""; 0]);
        assert_eq!(check(&[snapshot], &[("a", "1"), ("b", "2")]), [""; 0]);
        assert_ne!(check(&[snapshot], &[]), [""; 0]);
        assert_ne!(check(&[snapshot], &[("b", "2")]), [""; 0]);
    }

    /// Rounds of a program in the words of a shell, until this is so; when signals reach it is the operating system's.
    fn rounds(text: &str, is_enough: impl Fn(&Tally) -> bool) -> Tally {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("store.sh");
        fs::write(&path, text).expect("it is written");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, executable).expect("it is made a program");
        let program = Program::at(&path).expect("it is there");
        let modes = [Mode::other(false, false)];
        let mut tally = Tally::default();
        for seed in 1..=40 {
            if is_enough(&tally) {
                break;
            }
            let round = Round::new(&program, &modes, &dir.path().join("stores"), Seed(seed));
            round.run(&mut tally).expect("it can be started");
        }
        tally
    }

    /// The program that `docs/other-languages.md` shows.
    const SHELL: &str = include_str!("../../../docs/store.sh");

    #[test]
    fn a_program_of_somebody_else_is_held_to_its_words() {
        let tally = rounds(SHELL, |tally| {
            tally.rounds >= 4 && tally.exit() != Exit::Vacuous
        });
        assert_eq!(tally.exit(), Exit::Held, "{tally}{:?}", tally.violations);
        let forgets = SHELL.replace("    mv \"$path.new\" \"$path\"\n", "");
        assert_ne!(forgets, SHELL);
        let tally = rounds(&forgets, |tally| !tally.violations.is_empty());
        assert_eq!(tally.exit(), Exit::Violated, "{tally}");
    }
}
