//! The crash model forgets inodes that nothing reaches any more. What it forgets must make no difference.

use std::collections::BTreeSet;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::litmus::{CrashPoint, Program, Run, States};
use plimsoll_faults::profile::Profile;

/// A durable file in a directory whose making and removal are both pending, then so many files that come and go.
fn allowed(passing: usize) -> States {
    let head = "name: forgotten\nwhy: A file comes back with the directory it was in.\nsetup:\n  mkdir x\nsteps:\n";
    let steps = [
        "mkdir d",
        "create d/f",
        "pwrite d/f 0 512 n",
        "fsync d/f",
        "fsyncdir d",
        "unlink d/f",
        "rmdir d",
    ];
    let pass = ["create x/t", "unlink x/t", "fsyncdir x"];
    let passes = std::iter::repeat_n(pass, passing).flatten();
    let lines: Vec<String> = steps
        .into_iter()
        .chain(passes)
        .map(|step| format!("  {step}\n"))
        .collect();
    let program = Program::parse(&(head.to_owned() + &lines.concat())).expect("it is a program");
    let profile = Profile::named("posix-minimal").expect("the profile ships");
    let run = Run::new(&program).expect("every step succeeds");
    let point = CrashPoint { after: lines.len() };
    run.allowed(point, CrashKind::PowerLoss, &profile)
        .expect("few choices")
}

#[test]
fn what_is_forgotten_cannot_come_back() {
    let wanted = BTreeSet::from(["x/", "d/; x/", "d/; d/f = n*512; x/"].map(str::to_owned));
    assert_eq!(allowed(0), wanted);
    // More inodes than are kept: what neither a durable nor a pending name leads to is forgotten, and nothing else.
    assert_eq!(allowed(40), wanted);
}
