//! Commits as the log holds them.
//!
//! Historically, one record per key: `key, version, option of value`, without length, checksum or mark of the end. Mended, one
//! frame per commit: `length u32 | CRC32C of length and body u32 | body: version, count, then key and option of value of each`.

use std::collections::BTreeMap;

use plimsoll_sim::command::Mutation;

use super::codec::{DecodeError, Decoder, Encoded};

/// One commit; of a log without frames, one record of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) version: u64,
    pub(crate) writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Commit {
    pub(crate) fn new(version: u64, mutations: &[Mutation]) -> Self {
        let writes = mutations
            .iter()
            .map(|mutation| match mutation {
                Mutation::Put { key, value } => (key.clone(), Some(value.clone())),
                Mutation::Delete { key } => (key.clone(), None),
            })
            .collect();
        Self { version, writes }
    }

    pub(crate) fn encode(&self, framed: bool, out: &mut Encoded) {
        if !framed {
            for (key, value) in &self.writes {
                out.blob(key);
                out.number(self.version);
                out.option(value.as_deref());
            }
            return;
        }
        let mut body = Encoded::default();
        body.number(self.version);
        body.number(self.writes.len() as u64);
        for (key, value) in &self.writes {
            body.blob(key);
            body.option(value.as_deref());
        }
        let len = (body.bytes().len() as u32).to_le_bytes();
        let crc = checksum(len, body.bytes()).to_le_bytes();
        out.raw(&[len, crc].concat());
        out.extend(&body);
    }
}

fn checksum(len: [u8; 4], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&len), body)
}

/// What a log holds.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    pub(crate) commits: Vec<Commit>,
    /// Where the last whole commit ends.
    pub(crate) valid_len: usize,
}

/// Decodes a log up to its end, or to where it was torn.
pub(crate) fn decode(bytes: &[u8], framed: bool) -> Result<Decoded, &'static str> {
    let mut decoded = Decoded::default();
    let mut decoder = Decoder::new(bytes);
    while !decoder.is_at_end() {
        let commit = if framed {
            match frame(&mut decoder) {
                Ok(commit) if follows(&commit, decoded.commits.last()) => commit,
                _ => break,
            }
        } else {
            match record(&mut decoder) {
                Ok(commit) => commit,
                Err(DecodeError::End) => break,
                Err(DecodeError::Malformed(reason)) => return Err(reason),
            }
        };
        decoded.commits.push(commit);
        decoded.valid_len = decoder.at();
    }
    Ok(decoded)
}

/// A frame that does not continue the one before it is a remnant of another time.
fn follows(commit: &Commit, last: Option<&Commit>) -> bool {
    last.is_none_or(|last| commit.version == last.version + 1)
}

fn record(decoder: &mut Decoder<'_>) -> Result<Commit, DecodeError> {
    let key = decoder.blob()?.to_vec();
    let version = decoder.number()?;
    let value = decoder.option()?.map(<[u8]>::to_vec);
    Ok(Commit {
        version,
        writes: BTreeMap::from([(key, value)]),
    })
}

fn frame(decoder: &mut Decoder<'_>) -> Result<Commit, DecodeError> {
    let len = decoder.u32_fixed()?;
    let crc = decoder.u32_fixed()?;
    let body = decoder.raw(len as usize)?;
    if checksum(len.to_le_bytes(), body) != crc {
        return Err(DecodeError::Malformed(
            "a frame does not match its checksum",
        ));
    }
    let mut body = Decoder::new(body);
    let version = body.number()?;
    let mut writes = BTreeMap::new();
    for _ in 0..body.number()? {
        let key = body.blob()?.to_vec();
        writes.insert(key, body.option()?.map(<[u8]>::to_vec));
    }
    Ok(Commit { version, writes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commits() -> Vec<Commit> {
        let put = |key: &str, value: &str| Mutation::Put {
            key: key.into(),
            value: value.into(),
        };
        vec![
            Commit::new(1, &[put("a", "1"), put("b", "2")]),
            Commit::new(2, &[Mutation::Delete { key: b"a".to_vec() }]),
        ]
    }

    fn encode(framed: bool) -> Encoded {
        let mut encoded = Encoded::default();
        for commit in commits() {
            commit.encode(framed, &mut encoded);
        }
        encoded
    }

    #[test]
    fn frames_decode_to_whole_commits_however_they_are_torn() {
        let encoded = encode(true);
        let whole = decode(encoded.bytes(), true).expect("nothing is wrong");
        assert_eq!(whole.commits, commits());
        for len in 0..encoded.bytes().len() {
            let torn = decode(&encoded.bytes()[..len], true).expect("a torn tail is no error");
            assert!(commits().starts_with(&torn.commits), "{len}");
            assert!(torn.valid_len <= len);
        }
    }

    #[test]
    fn records_decode_to_parts_of_commits() {
        let encoded = encode(false);
        let whole = decode(encoded.bytes(), false).expect("nothing is wrong");
        assert_eq!(whole.commits.len(), 3, "one record per key");
        let torn = decode(&encoded.bytes()[..encoded.bytes().len() - 4], false);
        assert_eq!(torn.expect("a torn tail is no error").commits.len(), 2);
        assert!(
            decode(&[1, b'a', 1, 7], false).is_err(),
            "an option is 0 or 1"
        );
    }
}
