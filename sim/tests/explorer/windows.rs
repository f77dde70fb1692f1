//! A window that has passed is a promise.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::case::ErrorSweep;
use plimsoll_sim::command::Command;
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use crate::mini_log::{MiniLog, Omit};
use crate::support::case;

/// A store that promises a window and never looks at the clock.
struct Forgetful(MiniLog);

struct OpenForgetful(Box<dyn Instance>);

impl Sut for Forgetful {
    fn name(&self) -> &str {
        "forgetful"
    }

    fn contract(&self) -> Contract {
        self.0.contract()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let instance = self.0.open(host)?;
        Ok(Box::new(OpenForgetful(instance)))
    }
}

impl Instance for OpenForgetful {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let ack = self.0.apply(command)?;
        Ok(match ack.level {
            Level::Power => Ack::at(Level::Window(Duration::from_secs(1))),
            _ => ack,
        })
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.0.dump(visit)
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        self.0.close()?;
        Ok(Ack::at(Level::Memory))
    }
}

#[test]
fn a_window_that_passed_before_background_work_is_a_promise() {
    let omit = Omit {
        sync: true,
        ..Omit::default()
    };
    let violated = |steps: &[&str], plan: &str| {
        let mut case = case(Omit::default(), "ext4-ordered", 1, ErrorSweep::None);
        case.sut = Arc::new(Forgetful(MiniLog { omit }));
        case.workload = steps
            .iter()
            .map(|step| step.parse().expect("a command"))
            .collect();
        case.plan = plan.parse().expect("a plan");
        explore::violated(&case)
    };
    assert_eq!(violated(&["put a 1", "put b 2", "advance 900ms"], ""), []);
    assert!(violated(&["put a 1", "put b 2", "advance 2s"], "").contains(&Oracle::B1));
    // Slow writes pass the time as well; but a window ends only when background work had its turn after it.
    assert_eq!(violated(&["put a 1", "put b 2"], "write delay 3s"), []);
    assert!(violated(&["put a 1", "put b 2", "tick"], "write delay 3s").contains(&Oracle::B1));
}
