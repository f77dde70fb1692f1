//! The persistence of ModelVault: a database of one file, with checkpoints, compaction, copies and restore.
//!
//! [`Mends::none`] is the protocol of the crate `modelvault-core` 0.16.0, with one bug of version 0.15 ([`Bug::H1`]) put back;
//! [`Mends::all`] is what it takes to keep its promises. Each [`Bug`] can be mended on its own. What is promised depends on no mend:
//! every acknowledgement is one for a power loss.
//!
//! * The file has a header, two superblocks that are written in turn, and a log. A commit appends `TxnBegin`, a record per key,
//!   `TxnCommit` and a manifest, writes the older superblock, and syncs once. Opening reads the whole log and cuts off a torn tail.
//! * A checkpoint appends the whole state. Compaction writes a new file, gives the live one the name of a backup, gives the new one
//!   the live name, removes the backup, and opens the database again (mended: the backup is a second name, so that there is a
//!   database at every instant). Restoring does the same with a copy.
//! * A writer holds the lock of the file `NAME.writer.lock` beside the database. It stands for the registry inside a process, too.
//!
//! A snapshot in two steps is a compaction in place that others meet half-way: the first step ends where the real one has let go of
//! its lock, the second opens the database again. Between them the handle is busy.
//!
//! [`Options::trusting`] is no mode of the real system, which reads the whole log whatever the superblock says, and is so saved from
//! [`Bug::R20`]. It is what the superblock is for.
//!
//! A restore is what an application does: it closes the database, restores, and opens it again. A commit or restore that fails
//! counts as without effect, as documented ("on error, staged work is discarded"), unless the bug at hand is mended.
//!
//! **Not modelled**: schemas, indexes, several collections, read-only handles, formats before minor version 6, the page cache, a
//! superblock that is torn (it is smaller than a sector), and the manifest behind each row of a compacted file (there is one).

mod bug;
mod files;
mod image;
mod maintenance;
mod malformed;
mod modes;
mod options;
mod segment;
pub(crate) mod store;
mod superblock;
mod sut;
mod vault;

use malformed::malformed;

pub use bug::{Bug, Mends};
pub use options::Options;
pub use sut::ModelVault;
