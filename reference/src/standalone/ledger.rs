//! Which requests are without an answer.

use std::collections::BTreeMap;

use crate::service::protocol::Answer;

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// A client's, which gave it this number.
    Client(u64),
    /// The parent's own.
    Own,
}

/// Which requests are without an answer, under numbers that no two of them share: clients may number as they like.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    count: u64,
    open: BTreeMap<u64, Whose>,
    acknowledged: u64,
    failed: u64,
}

impl Ledger {
    /// The number that the next request gets.
    pub(super) const fn next(&self) -> u64 {
        self.count + 1
    }

    /// A new number for a request.
    pub(super) fn enter(&mut self, whose: Whose) -> u64 {
        self.count = self.next();
        self.open.insert(self.count, whose);
        self.count
    }

    /// Takes note of an answer, and says whose it is; nobody's if nobody waits for it.
    pub(super) fn note(&mut self, answer: &Answer) -> Option<Whose> {
        let id = answer.id()?;
        let whose = *self.open.get(&id)?;
        if !matches!(answer, Answer::Key { .. }) {
            self.open.remove(&id);
        }
        match answer {
            Answer::Done { sequence, .. } if whose != Whose::Own => {
                self.acknowledged = self.acknowledged.max(*sequence);
            }
            Answer::Failed { .. } if whose != Whose::Own => self.failed += 1,
            _ => {}
        }
        Some(whose)
    }

    /// Takes note of a request that failed here.
    pub(super) const fn refuse(&mut self) {
        self.failed += 1;
    }

    /// How many are without an answer.
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// Gives up those that are without an answer, and says which ones.
    pub(super) fn abandon(&mut self) -> Vec<u64> {
        let clients = |whose| match whose {
            Whose::Client(id) => Some(id),
            Whose::Own => None,
        };
        let left: Vec<u64> = std::mem::take(&mut self.open)
            .into_values()
            .filter_map(clients)
            .collect();
        self.failed += left.len() as u64;
        left
    }

    /// Number of the last write that was acknowledged.
    pub(super) const fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// How many failed.
    pub(super) const fn failed(&self) -> u64 {
        self.failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Answer {
        text.parse().expect("it is an answer")
    }

    #[test]
    fn answers_find_who_asked_also_where_clients_use_a_number_twice() {
        let mut ledger = Ledger::default();
        let [first, second] = [7, 7].map(|id| ledger.enter(Whose::Client(id)));
        let own = ledger.enter(Whose::Own);
        assert_eq!((first, second, own), (1, 2, 3));
        assert_eq!(ledger.note(&answer("2 ok power 5")), Some(Whose::Client(7)));
        assert_eq!(
            ledger.note(&answer("2 ok power 9")),
            None,
            "it was answered"
        );
        assert_eq!(
            ledger.note(&answer("7 ok power 9")),
            None,
            "a client's number"
        );
        assert_eq!(ledger.note(&answer("3 ok power 8 /s")), Some(Whose::Own));
        assert_eq!(ledger.acknowledged(), 5, "our own request is no write");
        assert_eq!(ledger.abandon(), [7]);
        assert_eq!((ledger.open(), ledger.failed()), (0, 1));
    }

    #[test]
    fn a_scan_is_answered_by_its_end() {
        let mut ledger = Ledger::default();
        ledger.enter(Whose::Client(1));
        ledger.note(&answer("1 key a 1"));
        assert_eq!(ledger.open(), 1);
        ledger.note(&answer("1 end 1 1"));
        assert_eq!(ledger.open(), 0);
    }
}
