//! Real signals.

use std::io;

use nix::errno::Errno;
use nix::sys::signal::Signal as Number;
use tokio::signal::unix::{SignalKind, signal};

use crate::host::{Later, Signal, Signals};

/// The signal as the operating system at hand numbers it.
pub(super) const fn number_of(signal: Signal) -> Number {
    match signal {
        Signal::Hup => Number::SIGHUP,
        Signal::Int => Number::SIGINT,
        Signal::Usr1 => Number::SIGUSR1,
        Signal::Term => Number::SIGTERM,
        Signal::Kill => Number::SIGKILL,
        Signal::Stop => Number::SIGSTOP,
        Signal::Cont => Number::SIGCONT,
        Signal::Chld => Number::SIGCHLD,
        Signal::Pipe => Number::SIGPIPE,
    }
}

/// Whether nobody can change what becomes of it.
pub(super) const fn is_fixed(signal: Signal) -> bool {
    matches!(signal, Signal::Kill | Signal::Stop)
}

/// Notices of one signal.
pub(super) struct StdSignals(tokio::signal::unix::Signal);

impl StdSignals {
    pub(super) fn catch(kind: Signal) -> io::Result<Self> {
        if is_fixed(kind) {
            return Err(Errno::EINVAL.into());
        }
        let number = number_of(kind) as i32;
        signal(SignalKind::from_raw(number)).map(Self)
    }
}

impl Signals for StdSignals {
    fn next(&mut self) -> Later<'_, ()> {
        Box::pin(async {
            if self.0.recv().await.is_none() {
                // No more will come.
                std::future::pending().await
            }
        })
    }
}
