//! Records of the log: length, checksum, the text of a batch, and zeros to the end of the page.
//!
//! Each has pages of its own, so that writing the next one does not write it too.

use plimsoll_sim::command::{Command, Mutation};

/// Bytes before the text.
const HEADER: usize = 12;

/// What a record fills up.
const PAGE: usize = 4096;

/// One record.
pub(super) fn encode(mutations: &[Mutation]) -> Vec<u8> {
    let text = Command::Batch(mutations.to_vec()).to_string().into_bytes();
    let mut frame = (text.len() as u32).to_le_bytes().to_vec();
    frame.extend(sum(&text).to_le_bytes());
    frame.extend(text);
    frame.resize(frame.len().next_multiple_of(PAGE), 0);
    frame
}

/// The first record and what follows it, if it is whole.
pub(super) fn decode(bytes: &[u8]) -> Option<(Vec<Mutation>, &[u8])> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let (len, checksum) = header.split_first_chunk::<4>()?;
    let len = u32::from_le_bytes(*len) as usize;
    let text = rest.get(..len)?;
    let rest = bytes
        .get((HEADER + len).next_multiple_of(PAGE)..)
        .unwrap_or_default();
    if len == 0 || *checksum != sum(text).to_le_bytes()[..] {
        return None;
    }
    let command: Command = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some((command.mutations().to_vec(), rest))
}

/// FNV-1a, 64 bits.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
