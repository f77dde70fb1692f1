//! A setting by which a system drops what is written.

use super::history::Pairs;
use crate::command::Mutation;

/// A setting that is a pair itself, as a rule of privacy is: while it has a value, puts of other keys that end with the last byte of that
/// value are acknowledged and dropped. A rule is for what comes after it; what is stored already stays.
///
/// **Not covered**: systems that work on requests side by side, and reads: nothing is concluded from what these show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The key of the setting.
    pub setting: &'static [u8],
}

impl Filter {
    /// Whether a change is dropped in a state.
    pub fn drops(self, state: &Pairs, mutation: &Mutation) -> bool {
        let Mutation::Put { key, .. } = mutation else {
            return false;
        };
        let rule = state.get(self.setting).and_then(|value| value.last());
        rule.is_some() && key.as_slice() != self.setting && key.last() == rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_drops_puts_of_keys_that_end_as_its_value_does() {
        let filter = Filter { setting: b"rule" };
        let drops =
            |state: &Pairs, change: &str| filter.drops(state, &change.parse().expect("a change"));
        let none = Pairs::new();
        let rule = Pairs::from([(b"rule".to_vec(), b"v2".to_vec())]);
        assert!(!drops(&none, "put k2 x"));
        assert!(drops(&rule, "put k2 x"));
        assert!(!drops(&rule, "put k1 x"));
        assert!(!drops(&rule, "delete k2"));
        let own = Pairs::from([(b"rule".to_vec(), b"e".to_vec())]);
        assert!(!drops(&own, "put rule e"), "it can be changed");
    }
}
