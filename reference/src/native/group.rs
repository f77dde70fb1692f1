//! Several commits that share one write and one sync.

use crate::level::{Ack, Level};

use super::batch;
use super::change::Change;
use super::error::StoreError;
use super::limits::SEQUENCE_MAX;
use super::options::LogMode;
use super::store::Store;
use crate::mutation::Mutation;

/// What became of one commit of a group before the log was written.
enum Place {
    /// It waits for the log.
    Staged,
    /// It is no commit, or was refused.
    Done(Result<Ack, StoreError>),
}

impl Store {
    /// Makes several commits in order, each whole or not at all, with one write and one sync of the log where the log is written at
    /// commit: what [`batch`](Self::batch) would do with each of them, for the price of one. The results are in the same order.
    ///
    /// # Errors
    /// Of one commit alone, as [`batch`](Self::batch): `TooLarge`; the others go on. Of all of them: `Poisoned`, and `GroupFailed` when the log
    /// failed, which leaves the outcome of each unknown and poisons the store. No read shows any of them then.
    pub fn group(&mut self, commits: &[&[Mutation]]) -> Vec<Result<Ack, StoreError>> {
        if self.options.log_mode != LogMode::OnCommit || commits.len() < 2 {
            return commits.iter().map(|commit| self.batch(commit)).collect();
        }
        if self.is_poisoned() {
            let poisoned = |_| self.check_poison().map(|()| Ack::at(Level::Memory));
            return commits.iter().map(poisoned).collect();
        }
        let ack = Ack::at(self.options.commit_level());
        let mut places = Vec::with_capacity(commits.len());
        let result = self.log_group(commits, &mut places);
        let failed = self.guard(result).is_err();
        // Where the log failed early, commits are left that were never looked at.
        places.resize_with(commits.len(), || Place::Staged);
        let mut results = Vec::with_capacity(commits.len());
        for (place, commit) in places.into_iter().zip(commits) {
            results.push(match place {
                Place::Done(result) => result,
                Place::Staged if failed => Err(self.group_failed()),
                Place::Staged => {
                    self.publish(commit.iter().map(Change::from));
                    Ok(ack)
                }
            });
        }
        results
    }

    /// Takes the commits to the log, and says of each what became of it so far.
    fn log_group(
        &mut self,
        commits: &[&[Mutation]],
        places: &mut Vec<Place>,
    ) -> Result<(), StoreError> {
        let ack = Ack::at(self.options.commit_level());
        let mut sequence = self.sequence;
        for commit in commits {
            let place = if commit.is_empty() {
                Place::Done(Ok(ack))
            } else if sequence == SEQUENCE_MAX {
                Place::Done(Err(StoreError::TooLarge {
                    what: "the sequence number",
                    size: sequence + 1,
                    max: SEQUENCE_MAX,
                }))
            } else {
                match batch::encode(commit.iter().map(Change::from), &mut self.body) {
                    Err(error) => Place::Done(Err(error)),
                    Ok(()) => {
                        sequence += 1;
                        self.log.push(sequence, &self.body)?;
                        Place::Staged
                    }
                }
            };
            places.push(place);
        }
        self.log.write()?;
        self.sync_appended()
    }

    fn group_failed(&self) -> StoreError {
        StoreError::GroupFailed {
            cause: self.poison.clone().unwrap_or_default(),
        }
    }
}
