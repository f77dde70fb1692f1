//! Every workload of a small scope.
//!
//! Most bugs of storage show in a few commands on a few keys, so all of those are worth more than a few of the many longer ones
//! (the small scope hypothesis; Mohan et al., "Finding Crash-Consistency Bugs with Bounded Black-Box Crash Testing", OSDI 2018).
//!
//! Shorter workloads are not enumerated: a sweep crashes every prefix of a run, and every prefix that is followed by a clean close
//! is the start of a workload in which the next command is `reopen`.
//!
//! **Not covered**: copies to several places, batches, overlapping snapshots, background work, the passing of time; random workloads have them.

use super::{Command, Mutation};

/// How far is enumerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Number of commands of each workload.
    pub commands: u32,
    /// Number of keys.
    pub keys: u32,
    /// Whether compactions, copies to one place and restores are among the commands.
    pub maintenance: bool,
}

impl Scope {
    /// Every workload of puts and deletes of the keys, snapshots, syncs and reopens, in one fixed order. Keys come into play in
    /// their order: which of two unused keys a workload starts with makes no difference. Every put has a value of its own, so that
    /// a recovered value tells which command it came from.
    ///
    /// ```
    /// use plimsoll_sim::workload::Scope;
    ///
    /// let scope = Scope { commands: 1, keys: 2, maintenance: false };
    /// let texts = |scope: Scope| -> Vec<String> {
    ///     scope.workloads().iter().map(|steps| steps[0].to_string()).collect()
    /// };
    /// assert_eq!(texts(scope), ["put k0 v1", "delete k0", "snapshot", "sync", "reopen"]);
    /// let scope = Scope { maintenance: true, ..scope };
    /// assert_eq!(texts(scope)[5..], ["checkpoint", "compact", "export 0", "restore 0"]);
    /// ```
    pub fn workloads(self) -> Vec<Vec<Command>> {
        let mut workloads = vec![(Vec::new(), 0)];
        for position in 1..=self.commands {
            workloads = workloads
                .into_iter()
                .flat_map(|(steps, used)| self.longer(&steps, used, position))
                .collect();
        }
        workloads.into_iter().map(|(steps, _)| steps).collect()
    }

    /// A workload of `used` keys with each command that can follow, and how many keys it then uses.
    fn longer(self, steps: &[Command], used: u32, position: u32) -> Vec<(Vec<Command>, u32)> {
        let with = |command: Command, used: u32| {
            let mut steps = steps.to_vec();
            steps.push(command);
            (steps, used)
        };
        let mut longer = Vec::new();
        for key in 0..self.keys.min(used + 1) {
            let used = used.max(key + 1);
            let name = format!("k{key}").into_bytes();
            let put = Mutation::Put {
                key: name.clone(),
                value: format!("v{position}").into_bytes(),
            };
            longer.push(with(Command::Write(put), used));
            longer.push(with(Command::Write(Mutation::Delete { key: name }), used));
        }
        for command in [Command::Snapshot, Command::Sync, Command::Reopen] {
            longer.push(with(command, used));
        }
        if self.maintenance {
            for command in [
                Command::Checkpoint,
                Command::Compact,
                Command::Export(0),
                Command::Restore(0),
            ] {
                longer.push(with(command, used));
            }
        }
        longer
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn texts(commands: u32, keys: u32) -> Vec<String> {
        let text = |steps: &Vec<Command>| format!("{steps:?}");
        let maintenance = false;
        Scope {
            commands,
            keys,
            maintenance,
        }
        .workloads()
        .iter()
        .map(text)
        .collect()
    }

    #[test]
    fn every_workload_is_there_once() {
        // With one key there is no symmetry: five commands at each of three places.
        let all = texts(3, 1);
        assert_eq!(all.len(), 5 * 5 * 5);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.contains(&"[`put k0 v1`, `snapshot`, `reopen`]".to_owned()));
    }

    #[test]
    fn keys_come_into_play_in_their_order() {
        // Either no key yet (3 + 2 commands), or one of two in use (3 + 4 commands).
        let all = texts(2, 2);
        assert_eq!(all.len(), 3 * 5 + 2 * 7);
        let wrong = |text: &&String| {
            let place = |key: &str| text.find(key).unwrap_or(usize::MAX);
            place("k1") < place("k0")
        };
        assert_eq!(all.iter().find(wrong), None);
        assert!(all.contains(&"[`put k0 v1`, `delete k1`]".to_owned()));
    }

    #[test]
    fn values_tell_which_command_wrote_them() {
        for steps in (Scope {
            commands: 4,
            keys: 2,
            maintenance: false,
        })
        .workloads()
        {
            let mut values = BTreeSet::new();
            for mutation in steps.iter().flat_map(Command::mutations) {
                if let Mutation::Put { value, .. } = mutation {
                    assert!(values.insert(value.clone()), "{steps:?}");
                }
            }
        }
    }
}
