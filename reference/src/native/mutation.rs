//! A change of one key.

/// A change of one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// Give `key` the value `value`.
    Put {
        /// The key.
        key: Vec<u8>,
        /// Its new value.
        value: Vec<u8>,
    },
    /// Remove `key`; removing an absent key is allowed and changes nothing.
    Delete {
        /// The key.
        key: Vec<u8>,
    },
}

/// A borrowed [`Mutation`]: no value means delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: Option<&'a [u8]>,
}

impl<'a> From<&'a Mutation> for Change<'a> {
    fn from(mutation: &'a Mutation) -> Self {
        match mutation {
            Mutation::Put { key, value } => Self {
                key,
                value: Some(value),
            },
            Mutation::Delete { key } => Self { key, value: None },
        }
    }
}
