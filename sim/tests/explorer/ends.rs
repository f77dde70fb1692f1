//! A store that panics when it is closed.

use std::sync::Arc;

use plimsoll_reference::host::Host;
use plimsoll_reference::level::Ack;
use plimsoll_sim::case::{Case, ErrorSweep};
use plimsoll_sim::command::Command;
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use crate::mini_log::{MiniLog, Omit};
use crate::support::case;

struct Fragile(MiniLog);

struct OpenFragile(Box<dyn Instance>);

impl Sut for Fragile {
    fn name(&self) -> &str {
        "fragile"
    }

    fn contract(&self) -> Contract {
        self.0.contract()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        Ok(Box::new(OpenFragile(self.0.open(host)?)))
    }
}

impl Instance for OpenFragile {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        self.0.apply(command)
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.0.dump(visit)
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        panic!("it breaks");
    }
}

#[test]
fn a_panic_at_the_end_is_one() {
    let omit = Omit::default();
    let found = explore::violated(&Case {
        sut: Arc::new(Fragile(MiniLog { omit })),
        workload: vec!["put a 1".parse().expect("a command")],
        ..case(omit, "ext4-ordered", 1, ErrorSweep::None)
    });
    assert_eq!(found, [Oracle::R3]);
}
