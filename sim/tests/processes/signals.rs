//! Signals to this process.

use nix::errno::Errno;
use plimsoll_reference::host::{Disposition, Signal};

use crate::support::fails;

on_each! {
    async fn signals_that_nobody_has_noticed_are_one(stage) {
        let mut signals = stage.host.process.catch(Signal::Usr1).expect("it can be caught");
        assert!(stage.soon(signals.next()).await.is_none());
        for _ in 0..5 {
            stage.raise(Signal::Usr1);
        }
        assert!(stage.soon(signals.next()).await.is_some());
        assert!(stage.soon(signals.next()).await.is_none());
        stage.raise(Signal::Usr1);
        assert!(stage.soon(signals.next()).await.is_some());
    }

    async fn a_notice_that_nobody_waited_for_stays(stage) {
        let mut signals = stage.host.process.catch(Signal::Usr1).expect("it can be caught");
        stage.raise(Signal::Usr1);
        stage.host.sleep(crate::support::SOON).await;
        assert!(stage.soon(signals.next()).await.is_some());
    }

    async fn each_stream_has_its_own_notices(stage) {
        let catch = || stage.host.process.catch(Signal::Usr1).expect("it can be caught");
        let (mut first, mut second) = (catch(), catch());
        let mut other = stage.host.process.catch(Signal::Hup).expect("it can be caught");
        stage.raise(Signal::Usr1);
        assert!(stage.soon(first.next()).await.is_some());
        assert!(stage.soon(second.next()).await.is_some());
        assert!(stage.soon(other.next()).await.is_none());
    }

    async fn a_blocked_signal_waits_and_is_one(stage) {
        let process = &stage.host.process;
        let mut signals = process.catch(Signal::Usr1).expect("it can be caught");
        process.set_blocked(Signal::Usr1, true).expect("it can be blocked");
        for _ in 0..1000 {
            stage.raise(Signal::Usr1);
        }
        assert!(stage.soon(signals.next()).await.is_none());
        process.set_blocked(Signal::Usr1, false).expect("it can be let in");
        assert!(stage.soon(signals.next()).await.is_some());
        assert!(stage.soon(signals.next()).await.is_none());
    }

    async fn kill_and_stop_can_be_neither_caught_nor_ignored(stage) {
        let process = &stage.host.process;
        for signal in [Signal::Kill, Signal::Stop] {
            fails(process.catch(signal), Errno::EINVAL);
            let ignored = process.set_disposition(signal, Disposition::Ignore);
            fails(ignored, Errno::EINVAL);
        }
        fails(
            process.set_disposition(Signal::Usr1, Disposition::Catch),
            Errno::EINVAL,
        );
    }
}
