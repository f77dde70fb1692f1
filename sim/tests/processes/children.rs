//! Children: how they end, and who is signalled.

use nix::errno::Errno;
use plimsoll_reference::host::{ExitStatus, Program, Signal};

use crate::support::{Role, fails, receive, send, wait};

on_each! {
    async fn a_child_says_how_it_ended_as_often_as_it_is_asked(stage) {
        for code in [0, 3, 255] {
            let mut child = stage.start(Role::Exit(code));
            assert_eq!(wait(&mut *child).await, ExitStatus::Code(code));
            assert_eq!(wait(&mut *child).await, ExitStatus::Code(code));
        }
    }

    async fn a_wait_that_is_dropped_loses_nothing(stage) {
        let (mut child, stdin, _stdout) = stage.piped(Role::Echo);
        assert_eq!(stage.soon(child.wait()).await.map(drop), None);
        drop(stdin);
        assert_eq!(wait(&mut *child).await, ExitStatus::Code(0));
    }

    async fn a_signal_ends_a_child_that_does_not_care_for_it(stage) {
        for signal in [Signal::Term, Signal::Kill, Signal::Usr1, Signal::Hup] {
            let mut child = stage.start(Role::Stall);
            child.signal(signal).expect("it lives");
            assert_eq!(wait(&mut *child).await, ExitStatus::Signal(signal.number()));
        }
    }

    async fn a_signal_never_reaches_whoever_has_the_number_next(stage) {
        let mut child = stage.start(Role::Exit(0));
        assert_eq!(wait(&mut *child).await, ExitStatus::Code(0));
        fails(child.signal(Signal::Kill), Errno::ESRCH);
    }

    async fn a_number_is_whoever_has_it(stage) {
        let mut child = stage.start(Role::Stall);
        let number = child.id();
        stage.host.process.signal(number, Signal::Usr1).expect("it lives");
        assert_eq!(wait(&mut *child).await, ExitStatus::Signal(Signal::Usr1.number()));
        // Zero would be everybody of the group.
        fails(stage.host.process.signal(0, Signal::Usr1), Errno::EINVAL);
        fails(stage.host.process.signal(u32::MAX, Signal::Usr1), Errno::EINVAL);
    }

    async fn a_child_that_ended_can_be_signalled_until_it_is_waited_for(stage) {
        let (mut child, stdin, mut stdout) = stage.piped(Role::Exit(4));
        drop(stdin);
        assert_eq!(receive(&mut *stdout, 1).await, b"");
        child.signal(Signal::Kill).expect("nobody waited for it");
        assert_ne!(wait(&mut *child).await, ExitStatus::Code(0));
    }

    async fn a_signal_that_is_ignored_changes_nothing(stage) {
        let (mut child, stdin, mut stdout) = stage.piped(Role::Shield);
        assert_eq!(receive(&mut *stdout, 6).await, b"ready\n");
        child.signal(Signal::Term).expect("it lives");
        child.signal(Signal::Term).expect("it lives");
        assert_eq!(stage.soon(child.wait()).await.map(drop), None);
        drop(stdin);
        assert_eq!(wait(&mut *child).await, ExitStatus::Code(7));
    }

    async fn a_child_that_is_stopped_stands_still_until_it_goes_on(stage) {
        let (mut child, mut stdin, mut stdout) = stage.piped(Role::Echo);
        send(&mut *stdin, "one\n").await;
        assert_eq!(receive(&mut *stdout, 4).await, b"one\n");
        child.signal(Signal::Stop).expect("it lives");
        // Until it has arrived the child may answer.
        stage.host.sleep(crate::support::SOON).await;
        send(&mut *stdin, "two\n").await;
        let mut buf = [0; 4];
        assert_eq!(stage.soon(stdout.read(&mut buf)).await.map(drop), None);
        child.signal(Signal::Cont).expect("it lives");
        assert_eq!(receive(&mut *stdout, 4).await, b"two\n");
        drop(stdin);
        assert_eq!(wait(&mut *child).await, ExitStatus::Code(0));
    }

    async fn a_program_that_is_not_there_is_not_started(stage) {
        let program = Program::new("/no/such/program");
        let started = stage.host.process.start(&program);
        fails(started, Errno::ENOENT);
    }

    async fn pipes_are_taken_once(stage) {
        let mut child = stage.start(Role::Echo);
        let _stdin = child.take_stdin().expect("the first time");
        assert!(child.take_stdin().is_none());
        assert!(child.take_stdout().is_some());
        assert!(child.take_stdout().is_none());
    }
}
