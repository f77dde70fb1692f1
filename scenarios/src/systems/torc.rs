//! Torc in a world: a client that starts a server, which has everything in memory and writes snapshots when it gets `SIGUSR1`.
//!
//! * The **server** announces that it is ready, takes requests from its standard input, and on `SIGUSR1` copies what it has to a
//!   temporary, syncs it, renames it over the snapshot, syncs the directory, and announces that. When its input ends it ends, without a
//!   snapshot, as the real one is documented to. Started alone it takes a last snapshot, which is what other servers of this shape do.
//! * The **client** starts the server, sends it `SIGUSR1` at an interval, and when its command is done asks for a last snapshot, waits for
//!   it, closes the input of the server and waits for its end.
//!
//! Each [bug](Bug) can be mended on its own. `H` and `R` are Torc's; `S` are other servers that do the same with signals, by their
//! numbers in the corpus. A mended client asks for its last snapshot by a numbered request, so that some bugs show only with another one
//! that would hide them otherwise: `H2` needs `R1`, and `R8` needs `R7`.
//!
//! At the outer edge both speak the lines of the reference service. A job that fails is a `delete` of a key that is not there; it fails by
//! itself and is no failure of the store.
//!
//! * A server may write a **log** into a pipe, to a program that only reads it; that stands for whatever the real one prints beside
//!   announcements. A command may go on without its server (`lingering`), as clients do that try a connection for minutes.
//! * The client says how many announcements wait for whoever takes them (`queued`): that they are bounded is what `H3` was mended by, and
//!   nobody outside could see it.
//!
//! Of `R6` it is the temporary that two servers have in common which is looked for (`C1`): that the later of two commands replaces what the
//! earlier one left shows beside it. Snapshots of two commands overlap where they are periodic.
//!
//! Of `R21` only the second half has an effect here: when a signal cannot be sent there is no server left that could take a snapshot. It
//! needs a client that waits for its child while the periodic task still has the number, as `Keeper` does.
//!
//! **Not modelled**: HTTP, so requests and answers go through the pipes of the server, one after the other; SQLite, in place of which a map
//! is written to a file (`specimens::torc` has the real one); older snapshots that are kept; that the real server begins empty: here a life
//! begins with the snapshot, so that the next one can go on.

mod announcements;
mod bug;
mod client;
mod database;
mod ending;
mod inbox;
mod keeper;
mod lock;
mod log;
mod options;
mod out;
mod server;
mod signals;
mod snapshot;
mod snapshots;
mod system;
mod variants;

pub use bug::Bug;
pub use variants::variants;
