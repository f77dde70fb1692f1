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

/// Bytes that the native engine puts before a batch, before a change, and besides before a value.
const BEFORE_BATCH: usize = 4;
const BEFORE_CHANGE: usize = 5;
const BEFORE_VALUE: usize = 4;

/// Says which limit the changes of a commit exceed.
pub(super) fn check<'a>(changes: impl Iterator<Item = Change<'a>>) -> Result<(), StoreError> {
    let mut len = BEFORE_BATCH;
    for (key, value) in changes {
        within("the key length in bytes", key.len(), KEY_BYTES_MAX)?;
        len += BEFORE_CHANGE + key.len();
        if let Some(value) = value {
            within("the value length in bytes", value.len(), VALUE_BYTES_MAX)?;
            len += BEFORE_VALUE + value.len();
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::check_batch;

    #[test]
    fn both_engines_take_the_same() {
        let put = |len: usize| Mutation::Put {
            key: b"k".to_vec(),
            value: vec![0; len],
        };
        let delete = Mutation::Delete { key: b"k".to_vec() };
        // Three values of the largest size, and one that fills the batch but for a delete behind it: 4 bytes before the batch, 10 for each put.
        let max = VALUE_BYTES_MAX as usize;
        let rest = BATCH_BYTES_MAX as usize - 3 * max - 4 - 4 * 10 - 6;
        for (len, takes) in [(rest, true), (rest + 1, false)] {
            let batch = [put(max), put(max), put(max), put(len), delete.clone()];
            assert_eq!(check(batch.iter().map(change)).is_ok(), takes, "{len}");
            assert_eq!(check_batch(&batch).is_ok(), takes, "{len}");
        }
    }
}
