//! The changes of one commit, as bytes.
//!
//! ```text
//! count u32 | count times: 1 u8, key length u32, value length u32, key, value     (put)
//!                      or: 0 u8, key length u32, key                              (delete)
//! ```

use crate::mutation::Mutation;

use super::change::Change;
use super::codec::{Reader, put_u32};
use super::error::StoreError;
use super::limits::{BATCH_BYTES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX};

const DELETE: u8 = 0;
const PUT: u8 = 1;

fn within(what: &'static str, size: usize, max: u32) -> Result<u32, StoreError> {
    match u32::try_from(size) {
        Ok(fits) if fits <= max => Ok(fits),
        _ => Err(StoreError::TooLarge {
            what,
            size: size as u64,
            max: u64::from(max),
        }),
    }
}

/// Replaces `out` by the changes, encoded; or says which limit they exceed.
pub(super) fn encode<'a>(
    changes: impl Iterator<Item = Change<'a>>,
    out: &mut Vec<u8>,
) -> Result<(), StoreError> {
    out.clear();
    put_u32(out, 0);
    let mut count = 0_u32;
    for change in changes {
        let key_len = within("the key length in bytes", change.key.len(), KEY_BYTES_MAX)?;
        match change.value {
            Some(value) => {
                let value_len = within("the value length in bytes", value.len(), VALUE_BYTES_MAX)?;
                out.push(PUT);
                put_u32(out, key_len);
                put_u32(out, value_len);
                out.extend_from_slice(change.key);
                out.extend_from_slice(value);
            }
            None => {
                out.push(DELETE);
                put_u32(out, key_len);
                out.extend_from_slice(change.key);
            }
        }
        count += 1; // A change takes five bytes at least, so that the next line keeps this from overflowing.
        within("the batch size in bytes", out.len(), BATCH_BYTES_MAX)?;
    }
    out[..4].copy_from_slice(&count.to_le_bytes());
    Ok(())
}

/// Says which limit a batch exceeds, as [`Store::batch`](super::Store::batch) would, without a store. The limits hold for both engines.
///
/// # Errors
/// `TooLarge`.
pub fn check_batch(mutations: &[Mutation]) -> Result<(), StoreError> {
    check(mutations.iter().map(Change::from))
}

/// Says which limit the changes exceed, as [`encode`] would.
pub(super) fn check<'a>(changes: impl Iterator<Item = Change<'a>>) -> Result<(), StoreError> {
    let mut len = 4_usize;
    for change in changes {
        within("the key length in bytes", change.key.len(), KEY_BYTES_MAX)?;
        len += 5 + change.key.len();
        if let Some(value) = change.value {
            within("the value length in bytes", value.len(), VALUE_BYTES_MAX)?;
            len += 4 + value.len();
        }
        within("the batch size in bytes", len, BATCH_BYTES_MAX)?;
    }
    Ok(())
}

/// Calls `apply` with each change; `None` when the bytes are no batch, in which case some changes may have been passed on.
pub(super) fn decode(body: &[u8], mut apply: impl FnMut(Change<'_>)) -> Option<()> {
    let mut reader = Reader::new(body);
    let count = reader.u32()?;
    if count == 0 {
        return None;
    }
    for _ in 0..count {
        match reader.u8()? {
            PUT => {
                let key_len = reader.u32().filter(|&len| len <= KEY_BYTES_MAX)?;
                let value_len = reader.u32().filter(|&len| len <= VALUE_BYTES_MAX)?;
                let key = reader.take_u32(key_len)?;
                let value = Some(reader.take_u32(value_len)?);
                apply(Change { key, value });
            }
            DELETE => {
                let key_len = reader.u32().filter(|&len| len <= KEY_BYTES_MAX)?;
                let key = reader.take_u32(key_len)?;
                apply(Change { key, value: None });
            }
            _ => return None,
        }
    }
    reader.is_empty().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shortened_batch_is_refused() {
        let mut body = Vec::new();
        let changes = [
            Change {
                key: b"key",
                value: Some(b"value"),
            },
            Change {
                key: b"gone",
                value: None,
            },
        ];
        encode(changes.into_iter(), &mut body).expect("within the limits");
        let mut seen = 0;
        assert_eq!(decode(&body, |_| seen += 1), Some(()));
        assert_eq!(seen, 2);
        for len in 0..body.len() {
            assert_eq!(decode(&body[..len], |_| ()), None, "cut to {len}");
        }
        body.push(0);
        assert_eq!(decode(&body, |_| ()), None, "one byte too many");
    }

    #[test]
    fn a_corrupt_length_allocates_nothing() {
        let body = [1, 0, 0, 0, PUT, 0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(decode(&body, |_| ()), None);
    }
}
