//! Every structure on the disk, changed at random: with its checksums put right again, so that the change is met, and as it is.
//!
//! Whatever a file holds, the store opens or says with a typed error why not; it never panics.

use std::fs;
use std::path::Path;

use plimsoll_reference::native::{
    Compression, Options, Store, StoreError, read_snapshot, restore_snapshot,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::damage::is_typed;
use crate::support::{Bench, dump};

const SEGMENT: &str = "d/0000000002.log";
const IMAGE: &str = "d/snapshot.plim";
const SEGMENT_HEADER: usize = 56;

/// A change of bytes.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    /// A number that is written over eight bytes: lengths, counts and sequence numbers get extreme.
    Number(Index, u64),
    Cut(Index),
    Insert(Index, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let number = prop_oneof![
        Just(0),
        Just(1),
        Just(u64::MAX),
        Just(1 << 62),
        0_u64..200,
        any::<u64>()
    ];
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        4 => (any::<Index>(), number).prop_map(|(at, number)| Change::Number(at, number)),
        1 => any::<Index>().prop_map(Change::Cut),
        1 => (any::<Index>(), prop::collection::vec(any::<u8>(), 1..40))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
    ]
}

fn apply(bytes: &mut Vec<u8>, changes: &[Change]) {
    for change in changes {
        if bytes.is_empty() {
            return;
        }
        match change {
            Change::Set(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Change::Number(at, number) => {
                let at = at.index(bytes.len());
                let end = bytes.len().min(at + 8);
                bytes[at..end].copy_from_slice(&number.to_le_bytes()[..end - at]);
            }
            Change::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Change::Insert(at, more) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
        }
    }
}

/// Puts the checksum at the end right.
fn sum_image(bytes: &mut [u8]) {
    if let Some(at) = bytes.len().checked_sub(4) {
        let crc = crc32c::crc32c(&bytes[..at]);
        bytes[at..].copy_from_slice(&crc.to_le_bytes());
    }
}

/// Puts the checksums of the header and of the frames right, as far as the lengths lead.
fn sum_segment(bytes: &mut [u8]) {
    if bytes.len() < SEGMENT_HEADER {
        return;
    }
    let crc = crc32c::crc32c(&bytes[..SEGMENT_HEADER - 4]);
    bytes[SEGMENT_HEADER - 4..SEGMENT_HEADER].copy_from_slice(&crc.to_le_bytes());
    let seed = crc32c::crc32c(&bytes[..40]);
    let mut at = SEGMENT_HEADER;
    while let Some(len) = bytes.get(at..at + 4) {
        let len: [u8; 4] = len.try_into().expect("four bytes");
        let end = (at + 24).saturating_add(u32::from_le_bytes(len) as usize);
        if end > bytes.len() {
            return;
        }
        let crc = crc32c::crc32c_append(seed, &(at as u64).to_le_bytes());
        let crc = crc32c::crc32c_append(crc, &len);
        let crc = crc32c::crc32c_append(crc, &bytes[at + 8..end]);
        bytes[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
        at = end;
    }
}

/// A killed store with a snapshot, and commits behind it.
fn killed(options: &Options) -> Bench {
    let bench = Bench::new();
    let mut store = bench.open(options);
    for number in 0..4_u8 {
        store.put(&[number], &[number; 12]).expect("a commit");
    }
    store.compact_in_place().expect("a compaction");
    for number in 2..6_u8 {
        store.put(&[number], &[number; 12]).expect("a commit");
    }
    store.delete(&[0]).expect("a commit");
    drop(store);
    bench
}

/// Opens the store, and uses it where that succeeds.
fn check(bench: &Bench, options: &Options) -> Result<(), TestCaseError> {
    let used = bench.try_open(options).and_then(|mut store: Store| {
        let before = dump(&store);
        store.put(b"used", b"1")?;
        prop_assert_eq_len(&before, &store);
        store.checkpoint()?;
        Ok(())
    });
    if let Err(error) = used {
        prop_assert!(
            is_typed(&error)
                || matches!(
                    error,
                    StoreError::TooLarge { .. } | StoreError::LogMissing { .. }
                ),
            "{error}"
        );
    }
    Ok(())
}

fn prop_assert_eq_len(before: &crate::support::Map, store: &Store) {
    let new = usize::from(!before.contains_key(&b"used"[..]));
    assert_eq!(store.len().expect("a read"), before.len() + new);
}

proptest! {
    #[test]
    fn a_changed_snapshot_is_refused_or_read(
        lz4 in any::<bool>(),
        summed in any::<bool>(),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let compression = if lz4 { Compression::Lz4 } else { Compression::None };
        let options = Options::new("d").compression(compression);
        let bench = killed(&options);
        let intact = fs::read(bench.path(IMAGE)).expect("a snapshot");
        let mut bytes = intact.clone();
        apply(&mut bytes, &changes);
        if summed {
            sum_image(&mut bytes);
        }
        fs::write(bench.path(IMAGE), &bytes).expect("a file");
        let read = read_snapshot(&*bench.host.fs, Path::new(IMAGE), &mut |_, _| ());
        if !summed && bytes != intact {
            prop_assert!(read.is_err(), "the change is seen");
        }
        check(&bench, &options)?;
        // The same as a copy.
        fs::write(bench.path("copy"), &bytes).expect("a file");
        let other = Options::new("other");
        let restored = restore_snapshot(&bench.host, Path::new("copy"), &other);
        prop_assert_eq!(restored.is_ok(), read.is_ok());
        prop_assert_eq!(bench.path("other/snapshot.plim").exists(), read.is_ok());
    }

    #[test]
    fn a_changed_segment_is_refused_or_read(
        summed in any::<bool>(),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let options = Options::new("d");
        let bench = killed(&options);
        let mut bytes = fs::read(bench.path(SEGMENT)).expect("a segment");
        apply(&mut bytes, &changes);
        if summed {
            sum_segment(&mut bytes);
        }
        fs::write(bench.path(SEGMENT), &bytes).expect("a file");
        check(&bench, &options)?;
    }

    #[test]
    fn bytes_that_nobody_wrote_are_refused(
        image in any::<bool>(),
        magic in any::<bool>(),
        noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let options = Options::new("d");
        let bench = killed(&options);
        let (path, start) = if image { (IMAGE, b"\xffPLIMimg") } else { (SEGMENT, b"\xffPLIMlog") };
        let mut bytes = if magic { start.to_vec() } else { Vec::new() };
        if magic {
            bytes.extend([1, 0, 0, 0]);
        }
        bytes.extend(noise);
        if image {
            sum_image(&mut bytes);
        } else {
            sum_segment(&mut bytes);
        }
        fs::write(bench.path(path), &bytes).expect("a file");
        check(&bench, &options)?;
    }

    /// A marker is a temporary that a life was killed with; so is any other, and none is read.
    #[test]
    fn what_is_in_temporaries_and_in_the_lock_does_not_matter(
        noise in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let options = Options::new("d");
        let bench = killed(&options);
        let expected = dump(&bench.open(&options));
        for name in ["snapshot.plim.9-0.tmp", "snapshot.plim.4-1.tmp", "0000000009.log.tmp", "lock"] {
            fs::write(bench.path("d").join(name), &noise).expect("a file");
        }
        prop_assert_eq!(dump(&bench.open(&options)), expected);
        prop_assert!(!bench.names("d").iter().any(|name| name.ends_with(".tmp")));
    }
}
