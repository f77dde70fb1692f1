//! Announcements of snapshots that nobody has taken yet.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use plimsoll_reference::service::protocol::Answer;
use tokio::sync::Notify;

use super::out::Out;
use super::snapshots::Ended;

#[derive(Debug, Default)]
struct Waiting {
    items: VecDeque<Ended>,
    longest: usize,
}

/// The channel between whoever reads the output of the server and whoever waits for the last snapshot.
pub(super) struct Announcements {
    out: Out,
    /// How many it takes; what comes beyond is dropped. Without a bound it takes all.
    most: Option<usize>,
    waiting: Mutex<Waiting>,
    news: Notify,
}

impl Announcements {
    pub(super) fn new(out: &Out, most: Option<usize>) -> Self {
        Self {
            out: out.clone(),
            most,
            waiting: Mutex::default(),
            news: Notify::new(),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts one in, and says so when there are twice as many as ever.
    pub(super) fn put(&self, ended: Ended) {
        let mut waiting = self.waiting();
        if self.most.is_some_and(|most| waiting.items.len() >= most) {
            return;
        }
        waiting.items.push_back(ended);
        let count = waiting.items.len();
        if count > waiting.longest {
            waiting.longest = count;
            if count.is_power_of_two() {
                self.out.line(Answer::Queued {
                    name: "announcements".to_owned(),
                    count: count as u64,
                });
            }
        }
        self.news.notify_one();
    }

    /// Takes one, if there is any.
    pub(super) fn try_take(&self) -> Option<Ended> {
        self.waiting().items.pop_front()
    }

    /// Waits for one.
    pub(super) async fn take(&self) -> Ended {
        loop {
            if let Some(ended) = self.try_take() {
                return ended;
            }
            self.news.notified().await;
        }
    }
}
