//! Panics of a case are values, not noise.
//!
//! The explorer expects stores to panic and catches that itself; what reaches us is a bug of the harness. Either way the default
//! hook would have printed a message long before anybody knew which of the two it is, so while a case runs the hook only
//! remembers.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Installs the hook, once per process.
pub(crate) fn install() {
    let loud = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if QUIET.get() {
            LAST.with_borrow_mut(|last| *last = Some(info.to_string()));
        } else {
            loud(info);
        }
    }));
}

/// Runs `work`; a panic becomes an error that says what happened and where.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let was_quiet = QUIET.replace(true);
    LAST.with_borrow_mut(|last| *last = None);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    QUIET.set(was_quiet);
    result.map_err(|payload| {
        LAST.take()
            .unwrap_or_else(|| message(payload.as_ref()).to_owned())
    })
}

fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a panic without a message"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(catch(|| 7), Ok(7));
        let error = catch(|| panic!("the keel {}", "broke")).expect_err("it panicked");
        assert!(error.contains("the keel broke"), "{error}");
    }
}
