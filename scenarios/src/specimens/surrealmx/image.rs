//! The snapshot file.
//!
//! Historically, one entry per key up to the end of the file: `key, list of (version, option of value)`. Mended, the same after a
//! magic number and before `count of keys u64 | CRC32C of everything before u32`.

use super::bug::{Bug, Mends};
use super::codec::{DecodeError, Decoder, Encoded};
use super::error::Error;
use super::table::Table;

const MAGIC: &[u8; 8] = b"\xffMXSNAP1";
const FOOTER: usize = 12;

/// The whole table as a snapshot.
pub(super) fn encode(table: &Table, mends: Mends) -> Encoded {
    let mut encoded = Encoded::default();
    let checked = mends.has(Bug::R22);
    if checked {
        encoded.raw(MAGIC);
    }
    let mut count: u64 = 0;
    for (key, entry) in table.iter() {
        encoded.blob(key);
        encoded.number(1);
        encoded.number(entry.version);
        encoded.option(entry.value.as_deref());
        count += 1;
    }
    if checked {
        encoded.raw(&count.to_le_bytes());
        let crc = crc32c::crc32c(encoded.bytes());
        encoded.raw(&crc.to_le_bytes());
    }
    encoded
}

/// Loads a snapshot.
pub(super) fn decode(bytes: &[u8], mends: Mends) -> Result<Table, Error> {
    let malformed = |reason| Error::Deserialization {
        file: "snapshot",
        reason,
    };
    let mut table = Table::default();
    if !mends.has(Bug::R22) {
        let mut decoder = Decoder::new(bytes);
        while !decoder.is_at_end() {
            match entry(&mut decoder, &mut table) {
                Ok(()) => {}
                Err(DecodeError::End) => break,
                Err(DecodeError::Malformed(reason)) => return Err(malformed(reason)),
            }
        }
        return Ok(table);
    }
    let (rest, crc) = bytes
        .split_last_chunk()
        .filter(|(rest, _)| rest.starts_with(MAGIC) && rest.len() >= MAGIC.len() + FOOTER - 4)
        .ok_or_else(|| malformed("it is too short, or no snapshot"))?;
    if crc32c::crc32c(rest) != u32::from_le_bytes(*crc) {
        return Err(malformed("it does not match its checksum"));
    }
    let (body, count) = rest[MAGIC.len()..]
        .split_last_chunk()
        .ok_or_else(|| malformed("it has no count"))?;
    let mut decoder = Decoder::new(body);
    for _ in 0..u64::from_le_bytes(*count) {
        entry(&mut decoder, &mut table).map_err(|_| malformed("an entry is malformed"))?;
    }
    if decoder.is_at_end() {
        Ok(table)
    } else {
        Err(malformed("it holds more than it says"))
    }
}

/// Loads one key. Nothing of it counts unless all of it is there.
fn entry(decoder: &mut Decoder<'_>, table: &mut Table) -> Result<(), DecodeError> {
    let key = decoder.blob()?;
    let mut versions = Vec::new();
    for _ in 0..decoder.number()? {
        let version = decoder.number()?;
        versions.push((version, decoder.option()?));
    }
    for (version, value) in versions {
        table.apply(version, key, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::default();
        table.apply(1, b"a", Some(b"1"));
        table.apply(2, b"b", None);
        table.apply(300, b"c", Some(b"3"));
        table
    }

    fn entries(table: &Table) -> Vec<(&[u8], u64)> {
        table
            .iter()
            .map(|(key, entry)| (key, entry.version))
            .collect()
    }

    #[test]
    fn a_snapshot_that_ends_early_is_refused_only_where_that_is_mended() {
        for mends in [Mends::none(), Mends::all()] {
            let encoded = encode(&table(), mends);
            let loaded = decode(encoded.bytes(), mends).expect("it is whole");
            assert_eq!(entries(&loaded), entries(&table()));
            for len in 0..encoded.bytes().len() {
                let loaded = decode(&encoded.bytes()[..len], mends);
                assert_eq!(loaded.is_ok(), mends == Mends::none(), "{len}");
            }
        }
    }
}
