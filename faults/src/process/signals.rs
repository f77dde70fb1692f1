//! The signals of one process.

use plimsoll_reference::host::{Disposition, Signal};

/// What a signal did that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Its handler runs.
    Handled(Signal),
    /// The process ends by it.
    Ended(Signal),
    /// The process stands still.
    Stopped,
    /// Nothing.
    Ignored(Signal),
}

/// What became of a signal that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It waits to be delivered.
    Pending,
    /// One of its kind waited already, so that this one makes no difference.
    Coalesced,
    /// The process ignores it.
    Discarded,
}

/// Dispositions, mask and pending set of a process (`signal(7)`, standard signals: at most one of a kind is pending).
///
/// **Not modelled**: masks of single threads, real-time signals, who sent it and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalState {
    dispositions: [Disposition; Signal::ALL.len()],
    blocked: u16,
    /// Blocked because handlers run.
    held: u16,
    pending: u16,
    is_stopped: bool,
}

impl Default for SignalState {
    /// As a program in Rust finds it: everything default but `SIGPIPE`, which its runtime ignores.
    fn default() -> Self {
        let mut state = Self {
            dispositions: [Disposition::Default; Signal::ALL.len()],
            blocked: 0,
            held: 0,
            pending: 0,
            is_stopped: false,
        };
        state.dispositions[index(Signal::Pipe)] = Disposition::Ignore;
        state
    }
}

/// Its place in [`Signal::ALL`].
fn index(signal: Signal) -> usize {
    Signal::ALL
        .iter()
        .position(|&other| other == signal)
        .unwrap_or_default()
}

fn bit(signal: Signal) -> u16 {
    1 << index(signal)
}

/// Whether it does what it does whatever the process says.
const fn is_absolute(signal: Signal) -> bool {
    matches!(signal, Signal::Kill | Signal::Stop)
}

impl SignalState {
    /// What a program finds that this process starts: what is ignored stays ignored, what is blocked stays blocked, handlers and
    /// pending signals do not go over (`execve(2)`, `fork(2)`).
    #[must_use]
    pub fn inherited(&self) -> Self {
        let mut child = Self {
            blocked: self.blocked | self.held,
            ..Self::default()
        };
        for (slot, disposition) in child.dispositions.iter_mut().zip(self.dispositions) {
            if disposition == Disposition::Ignore {
                *slot = Disposition::Ignore;
            }
        }
        child
    }

    /// What becomes of a signal.
    pub fn disposition(&self, signal: Signal) -> Disposition {
        self.dispositions[index(signal)]
    }

    /// Says what becomes of a signal from now on; returns whether it could be said (`EINVAL` otherwise). A pending signal that is now
    /// ignored is gone.
    #[must_use]
    pub fn set_disposition(&mut self, signal: Signal, disposition: Disposition) -> bool {
        if is_absolute(signal) {
            return false;
        }
        self.dispositions[index(signal)] = disposition;
        if self.is_ignored(signal) {
            self.pending &= !bit(signal);
        }
        true
    }

    /// Blocks a signal, or no longer. Those that cannot be blocked are left as they are, silently, as `sigprocmask(2)` does.
    pub fn set_blocked(&mut self, signal: Signal, is_blocked: bool) {
        if is_blocked && !is_absolute(signal) {
            self.blocked |= bit(signal);
        } else {
            self.blocked &= !bit(signal);
        }
    }

    /// Says which signals the handlers that run keep blocked, besides those that the process blocks.
    pub fn hold(&mut self, is_held: impl Fn(Signal) -> bool) {
        let able = |signal: &Signal| !is_absolute(*signal) && is_held(*signal);
        let held = Signal::ALL.into_iter().filter(able);
        self.held = held.fold(0, |held, signal| held | bit(signal));
    }

    /// Whether the process stands still.
    pub const fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    fn is_ignored(&self, signal: Signal) -> bool {
        match self.disposition(signal) {
            Disposition::Ignore => true,
            Disposition::Default => signal.is_ignored_by_default(),
            Disposition::Catch => false,
        }
    }

    /// Takes note of a signal. `SIGCONT` lets the process go on at once, whether or not it is blocked or ignored.
    pub fn send(&mut self, signal: Signal) -> Sent {
        match signal {
            Signal::Cont => {
                self.is_stopped = false;
                self.pending &= !bit(Signal::Stop);
            }
            Signal::Stop => self.pending &= !bit(Signal::Cont),
            _ => {}
        }
        let is_blocked = (self.blocked | self.held) & bit(signal) != 0;
        if !is_blocked && self.is_ignored(signal) && !is_absolute(signal) {
            return Sent::Discarded;
        }
        if self.pending & bit(signal) != 0 {
            return Sent::Coalesced;
        }
        self.pending |= bit(signal);
        Sent::Pending
    }

    /// The signals that can be delivered now, in the order of their numbers. A process that stands still is told of `SIGKILL` only.
    pub fn deliverable(&self) -> Vec<Signal> {
        let able = |signal: &Signal| {
            self.pending & !(self.blocked | self.held) & bit(*signal) != 0
                && (!self.is_stopped || *signal == Signal::Kill)
        };
        Signal::ALL.into_iter().filter(able).collect()
    }

    /// Delivers a signal that is pending.
    pub fn deliver(&mut self, signal: Signal) -> Arrival {
        self.pending &= !bit(signal);
        match (signal, self.disposition(signal)) {
            (Signal::Kill, _) => Arrival::Ended(signal),
            (Signal::Stop, _) => {
                self.is_stopped = true;
                Arrival::Stopped
            }
            (_, Disposition::Catch) => Arrival::Handled(signal),
            _ if self.is_ignored(signal) => Arrival::Ignored(signal),
            _ => Arrival::Ended(signal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(state: &mut SignalState) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        while let Some(&signal) = state.deliverable().first() {
            arrivals.push(state.deliver(signal));
        }
        arrivals
    }

    #[test]
    fn a_thousand_blocked_signals_are_one() {
        let mut state = SignalState::default();
        assert!(state.set_disposition(Signal::Usr1, Disposition::Catch));
        state.set_blocked(Signal::Usr1, true);
        assert_eq!(state.send(Signal::Usr1), Sent::Pending);
        for _ in 0..999 {
            assert_eq!(state.send(Signal::Usr1), Sent::Coalesced);
        }
        assert_eq!(delivered(&mut state), []);
        state.set_blocked(Signal::Usr1, false);
        assert_eq!(delivered(&mut state), [Arrival::Handled(Signal::Usr1)]);
    }

    #[test]
    fn the_default_ends_a_process_and_spares_it_where_it_should() {
        for (signal, ends) in [
            (Signal::Usr1, true),
            (Signal::Term, true),
            (Signal::Hup, true),
            (Signal::Chld, false),
            (Signal::Pipe, false),
        ] {
            let mut state = SignalState::default();
            state.send(signal);
            let expected: &[Arrival] = if ends { &[Arrival::Ended(signal)] } else { &[] };
            assert_eq!(delivered(&mut state), expected, "{signal}");
        }
    }

    #[test]
    fn kill_and_stop_can_be_neither_caught_nor_ignored_nor_blocked() {
        for signal in [Signal::Kill, Signal::Stop] {
            let mut state = SignalState::default();
            assert!(!state.set_disposition(signal, Disposition::Ignore));
            state.set_blocked(signal, true);
            state.send(signal);
            assert_eq!(delivered(&mut state).len(), 1, "{signal}");
        }
    }

    #[test]
    fn a_stopped_process_hears_of_kill_and_cont_only() {
        let mut state = SignalState::default();
        assert!(state.set_disposition(Signal::Term, Disposition::Catch));
        state.send(Signal::Stop);
        assert_eq!(delivered(&mut state), [Arrival::Stopped]);
        state.send(Signal::Term);
        assert_eq!(delivered(&mut state), []);
        let mut killed = state.clone();
        killed.send(Signal::Kill);
        assert_eq!(killed.deliverable(), [Signal::Kill]);
        state.send(Signal::Cont);
        assert!(!state.is_stopped());
        assert_eq!(delivered(&mut state), [Arrival::Handled(Signal::Term)]);
    }

    #[test]
    fn a_program_inherits_what_is_ignored_and_blocked_and_nothing_else() {
        let mut state = SignalState::default();
        assert!(state.set_disposition(Signal::Int, Disposition::Ignore));
        assert!(state.set_disposition(Signal::Term, Disposition::Catch));
        state.set_blocked(Signal::Usr1, true);
        state.send(Signal::Usr1);
        let mut child = state.inherited();
        assert_eq!(child.disposition(Signal::Int), Disposition::Ignore);
        assert_eq!(child.disposition(Signal::Term), Disposition::Default);
        child.set_blocked(Signal::Usr1, false);
        assert_eq!(child.deliverable(), [], "what is pending stays behind");
        child.set_blocked(Signal::Usr1, true);
        child.send(Signal::Usr1);
        assert_eq!(child.deliverable(), []);
    }

    #[test]
    fn what_handlers_block_waits_until_they_have_returned() {
        let mut state = SignalState::default();
        assert!(state.set_disposition(Signal::Term, Disposition::Catch));
        state.hold(|signal| matches!(signal, Signal::Term | Signal::Kill));
        state.send(Signal::Term);
        assert_eq!(state.deliverable(), []);
        assert!(state.inherited().blocked & bit(Signal::Term) != 0);
        state.send(Signal::Kill);
        assert_eq!(state.deliverable(), [Signal::Kill], "nothing blocks it");
        state.hold(|_| false);
        assert_eq!(state.deliverable(), [Signal::Kill, Signal::Term]);
    }

    #[test]
    fn ignoring_a_pending_signal_discards_it() {
        let mut state = SignalState::default();
        state.set_blocked(Signal::Term, true);
        state.send(Signal::Term);
        assert!(state.set_disposition(Signal::Term, Disposition::Ignore));
        state.set_blocked(Signal::Term, false);
        assert_eq!(state.deliverable(), []);
    }
}
