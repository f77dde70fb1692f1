//! A second handle on a store that is open.

use std::panic::{AssertUnwindSafe, catch_unwind};

use plimsoll_reference::level::Level;

use super::Recorder;
use crate::explore::dump::panic_text;
use crate::explore::history::{Step, What};
use crate::explore::model::Fate;
use crate::oracle::Oracle;
use crate::sut::Outcome;

impl Recorder<'_> {
    /// Opens the store while it is open. To refuse is the store's right; what it costs the first handle shows later.
    pub(super) fn open_another(&mut self, step: &Step) {
        let host = self.host();
        let opened = catch_unwind(AssertUnwindSafe(|| self.sut.open(&host)));
        let (fate, what) = match opened {
            _ if self.disk.hung().is_some() => {
                self.end_process();
                refused("hung".to_owned())
            }
            Ok(Ok(instance)) => {
                self.others.push(instance);
                (Fate::Applied, What::Acked(Level::Memory))
            }
            Ok(Err(error)) => refused(error.message),
            Err(panic) => {
                let text = panic_text(&*panic);
                if !self.has_faults {
                    let expected = "the store opens, or says why not".to_owned();
                    self.find(Oracle::R3, "no crash", expected, text.clone());
                }
                self.end_process();
                refused(text)
            }
        };
        self.model.push(step, fate);
        self.event(what);
    }

    /// Ends the further handles, before the first one is closed and open handles are counted.
    pub(super) fn drop_others(&mut self) {
        let others = std::mem::take(&mut self.others);
        // A destructor that panics on a dead disk says nothing about the store.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(others)));
    }
}

fn refused(text: String) -> (Fate, What) {
    (Fate::Absent, What::Failed(Outcome::Absent, text))
}
