//! The end of a run in which the store ran out of space.

use super::Recorder;
use crate::command::{Command, Mutation};
use crate::explore::history::What;
use crate::oracle::Oracle;
use crate::sut::Outcome;

impl Recorder<'_> {
    /// Gives a store that ran out of space some more. It need not take another write before it is opened again; if it does, it must
    /// keep it.
    pub(super) fn free_space(&mut self) {
        if self.only_space {
            self.disk.lift_space();
            self.perform(&put("space", "freed"));
        }
    }

    /// Once there is space again a store opens and takes writes (F3).
    pub(super) fn use_space(&mut self) {
        if !self.only_space || self.finding.is_some() || self.model.overflowed {
            return;
        }
        let expected = "a store that opens and takes writes once there is space again";
        if self.instance.is_some() {
            self.perform(&put("space", "again"));
        }
        match self.events.last().map(|event| &event.what) {
            Some(What::Acked(_) | What::Failed(Outcome::Unsupported, _)) => {
                self.perform(&Command::Reopen);
            }
            Some(What::Failed(_, message)) => {
                let found = message.clone();
                self.find(Oracle::F3, "no crash", expected.to_owned(), found);
            }
            _ => {}
        }
        if self.instance.is_none() {
            let found = match self.events.last().map(|event| &event.what) {
                Some(What::OpenFailed(message)) => message.clone(),
                _ => "a store that cannot be used".to_owned(),
            };
            self.find(Oracle::F3, "no crash", expected.to_owned(), found);
        }
    }
}

fn put(key: &str, value: &str) -> Command {
    Command::Write(Mutation::Put {
        key: key.into(),
        value: value.into(),
    })
}
