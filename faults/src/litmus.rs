//! Litmus tests: small programs, and exactly what each profile allows a crash to leave of them.
//!
//! # The text form
//!
//! ```text
//! name: rename-fsync
//! why: A rename is followed by an fsync of the file under its new name.
//! faults: fsync #1 EIO
//! setup:
//!   create a
//! steps:
//!   rename a b
//!   fsync b -> EIO
//!
//! # Why these states.
//! crash at end:
//! ext4-ordered:
//!   a = empty
//!   b = empty
//! ```
//!
//! * `name` is the file's own without its ending; `why` is one sentence. `faults`, which may be left out, is a
//!   [fault plan](crate::plan::FaultPlan) in its text form.
//! * `setup` is done first and is durable. `steps` are what a crash may interrupt. A step is an operation and its operands, indented by
//!   two spaces ([`Action`]); `-> EIO` behind it says that it must fail so.
//! * `crash at end:` or `crash after N:` (so many steps have returned) opens a crash point. Below it, `PROFILE, ...:` opens the list of
//!   the states that each of these profiles allows there: all of them, one an indented line, in the notation of [`Tree`]. `(nothing)`
//!   is the empty disk. `PROFILE, ... KIND, ...:` is a list for other [kinds of crash](crate::crash::CrashKind) than a power loss,
//!   which may be named with them; `KIND, ...:` alone is one for every shipped profile that can go through such a crash. Headings on
//!   lines that follow each other have one list.
//! * The catalogue lists every shipped profile after every [kind of crash](kinds_of) it can go through, a power loss being that of the
//!   whole site on a network, but for cases that [say nothing](Program::applies_to) there. A case of a user's own need not.
//! * Empty lines and lines that start with `#` may stand anywhere before a heading after the steps, not inside a list.
//!
//! What is wrong in a text is a [`LitmusError`] with line and column. [`Verdict`] says where a profile differs from what is listed.
//!
//! **Not modelled**: several processes; a crash while a step is under way, except as a crash after it whose changes are lost in part.

mod case;
mod catalogue;
mod error;
mod heading;
mod line;
mod lists;
mod program;
mod run;
mod runner;
mod score;
mod step;
mod tighten;
mod tree;
mod verdict;

pub use case::{Case, CrashPoint, Section, States};
pub use catalogue::{CATALOGUE, LitmusFile, catalogue};
pub use error::LitmusError;
pub use heading::{Heading, Subject, kinds_of};
pub use program::{Program, Recording};
pub use run::{CHOICES_MAX, Run};
pub use score::{Score, scores};
pub use step::{Action, How, Step};
pub use tighten::tightened;
pub use tree::{Leaf, ParseTreeError, Tree};
pub use verdict::{Finding, Verdict};
