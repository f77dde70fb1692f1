//! The persistence of Torc: SQLite in memory, with snapshots on disk; and on disk, with a write-ahead log.
//!
//! [`Mends::none`](super::mends::Mends::none) is the protocol as it was first written, and
//! [`Mends::all`](super::mends::Mends::all) has none of its [bugs](Bug). Each bug can be mended on its own, so that a scenario can show
//! one bug and not its neighbours. What is promised depends on the [`Options`] alone, never on the mends, with one exception: that the
//! server claims another journal mode than it has is a bug itself ([`Bug::H4`]).
//!
//! * The server finds out from the URL whether the database is in memory. Its pool has two connections, one for requests and one for
//!   snapshots, which are opened when they are first used, and closed when nobody has used them for ten minutes (mended: unless the
//!   database is in memory).
//! * A snapshot is written by `VACUUM INTO` to a temporary. Then the older ones move up, the newest becomes the first of them, and the
//!   temporary takes its name (mended: the name never lacks a file, the older ones move when the new one is in place, and the
//!   directory is synced).
//! * A client starts the server, asks for a last snapshot when it is done, and ends the server.
//!
//! A life of the store begins with what a user finds at the path of the snapshot. The real server in memory begins empty, and the user
//! opens the snapshot with another one, on disk; here that is one step, so that the workload can go on.
//!
//! The store in memory acknowledges commands at the level of memory, and snapshots as they are documented: what is in one is there
//! afterwards. The store on disk syncs its log at checkpoints only, so a commit survives the process.
//!
//! **Not modelled**: signals, pipes and processes, and with them all that goes wrong between client and server; two snapshots at once;
//! snapshots of a database on disk; the write-ahead log that a reader of a snapshot leaves beside it; pools of more connections.

mod bug;
mod error;
mod location;
mod options;
mod pool;
mod rotation;
mod server;
mod snapshots;
mod sut;
mod variants;

pub use bug::Bug;
pub use options::Options;
pub use sut::Torc;
pub use variants::{mode, variants};
