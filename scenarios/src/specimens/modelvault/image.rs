//! A whole database as bytes: header, two superblocks, log.

use std::collections::BTreeMap;
use std::io;

use plimsoll_reference::fs::{FsFile, write_all_at};
use plimsoll_sim::command::Mutation;

use super::bug::{Bug, Mends};
use super::malformed;
use super::options::Options;
use super::segment::{self, Found, Kind};
use super::superblock::{FILE_HEADER, LOG_START, Superblock};

const MAGIC: &[u8; 4] = b"TDB0";
const PUT: u8 = 1;
const DELETE: u8 = 2;

/// Everything that a database holds.
pub(super) type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// What was read of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) pairs: Pairs,
    /// Where its last whole commit ends, or whatever comes behind it outside of a commit.
    pub(super) end: usize,
    pub(super) superblock: Superblock,
}

/// A database of these pairs: each is a commit of its own, as in a log of inserts.
pub(super) fn encode(pairs: &Pairs) -> (Vec<u8>, Superblock) {
    let mut bytes = MAGIC.to_vec();
    bytes.extend([0, 0, 6, 0]);
    bytes.resize(LOG_START, 0);
    for (txn, (key, value)) in (1..).zip(pairs) {
        let put = Mutation::Put {
            key: key.clone(),
            value: value.clone(),
        };
        bytes.extend(commit(txn, &[put]).concat());
    }
    let (manifest, superblock) = publish(bytes.len(), Superblock::default(), None);
    bytes.extend(manifest);
    let block = superblock.encode();
    bytes[superblock.slot()..][..block.len()].copy_from_slice(&block);
    (bytes, superblock)
}

/// The segments of a commit.
pub(super) fn commit(txn: u64, mutations: &[Mutation]) -> Vec<Vec<u8>> {
    let mark = |kind| segment::encode(kind, &txn.to_le_bytes());
    let records = mutations
        .iter()
        .map(|mutation| segment::encode(Kind::Record, &record(mutation)));
    let mut segments = vec![mark(Kind::TxnBegin)];
    segments.extend(records);
    segments.push(mark(Kind::TxnCommit));
    segments
}

/// The segment of a checkpoint.
pub(super) fn checkpoint(pairs: &Pairs) -> Vec<u8> {
    let records = pairs.iter().flat_map(|(key, value)| {
        record(&Mutation::Put {
            key: key.clone(),
            value: value.clone(),
        })
    });
    segment::encode(Kind::Checkpoint, &records.collect::<Vec<u8>>())
}

/// The manifest at the end of a log of `len` bytes, and the superblock that follows `last` and names it.
pub(super) fn publish(
    len: usize,
    last: Superblock,
    checkpoint: Option<u64>,
) -> (Vec<u8>, Superblock) {
    let manifest = segment::encode(Kind::Manifest, &(len as u64).to_le_bytes());
    let superblock = Superblock {
        generation: last.generation + 1,
        manifest: len as u64,
        manifest_end: (len + manifest.len()) as u64,
        checkpoint: checkpoint.unwrap_or(last.checkpoint),
    };
    (manifest, superblock)
}

/// Writes a database into an empty file. Between the parts that say something it is left as a hole.
pub(super) fn write(file: &dyn FsFile, bytes: &[u8]) -> io::Result<()> {
    let half = (LOG_START - FILE_HEADER) / 2;
    let parts = [
        0..FILE_HEADER + 64,
        FILE_HEADER + half..FILE_HEADER + half + 64,
        LOG_START..bytes.len(),
    ];
    for part in parts {
        let end = part.end.min(bytes.len());
        if part.start < end {
            write_all_at(file, &bytes[part.start..end], part.start as u64)?;
        }
    }
    file.set_len(bytes.len() as u64)
}

/// Reads a database that a crash may have left.
///
/// # Errors
/// It is none, or more is wrong with it than that its tail is torn.
pub(super) fn recover(bytes: &[u8], options: Options, mends: Mends) -> io::Result<Image> {
    if bytes.len() < FILE_HEADER {
        return Err(malformed("the header is cut off"));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(malformed("it is no database"));
    }
    if bytes.len() < LOG_START {
        return Err(malformed("the superblocks are cut off"));
    }
    let superblock =
        Superblock::newest(bytes).ok_or_else(|| malformed("neither superblock is whole"))?;
    if options.trusts_superblock {
        return believe(bytes, superblock, mends);
    }
    let (pairs, end) = replay(bytes, LOG_START, mends)?;
    Ok(Image {
        pairs,
        end,
        superblock,
    })
}

/// Reads what the superblock names: from the last checkpoint to the last manifest.
fn believe(bytes: &[u8], superblock: Superblock, mends: Mends) -> io::Result<Image> {
    let end = superblock.manifest_end as usize;
    let start = match superblock.checkpoint {
        0 => LOG_START,
        checkpoint => checkpoint as usize,
    };
    let log = bytes
        .get(..end)
        .ok_or_else(|| malformed("the manifest lies beyond the end"))?;
    let (pairs, found) = replay(log, start, mends)?;
    if found != end {
        return Err(malformed("the log ends before the manifest"));
    }
    Ok(Image {
        pairs,
        end,
        superblock,
    })
}

/// Reads a copy, which has no tail to be torn.
///
/// # Errors
/// It is no whole database.
pub(super) fn read_copy(bytes: &[u8], mends: Mends) -> io::Result<Pairs> {
    let image = recover(bytes, Options::usual(), mends)?;
    if image.end != bytes.len() || image.superblock.manifest_end != bytes.len() as u64 {
        return Err(malformed("it ends early"));
    }
    Ok(image.pairs)
}

/// Applies the log from `start` on. Returns where it ends, too.
fn replay(bytes: &[u8], start: usize, mends: Mends) -> io::Result<(Pairs, usize)> {
    let mut pairs = Pairs::new();
    let mut staged: Option<(&[u8], Vec<Mutation>)> = None;
    let mut at = start;
    let mut end = start;
    loop {
        let segment = match segment::at(bytes, at) {
            Found::Segment(segment) => segment,
            Found::Foreign if !mends.has(Bug::R5) => {
                return Err(malformed("a segment header is damaged"));
            }
            Found::End | Found::Foreign => break,
        };
        match (segment.kind, &mut staged) {
            (Kind::TxnBegin, None) => staged = Some((segment.payload, Vec::new())),
            (Kind::Record, Some((_, mutations))) => mutations.extend(records(segment.payload)?),
            (Kind::TxnCommit, Some((txn, mutations))) if *txn == segment.payload => {
                for mutation in mutations {
                    mutation.apply_to(&mut pairs);
                }
                staged = None;
            }
            (Kind::Checkpoint, None) => {
                pairs.clear();
                for mutation in records(segment.payload)? {
                    mutation.apply_to(&mut pairs);
                }
            }
            (Kind::Manifest, None) => {}
            _ => break,
        }
        at = segment.end;
        if staged.is_none() {
            end = at;
        }
    }
    Ok((pairs, end))
}

fn record(mutation: &Mutation) -> Vec<u8> {
    let (tag, key, value) = match mutation {
        Mutation::Put { key, value } => (PUT, key, &value[..]),
        Mutation::Delete { key } => (DELETE, key, &[][..]),
    };
    let mut bytes = vec![tag];
    for part in [key, value] {
        bytes.extend((part.len() as u32).to_le_bytes());
        bytes.extend(part);
    }
    bytes
}

/// The changes in a payload.
fn records(mut payload: &[u8]) -> io::Result<Vec<Mutation>> {
    let mut mutations = Vec::new();
    while let Some((&tag, rest)) = payload.split_first() {
        payload = rest;
        let key = part(&mut payload)?;
        let value = part(&mut payload)?;
        mutations.push(match tag {
            PUT => Mutation::Put { key, value },
            DELETE => Mutation::Delete { key },
            _ => return Err(malformed("a record is neither put nor delete")),
        });
    }
    Ok(mutations)
}

fn part(payload: &mut &[u8]) -> io::Result<Vec<u8>> {
    let short = || malformed("a record is cut off");
    let (len, rest) = payload.split_first_chunk().ok_or_else(short)?;
    let (bytes, rest) = rest
        .split_at_checked(u32::from_le_bytes(*len) as usize)
        .ok_or_else(short)?;
    *payload = rest;
    Ok(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs() -> Pairs {
        let pair = |key: &str, value: &str| (key.into(), value.into());
        Pairs::from([pair("a", "1"), pair("b", "2")])
    }

    #[test]
    fn a_database_is_read_back_and_a_torn_one_is_a_shorter_one() {
        let (mut bytes, superblock) = encode(&pairs());
        let whole = recover(&bytes, Options::usual(), Mends::none()).expect("nothing is wrong");
        assert_eq!(whole.pairs, pairs());
        assert_eq!(
            (whole.end, whole.superblock),
            (bytes.len(), superblock),
            "the manifest is the end"
        );
        let delete = Mutation::Delete { key: b"a".to_vec() };
        let len = bytes.len();
        bytes.extend(commit(3, &[delete]).concat());
        for cut in len..bytes.len() {
            let torn = recover(&bytes[..cut], Options::usual(), Mends::none());
            let torn = torn.expect("a torn tail is no error");
            assert_eq!((torn.pairs, torn.end), (pairs(), len), "{cut}");
        }
        let longer = recover(&bytes, Options::usual(), Mends::none()).expect("nothing is wrong");
        assert_eq!(longer.pairs.len(), 1);
        let trusted = recover(&bytes, Options::trusting(), Mends::none());
        assert_eq!(trusted.expect("nothing is wrong").pairs, pairs());
    }

    #[test]
    fn a_copy_has_to_be_whole() {
        let (bytes, _) = encode(&pairs());
        assert!(read_copy(&bytes, Mends::all()).is_ok_and(|copy| copy == pairs()));
        for len in 0..bytes.len() {
            assert!(read_copy(&bytes[..len], Mends::all()).is_err(), "{len}");
        }
    }

    #[test]
    fn a_checkpoint_stands_for_all_before_it() {
        let (mut bytes, superblock) = encode(&pairs());
        let at = bytes.len();
        bytes.extend(checkpoint(&Pairs::new()));
        let (manifest, superblock) = publish(bytes.len(), superblock, Some(at as u64));
        bytes.extend(manifest);
        let block = superblock.encode();
        bytes[superblock.slot()..][..block.len()].copy_from_slice(&block);
        for options in [Options::usual(), Options::trusting()] {
            let image = recover(&bytes, options, Mends::none()).expect("nothing is wrong");
            assert_eq!(image.pairs, Pairs::new());
        }
    }
}
