//! Tasks, blocking jobs and time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;

use crate::support::SOON;

on_each! {
    async fn a_task_runs_whether_anybody_waits_for_it_or_not(stage) {
        let (sender, receiver) = oneshot::channel();
        drop(stage.host.spawn("speaker", async move {
            sender.send(7).expect("somebody listens");
        }));
        assert_eq!(receiver.await, Ok(7));
    }

    async fn a_task_that_panics_says_so_to_whoever_waits(stage) {
        let task = stage.host.spawn("haunted", async { panic!("boo {}", 1) });
        let failed = task.await.expect_err("it panicked");
        assert_eq!(failed.to_string(), "boo 1");
    }

    async fn a_job_gives_what_it_returns(stage) {
        let job = stage.host.blocking(|| vec![1, 2, 3]);
        assert_eq!(job.await, Ok(vec![1, 2, 3]));
    }

    async fn a_job_runs_to_its_end_though_nobody_waits(stage) {
        let is_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_done);
        let job = stage.host.process.run_blocking(Box::new(move || {
            done.store(true, Ordering::Release);
        }));
        drop(job);
        while !is_done.load(Ordering::Acquire) {
            stage.host.sleep(SOON / 10).await;
        }
    }

    async fn a_job_that_panics_says_so_to_whoever_waits(stage) {
        let job = stage.host.blocking(|| -> u32 { panic!("boo") });
        assert_eq!(job.await.expect_err("it panicked").to_string(), "boo");
    }

    async fn sleep_is_at_least_as_long_by_the_clock(stage) {
        for time in [SOON / 100, SOON / 7] {
            let before = stage.host.clock.now();
            stage.host.sleep(time).await;
            assert!(stage.host.clock.now() >= before + time);
        }
    }
}
