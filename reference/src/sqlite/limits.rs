//! The limits of the native engine, which hold here too: what one engine takes, the other takes.

use crate::mutation::Mutation;
use crate::native::{BATCH_BYTES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX};

use super::error::StoreError;

/// A key, and its new value unless it is removed.
pub(super) type Change<'a> = (&'a [u8], Option<&'a [u8]>);

/// The change that a mutation makes.
pub(super) fn change(mutation: &Mutation) -> Change<'_> {
    match mutation {
        Mutation::Put { key, value } => (key, Some(value)),
        Mutation::Delete { key } => (key, None),
    }
}

/// Bytes that the native engine puts around a change and a batch.
const AROUND: usize = 9;

/// Says which limit the changes of a commit exceed.
pub(super) fn check<'a>(changes: impl Iterator<Item = Change<'a>>) -> Result<(), StoreError> {
    let mut len = 0;
    for (key, value) in changes {
        let value_len = value.map_or(0, <[u8]>::len);
        within("the key length in bytes", key.len(), KEY_BYTES_MAX)?;
        within("the value length in bytes", value_len, VALUE_BYTES_MAX)?;
        len += AROUND + key.len() + value_len;
        within("the batch size in bytes", len, BATCH_BYTES_MAX)?;
    }
    Ok(())
}

fn within(what: &'static str, size: usize, max: u32) -> Result<(), StoreError> {
    if size <= max as usize {
        return Ok(());
    }
    Err(StoreError::TooLarge {
        what,
        size: size as u64,
        max: u64::from(max),
    })
}
