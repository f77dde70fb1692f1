//! The requests that are under way.

use std::convert::Infallible;

use tokio::sync::mpsc;

/// The requests that are under way, each in a task of its own, so that the end can wait for them.
pub(in crate::systems) struct Crowd {
    token: mpsc::Sender<Infallible>,
    all_gone: mpsc::Receiver<Infallible>,
}

/// What a request holds for as long as it is under way.
pub(in crate::systems) struct Member(
    #[expect(dead_code, reason = "it is held, and dropped")] mpsc::Sender<Infallible>,
);

impl Crowd {
    pub(in crate::systems) fn new() -> Self {
        let (token, all_gone) = mpsc::channel(1);
        Self { token, all_gone }
    }

    /// One more.
    pub(in crate::systems) fn join(&self) -> Member {
        Member(self.token.clone())
    }

    /// Waits until none is under way.
    pub(in crate::systems) async fn end(self) {
        let Self {
            token,
            mut all_gone,
        } = self;
        drop(token);
        while all_gone.recv().await.is_some() {}
    }
}
