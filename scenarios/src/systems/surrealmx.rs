//! SurrealMX in a world: writers, a worker for the log, one for its syncs and one for snapshots, all on one store.
//!
//! Files and their formats are those of [`specimens::surrealmx`](crate::specimens::surrealmx), mended; what is here is what its threads do
//! to each other. Each request is a task of its own. The log has one lock, and so has each leaf of the tree, for whoever changes it and for
//! the iterator of a snapshot that rests on it; reads take neither.
//!
//! * [`Bug::R14`]: a snapshot measures the log, and cuts it by that measure when another one has cut it meanwhile. (The real one also
//!   writes both to the same temporary, and the older may replace the newer; here each is read and written before the next, so that it is
//!   the cut that shows.)
//! * [`Bug::R16`]: the iterator of a snapshot rests on its last leaf until the snapshot is synced and the log is cut, and so do all who want
//!   to change that leaf.
//! * [`Bug::R34`]: a commit can be read before it is in the log. The log then has one record for each key, so that the order in which
//!   commits get there does not matter, as in the real one.
//! * [`Bug::R36`]: a batch that cannot be appended is dropped, and the queue of the log has no bound.
//!
//! **Not modelled**: transactions that read, conflicts, more than two leaves, damage, the memory that a queue without a bound takes.

mod bug;
mod close;
mod commit;
mod mode;
mod program;
mod snapshot;
mod store;
mod system;
mod tree;
mod workers;

pub use bug::Bug;
pub use system::variants;
