//! A borrowed change of one key.

use crate::mutation::Mutation;

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
