//! TinyCloud's SQL databases as a service: an actor for each database, in memory until it is large or idle, then in a file.
//!
//! * A request is a task. It is authorised, finds the handle of the actor of its database or starts one, has the quota looked up, and
//!   goes into the actor's mailbox.
//! * An actor that nobody has asked for five minutes copies what is in memory into the file and takes itself out of the table; the next
//!   request starts another, which reads the file. A request whose actor is gone takes the handle out of the table and starts another.
//! * A file is in WAL mode: commits go to a log beside it, which is folded into it when an actor opens it.
//! * An end in good order waits for the requests under way and for every actor.
//!
//! A database in memory is acknowledged with a window of the five minutes after which it is idle, which is how "data survives across idle
//! cycles" is read; what is in the file, as SQLite documents a commit. The version that says of every write that it is stored has it in
//! the file before it answers ([`Acks::Stored`]). A still later one keeps the database in an object store, works on a cache, and makes a
//! commit there against the revision that it has read ([`Form::Cached`]).
//!
//! SQLite's files are stood for by a file that is replaced as a whole and a log of lines ([`edge`](super::edge)); the lock of the
//! database keeps two actors of one file apart, as SQLite's does.
//!
//! **Not modelled**: SQL, batches, which are not transactions in the real one, capabilities, spaces, the pace of the copy, an object store that is slow or fails.

mod actor;
mod bug;
mod cached;
mod database;
mod options;
mod program;
mod registry;
mod service;
mod system;

pub use bug::Bug;
pub use options::{Acks, Form, Options};
pub use system::{TinyCloud, variants};
