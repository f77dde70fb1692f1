//! What a case comes to, beside passing.

use plimsoll_faults::crash::CrashKind;
use plimsoll_sim::case::{ErrorSweep, Expect};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::Verdict;

use crate::mini_log::Omit;
use crate::support::case;

#[test]
fn a_lying_disk_is_found_out() {
    let mut case = case(Omit::default(), "ext4-ordered", 1, ErrorSweep::None);
    case.disk.kinds = vec![CrashKind::Lying];
    let report = explore::run(&case);
    assert_eq!(report.verdict, Verdict::Violated);
    case.expect = Expect::Violation(vec![Oracle::D1]);
    let report = explore::run(&case);
    assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
}

#[test]
fn an_expected_violation_that_does_not_appear_is_missed() {
    let mut case = case(Omit::default(), "ext4-ordered", 1, ErrorSweep::None);
    case.expect = Expect::Violation(vec![Oracle::D1]);
    assert_eq!(explore::run(&case).verdict, Verdict::Missed);
}

#[test]
fn a_fault_that_never_fires_makes_the_case_vacuous() {
    let mut case = case(Omit::default(), "ext4-ordered", 1, ErrorSweep::None);
    case.plan = "rename *.nothing EIO".parse().expect("a fault");
    assert_eq!(explore::run(&case).verdict, Verdict::Vacuous);
}

#[test]
fn equal_cases_give_equal_reports() {
    let case = case(Omit::default(), "posix-minimal", 3, ErrorSweep::Every);
    assert_eq!(explore::run(&case), explore::run(&case));
}
