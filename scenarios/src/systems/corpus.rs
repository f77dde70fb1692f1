//! Small servers with the bugs that others had at their ends, in their handlers, with their children, and with disks that stand still; the numbers are those
//! of the corpus.
//!
//! * [`Bug::S70`], Redis: a parent has children save what it holds. It ends one itself, by `SIGUSR1`, when it saves on its own, and takes
//!   that for a failed save: from then on it refuses writes.
//! * [`Bug::S71`], Greenplum: a backend ends in the handler of `SIGTERM`, where it waits for a `SIGUSR1`. Where it was in the handler of that
//!   signal, none comes before that one has returned.
//! * [`Bug::S72`], pickleDB: a dictionary is dumped to its file in place, and who asks the program to end meanwhile gets half of it.
//! * [`Bug::S72d`], beanstalkd: a log file is reserved first and gets its version afterwards. Who is ended in between leaves a file of
//!   version 0, with which no later one starts.
//! * [`Bug::S73`], CockroachDB: a watchdog ends a process whose disk stands still, but the sync of the log goes past the files that it
//!   watches, so that a write waits for as long as the disk does.
//!
//! Each is a program of its own, with a mended twin, and speaks the lines of the reference service.
//!
//! **Not modelled**: what else these servers do; replication, tubes and jobs, ranges and leases.

mod backend;
mod bug;
mod dictionary;
mod forks;
mod guarded;
mod queue;
mod record;
mod system;
mod watchdog;

pub use bug::Bug;
pub use system::variants;
