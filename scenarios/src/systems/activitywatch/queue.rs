//! The queue to the worker.

use std::convert::Infallible;

use plimsoll_reference::mutation::Mutation;
use tokio::sync::oneshot;

use crate::systems::edge::{Answered, Failure};

/// What the worker is asked.
#[derive(Debug)]
pub(super) enum Ask {
    Insert(Mutation),
    Import(Vec<Mutation>),
    Get(Vec<u8>),
    Scan,
    ForceCommit,
    Close,
}

pub(super) type Reply = Result<Answered, Failure>;

/// A request in the queue.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) ask: Ask,
    pub(super) reply: oneshot::Sender<Reply>,
    /// Ready when whoever asked was told, or will never be.
    pub(super) told: oneshot::Receiver<Infallible>,
}
