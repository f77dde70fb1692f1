//! Commits that were published and wait for the log.

/// Encoded commits in order, bounded by its user.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Sequence number and end of the body in `bytes`.
    commits: Vec<(u64, usize)>,
    bytes: Vec<u8>,
}

impl Queue {
    pub(super) fn push(&mut self, sequence: u64, body: &[u8]) {
        self.bytes.extend_from_slice(body);
        self.commits.push((sequence, self.bytes.len()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commits.is_empty()
    }

    /// Whether one more commit of `len` bytes keeps the queue within both bounds.
    pub(super) fn has_room(&self, len: usize, commits_max: usize, bytes_max: usize) -> bool {
        self.commits.len() < commits_max && self.bytes.len().saturating_add(len) <= bytes_max
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let starts = std::iter::once(0).chain(self.commits.iter().map(|&(_, end)| end));
        self.commits
            .iter()
            .zip(starts)
            .map(|(&(sequence, end), start)| (sequence, &self.bytes[start..end]))
    }

    pub(super) fn clear(&mut self) {
        self.commits.clear();
        self.bytes.clear();
    }
}
