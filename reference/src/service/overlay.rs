//! What a store will show once a batch is committed.

use std::collections::BTreeMap;

use crate::mutation::Mutation;

/// Keys and values in key order.
pub(super) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// What changes say of a key: nothing, that it is absent, or its value.
pub(super) fn look_up<'a>(
    mut changes: impl DoubleEndedIterator<Item = &'a Mutation>,
    key: &[u8],
) -> Option<Option<&'a [u8]>> {
    let last = changes.rfind(|change| change.key() == key)?;
    Some(match last {
        Mutation::Put { value, .. } => Some(value),
        Mutation::Delete { .. } => None,
    })
}

/// The pairs once these changes are made.
pub(super) fn lay_over<'a>(changes: impl Iterator<Item = &'a Mutation>, pairs: Pairs) -> Pairs {
    let mut changes = changes.peekable();
    if changes.peek().is_none() {
        return pairs;
    }
    let mut map: BTreeMap<Vec<u8>, Vec<u8>> = pairs.into_iter().collect();
    for change in changes {
        change.apply_to(&mut map);
    }
    map.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_of_a_key_counts() {
        let changes: Vec<Mutation> = ["put a 1", "delete a", "put b 2", "put b 3", "delete c"]
            .iter()
            .map(|text| text.parse().expect("it is a change"))
            .collect();
        let value = |key: &str| look_up(changes.iter(), key.as_bytes());
        assert_eq!(value("a"), Some(None));
        assert_eq!(value("b"), Some(Some(&b"3"[..])));
        assert_eq!(value("d"), None);
        let pair = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
        let pairs = vec![pair("a", "0"), pair("c", "0"), pair("d", "0")];
        assert_eq!(
            lay_over(changes.iter(), pairs),
            [pair("b", "3"), pair("d", "0")]
        );
    }
}
