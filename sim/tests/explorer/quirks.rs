//! The small store with something else that is wrong with it: one violation hides no other, and none is overlooked for where it shows.

use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_reference::fs::{FsOps, OpenOptions, read_to_end};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::Ack;
use plimsoll_sim::case::{Case, ErrorSweep};
use plimsoll_sim::command::Command;
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use crate::mini_log::{MiniLog, Omit};
use crate::support::case;

/// What else the store does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quirk {
    /// Every open leaves a temporary.
    Litters,
    /// Who finds a part of the frame of the key `last` shows a key that nobody wrote.
    SeesGhosts,
    /// Who finds a part of that frame cannot be read.
    CannotBeRead,
    /// The key `last` is written, and said not to be known to be.
    Doubts,
    /// The key `last` is refused.
    Refuses,
    /// Closing fails.
    CannotBeClosed,
}

struct Odd {
    log: MiniLog,
    quirk: Quirk,
}

struct OpenOdd {
    log: Box<dyn Instance>,
    quirk: Quirk,
    /// Whether a part of the last frame was found.
    has_part: bool,
}

fn litter(fs: &dyn FsOps) -> io::Result<()> {
    let options = OpenOptions::read_write().create();
    fs.open(Path::new("litter.tmp"), options)?.sync_all()
}

fn log(fs: &dyn FsOps) -> Vec<u8> {
    let log = fs.open(Path::new("log"), OpenOptions::read_only());
    log.and_then(|log| read_to_end(&*log)).unwrap_or_default()
}

impl Sut for Odd {
    fn name(&self) -> &str {
        "odd"
    }

    fn contract(&self) -> Contract {
        Contract {
            temporaries: vec!["*.tmp".to_owned()],
            ..self.log.contract()
        }
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let log = log(&*host.fs);
        let done = match self.quirk {
            Quirk::Litters => litter(&*host.fs),
            _ => Ok(()),
        };
        done.map_err(|error| OpenError {
            message: error.to_string(),
        })?;
        Ok(Box::new(OpenOdd {
            log: self.log.open(host)?,
            quirk: self.quirk,
            has_part: log.windows(5).any(|word| word == b"last "),
        }))
    }
}

impl Instance for OpenOdd {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let is_last = command.mutations().iter().any(|m| m.key() == b"last");
        match self.quirk {
            Quirk::Refuses if is_last => Err(CommandError::absent("that key is ours")),
            Quirk::Doubts if is_last => {
                self.log.apply(command)?;
                Err(CommandError::unknown("who knows"))
            }
            _ => self.log.apply(command),
        }
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        let mut is_whole = false;
        self.log.dump(&mut |key, value| {
            is_whole |= key == b"last";
            visit(key, value);
        })?;
        match self.quirk {
            Quirk::SeesGhosts if self.has_part && !is_whole => visit(b"ghost", b"of nobody"),
            Quirk::CannotBeRead if self.has_part && !is_whole => return Err("a part".to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        match self.quirk {
            Quirk::CannotBeClosed => {
                self.log.close()?;
                Err(CommandError::unknown("who knows"))
            }
            _ => self.log.close(),
        }
    }
}

fn odd(quirk: Quirk, omit: Omit, disk: &str, steps: &[&str]) -> Case {
    let log = MiniLog { omit };
    let steps = steps.iter().map(|step| step.parse().expect("a command"));
    Case {
        sut: Arc::new(Odd { log, quirk }),
        workload: steps.collect(),
        ..case(omit, disk, 1, ErrorSweep::None)
    }
}

#[test]
fn litter_does_not_hide_a_loss() {
    // It takes a crash, a recovery, more commands and another crash; and what every recovery leaves is seen at the first of these.
    let omit = Omit {
        cutting_the_torn_tail: true,
        ..Omit::default()
    };
    let steps = ["put a 1", "put b 2"];
    let found = explore::violated(&odd(Quirk::Litters, omit, "posix-minimal", &steps));
    assert!(found.contains(&Oracle::L1), "{found:?}");
    assert!(found.contains(&Oracle::D1), "{found:?}");
}

#[test]
fn what_fails_for_nothing_is_told() {
    let found = |quirk, steps: &[&str]| {
        let case = odd(quirk, Omit::default(), "posix-minimal", steps);
        explore::violated(&case)
    };
    let steps = ["put a 1", "put last 2", "put b 3"];
    assert_eq!(found(Quirk::Doubts, &steps), [Oracle::V2]);
    assert_eq!(found(Quirk::CannotBeClosed, &steps), [Oracle::V2]);
    // It hides nothing that comes behind it.
    let omit = Omit {
        sync: true,
        ..Omit::default()
    };
    let case = odd(
        Quirk::Doubts,
        omit,
        "posix-minimal",
        &["put last 2", "put b 3"],
    );
    let both = explore::violated(&case);
    assert!(
        both.contains(&Oracle::D1) && both.contains(&Oracle::V2),
        "{both:?}"
    );
    // What a store does not take, it may refuse; and nothing is wrong before that.
    assert_eq!(found(Quirk::Refuses, &steps), []);
    assert_eq!(found(Quirk::Doubts, &steps[..1]), []);
}

#[test]
fn many_losses_do_not_hide_what_nobody_wrote() {
    let omit = Omit {
        sync: true,
        ..Omit::default()
    };
    // Longer than a sector, also in the log, which holds the text form.
    let long: String = (0..300).map(|number| format!("{number:03}")).collect();
    let last = format!("put last {long}");
    let steps = [
        "put a 1", "put b 2", "put c 3", "put d 4", "put e 5", "put f 6", &last,
    ];
    let found = explore::violated(&odd(Quirk::SeesGhosts, omit, "posix-minimal", &steps));
    assert!(found.contains(&Oracle::D1), "{found:?}");
    assert!(found.contains(&Oracle::D5), "{found:?}");
}

#[test]
fn a_store_that_opens_and_cannot_be_read_once_there_is_space_is_found() {
    let full = Case {
        errors: ErrorSweep::Space,
        ..odd(
            Quirk::CannotBeRead,
            Omit::default(),
            "ext4-ordered",
            &["put last 1"],
        )
    };
    let found = explore::violated(&full);
    assert!(found.contains(&Oracle::F3), "{found:?}");
}
