//! Pipes: room, back-pressure, ends.

use nix::errno::Errno;
use plimsoll_reference::host::{ExitStatus, Lines, PIPE_BYTES, Signal};

use crate::support::{Role, fails, receive, send, wait};

on_each! {
    async fn a_pipe_takes_65536_bytes_and_then_waits(stage) {
        let (mut child, mut stdin, _stdout) = stage.piped(Role::Stall);
        let page = [b'x'; 4096];
        let mut taken = 0;
        while let Some(written) = stage.soon(stdin.write(&page)).await {
            taken += written.expect("it is open");
            assert!(taken <= PIPE_BYTES, "{taken} bytes");
        }
        assert_eq!(taken, PIPE_BYTES);
        child.signal(Signal::Kill).expect("it lives");
        wait(&mut *child).await;
    }

    async fn a_write_that_is_dropped_writes_nothing(stage) {
        let (mut child, mut stdin, mut stdout) = stage.piped(Role::Echo);
        child.signal(Signal::Stop).expect("it lives");
        stage.host.sleep(crate::support::SOON).await;
        let page = [b'x'; 4096];
        let mut taken = 0;
        while let Some(written) = stage.soon(stdin.write(&page)).await {
            taken += written.expect("it is open");
        }
        assert_eq!(stage.soon(stdin.write(b"lost")).await.map(drop), None);
        child.signal(Signal::Cont).expect("it lives");
        let echo = receive(&mut *stdout, taken).await;
        assert!(echo.iter().all(|&byte| byte == b'x'));
        send(&mut *stdin, "end").await;
        drop(stdin);
        assert_eq!(receive(&mut *stdout, usize::MAX).await, b"end");
        assert_eq!(wait(&mut *child).await, ExitStatus::Code(0));
    }

    async fn a_read_that_is_dropped_takes_nothing(stage) {
        let (_child, mut stdin, mut stdout) = stage.piped(Role::Echo);
        let mut buf = [0; 8];
        for _ in 0..3 {
            assert_eq!(stage.soon(stdout.read(&mut buf)).await.map(drop), None);
        }
        send(&mut *stdin, "whole").await;
        assert_eq!(receive(&mut *stdout, 5).await, b"whole");
    }

    async fn whoever_reads_sees_the_end_once_all_is_read(stage) {
        let (mut child, stdin, mut stdout) = stage.piped(Role::Flood(10_000));
        assert_eq!(wait(&mut *child).await, ExitStatus::Code(0));
        assert_eq!(receive(&mut *stdout, usize::MAX).await.len(), 10_000);
        let mut buf = [0; 8];
        for _ in 0..2 {
            assert_eq!(stdout.read(&mut buf).await.expect("it is open"), 0);
        }
        drop(stdin);
    }

    async fn whoever_writes_to_nobody_is_told(stage) {
        let (mut child, mut stdin, _stdout) = stage.piped(Role::Exit(0));
        assert_eq!(wait(&mut *child).await, ExitStatus::Code(0));
        fails(stdin.write(b"x").await, Errno::EPIPE);
        fails(stdin.write(b"x").await, Errno::EPIPE);
    }

    async fn a_writer_that_waits_is_told_when_the_reader_is_gone(stage) {
        let (mut child, mut stdin, _stdout) = stage.piped(Role::Stall);
        let page = [b'x'; 4096];
        while stage.soon(stdin.write(&page)).await.is_some() {}
        child.signal(Signal::Kill).expect("it lives");
        fails(stdin.write(&page).await, Errno::EPIPE);
        wait(&mut *child).await;
    }

    async fn a_child_that_floods_waits_for_its_reader(stage) {
        let (mut child, _stdin, mut stdout) = stage.piped(Role::Flood(PIPE_BYTES + 1));
        assert_eq!(stage.soon(child.wait()).await.map(drop), None);
        assert_eq!(receive(&mut *stdout, usize::MAX).await.len(), PIPE_BYTES + 1);
        assert_eq!(wait(&mut *child).await, ExitStatus::Code(0));
    }

    async fn lines_are_cut_and_the_rest_is_none(stage) {
        let (_child, mut stdin, stdout) = stage.piped(Role::Echo);
        let mut lines = Lines::new(stdout);
        send(&mut *stdin, "one\n\ntwo").await;
        let next = lines.next().await.expect("it is text");
        assert_eq!(next.as_deref(), Some("one"));
        let next = lines.next().await.expect("it is text");
        assert_eq!(next.as_deref(), Some(""));
        assert!(stage.soon(lines.next()).await.is_none());
        drop(stdin);
        assert_eq!(lines.next().await.expect("it is text"), None);
        assert_eq!(lines.rest(), b"two");
    }
}
