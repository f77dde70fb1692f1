//! Reading a whole store through its query API.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::state::{PairHash, State};
use crate::command::Mutation;
use crate::sut::Instance;

/// What a store shows.
pub(super) enum Dump {
    State(State),
    Failed(String),
}

/// Everything a store holds.
pub(super) fn dump(instance: &mut dyn Instance) -> Dump {
    let mut state = State::default();
    let result = catch_unwind(AssertUnwindSafe(|| {
        instance.dump(&mut |key, value| {
            state.apply(&[Mutation::Put {
                key: key.to_vec(),
                value: value.to_vec(),
            }]);
        })
    }));
    match result {
        Ok(Ok(())) => Dump::State(state),
        Ok(Err(message)) => Dump::Failed(message),
        Err(panic) => Dump::Failed(panic_text(&*panic)),
    }
}

/// The hash of everything a store holds, without keeping it.
pub(super) fn dump_pairs(instance: &mut dyn Instance) -> Result<PairHash, String> {
    let mut pairs = PairHash::default();
    instance.dump(&mut |key, value| pairs.add(key, value))?;
    Ok(pairs)
}

/// What a panic said.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned());
    format!("panicked: {text}")
}
