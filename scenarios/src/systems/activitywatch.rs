//! The datastore of ActivityWatch as a service: one worker, and a transaction that stays open across requests.
//!
//! * Requests go through one queue to the worker. Each has a task that waits for the reply and gives up after five seconds.
//! * A change is answered at once and committed within fifteen seconds, or with the hundred-and-first change. An import of several
//!   changes, which stands for what is done to buckets, and a request to commit are answered after their commit.
//! * A commit that fails is tried again; the writes in it, which were acknowledged, are said to be lost, or may be.
//! * An end in good order asks the worker to close, which commits, and waits for it.
//!
//! The database is stood for by a file that is replaced as a whole ([`edge`](super::edge)): a commit takes effect together, and is
//! durable when it returns.
//!
//! Rules of privacy are a setting by which events are dropped ([`Filter`](plimsoll_sim::trial::promise::Filter)); an event that is dropped
//! is accepted all the same. That a rule is applied before it is committed (R15) breaks no promise by a crash alone: changes are committed
//! in their order, so that a crash takes the rule together with everything that it dropped. It breaks one when a *commit* fails and is given
//! up, as the real datastore does: the rule is gone from the database and goes on dropping events that are accepted later.
//!
//! **Not modelled**: SQL, the table of buckets, heartbeats, encryption.

mod bug;
mod program;
mod queue;
mod rules;
mod system;
mod worker;

pub use bug::Bug;
pub use system::{ActivityWatch, variants};
