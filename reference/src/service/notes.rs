//! What a service tells people.

use crate::host::{Failed, Host, Later};

use super::outlet::{BACKLOG_BYTES_MAX, Outlet};

/// Lines for people, on standard error. They are dropped when too many of them wait: nothing depends on them.
#[derive(Clone, Debug)]
pub(super) struct Notes(Outlet);

impl Notes {
    /// Notes on the standard error of the process; the future is ready when all are written and none can come any more.
    pub(super) fn start(host: &Host) -> (Self, Later<'static, Result<(), Failed>>) {
        let (outlet, ended) = Outlet::start(host, "notes", host.process.stderr());
        (Self(outlet), ended)
    }

    /// Writes a line, some time.
    pub(super) fn note(&self, text: &str) {
        if self.0.backlog() < BACKLOG_BYTES_MAX {
            self.0.send(text.replace(char::is_control, " "));
        }
    }
}
