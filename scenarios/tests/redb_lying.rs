//! redb on a disk whose syncs lie.
//!
//! On most of what such a disk leaves redb panics. The harness catches that, but thousands of messages would hide everything
//! else, so this runs in a process of its own, which says nothing.

use plimsoll_scenarios::catalogue;
use plimsoll_sim::explore;
use plimsoll_sim::report::Verdict;

#[test]
fn a_lying_disk_is_found_out() {
    let catalogue = catalogue();
    let scenario = catalogue
        .iter()
        .find(|scenario| scenario.name == "redb-lying")
        .expect("it is in the catalogue");
    std::panic::set_hook(Box::new(|_| {}));
    let reports: Vec<_> = scenario.cases().iter().map(explore::run).collect();
    drop(std::panic::take_hook());
    for report in reports {
        assert_eq!(report.verdict, Verdict::Passed, "{:?}", report.reason);
    }
}
