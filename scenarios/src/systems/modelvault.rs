//! ModelVault in a world: an application with its database, and a second process that waits for its turn.
//!
//! The database is that of [`specimens::modelvault`](crate::specimens::modelvault), every file of it. An application that finds the
//! database taken tries again for a while, as one does that a supervisor starts anew. Compaction happens in two jobs, so that between them
//! others have their turn.
//!
//! * [`Bug::H1`]: compaction lets go of the lock of the writer before it has opened the compacted database, and another process takes it.
//!   The first one then stops.
//! * With [`Bug::R2`] it does not: it goes on with the old file, which has no name any more, and what it acknowledges is gone with it.
//!
//! **Not modelled**: a database that several threads of a process use at once, handles that only read.

mod program;
mod system;

pub use crate::specimens::modelvault::Bug;
pub use system::variants;
