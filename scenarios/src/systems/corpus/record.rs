//! Records of a log: a line for each request, behind its checksum.

use std::io;

use plimsoll_reference::fs::FsOps;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::{Command, Request};
use plimsoll_sim::trial::history::Pairs;

use super::dictionary::apply;
use crate::systems::edge::{show, shown, take};

/// What a log holds, as a server finds it when it starts.
pub(super) struct Found {
    /// What its records amount to.
    pub(super) pairs: Pairs,
    /// The bytes of its whole records.
    pub(super) len: u64,
}

impl Found {
    /// What the bytes of a log hold.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let (mut pairs, mut len) = (Pairs::new(), 0);
        for mutations in read(bytes) {
            len += encode(&mutations).len() as u64;
            apply(&mut pairs, &mutations);
        }
        Self { pairs, len }
    }
}

/// What the log of this name holds; nothing when there is none.
pub(super) fn replay(fs: &dyn FsOps, name: &str) -> io::Result<Option<Pairs>> {
    let bytes = take(fs, name)?;
    Ok(bytes.map(|bytes| Found::of(&bytes).pairs))
}

/// The record of changes that take effect together.
pub(super) fn encode(mutations: &[Mutation]) -> Vec<u8> {
    let command = Command::Batch(mutations.to_vec());
    show(&Request { id: 0, command }.to_string()).into_bytes()
}

/// The changes of a log, up to where it ends or was torn.
pub(super) fn read(bytes: &[u8]) -> Vec<Vec<Mutation>> {
    bytes
        .split_inclusive(|&byte| byte == b'\n')
        .map_while(decode)
        .collect()
}

fn decode(line: &[u8]) -> Option<Vec<Mutation>> {
    match shown(line)?.parse().ok()? {
        Request {
            command: Command::Batch(mutations),
            ..
        } => Some(mutations),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_is_read_and_nothing_behind_it() {
        let changes = |text: &str| vec![text.parse().expect("a change")];
        let first = changes("put a 1");
        let second = vec![
            "put b 2".parse().expect("a change"),
            "delete a".parse().expect("a change"),
        ];
        let mut bytes = encode(&first);
        let whole = bytes.len();
        bytes.extend(encode(&second));
        assert_eq!(read(&bytes), [first.clone(), second]);
        for len in whole..bytes.len() {
            let found = read(&bytes[..len]);
            assert_eq!(found, std::slice::from_ref(&first), "{len} bytes");
        }
        bytes.truncate(whole);
        bytes.resize(whole + 64, 0);
        assert_eq!(read(&bytes), [first], "what is reserved is no record");
    }
}
