//! Everything that can be wrong with a scenario file, and the one error that says so.

use insta::assert_snapshot;
use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_scenarios::{Registry, Scenario, parse_profile};

const GOOD: &str = r#"version = 1
title = "a title"
why = "A reason."
sut = "reference-power"
disks = ["posix-minimal"]
faults = ["fsync *.tmp #2 drop"]

[workload]
steps = ["put a 1", "reopen"]

[expect]
verdict = "pass"
"#;

/// The error of the good file with one part replaced.
fn error(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "`{from}` is not in the good file");
    parse(&GOOD.replacen(from, to, 1))
}

fn parse(text: &str) -> String {
    let error = Scenario::parse("my/scenario.toml", text, &Registry::shipped())
        .expect_err("something is wrong");
    let place = format!("my/scenario.toml:{}:{}", error.line(), error.column());
    let report = error.to_string();
    assert!(
        report.contains(&place) || !report.contains("my/scenario.toml:"),
        "line and column agree with the report: {place}\n{report}"
    );
    assert!(report.contains(error.message()), "{report}");
    report
}

#[test]
fn the_good_file_is_good() {
    let scenario =
        Scenario::parse("my/scenario.toml", GOOD, &Registry::shipped()).expect("nothing is wrong");
    assert_eq!(scenario.name, "scenario");
    assert_eq!(scenario.plan.to_string(), "fsync *.tmp #2 drop");
    let ids: Vec<String> = scenario.cases().into_iter().map(|case| case.id).collect();
    assert_eq!(ids, ["scenario@posix-minimal"]);
}

#[test]
fn targets_are_the_disks_unless_others_are_named() {
    let names = |text: &str| -> Vec<String> {
        let scenario =
            Scenario::parse("scenario.toml", text, &Registry::shipped()).expect("nothing is wrong");
        let case = scenario.cases().remove(0);
        case.targets.iter().map(|disk| disk.name()).collect()
    };
    assert_eq!(names(GOOD), ["posix-minimal"]);
    let text = GOOD.replace("faults =", "targets = [\"xfs\", \"btrfs\"]\nfaults =");
    assert_eq!(names(&text), ["xfs", "btrfs"]);
}

#[test]
fn an_exhaustive_workload_gives_a_case_for_each() {
    let text = GOOD.replace(
        "steps = [\"put a 1\", \"reopen\"]",
        "exhaustive = { commands = 1, keys = 2 }",
    );
    let scenario =
        Scenario::parse("scenario.toml", &text, &Registry::shipped()).expect("nothing is wrong");
    let cases = scenario.cases();
    assert_eq!(cases.len(), 5);
    assert_eq!(cases[4].id, "scenario@posix-minimal#5");
    assert_eq!(cases[4].workload[0].to_string(), "reopen");
}

#[test]
fn models_of_failing_syncs_go_to_each_case() {
    let text = GOOD.replace("faults =", "fsync_failures = [\"F1\", \"F10\"]\nfaults =");
    let scenario =
        Scenario::parse("scenario.toml", &text, &Registry::shipped()).expect("nothing is wrong");
    let case = scenario.cases().remove(0);
    assert_eq!(case.fsync_failures, [FsyncFailure::F1, FsyncFailure::F10]);
}

#[test]
fn an_unknown_model_of_failing_syncs() {
    assert_snapshot!(error(
        "faults =",
        "fsync_failures = [\"F1\", \"F12\"]\nfaults ="
    ));
}

#[test]
fn a_model_of_failing_syncs_that_is_there_twice() {
    assert_snapshot!(error(
        "faults =",
        "fsync_failures = [\"F3\", \"F3\"]\nfaults ="
    ));
}

#[test]
fn no_model_of_failing_syncs() {
    assert_snapshot!(error("faults =", "fsync_failures = []\nfaults ="));
}

#[test]
fn models_of_failing_syncs_beside_a_sweep_that_has_them_all() {
    assert_snapshot!(error(
        "faults =",
        "errors = \"every\"\nfsync_failures = [\"F3\"]\nfaults ="
    ));
}

#[test]
fn an_unknown_target() {
    assert_snapshot!(error("faults =", "targets = [\"zfs\"]\nfaults ="));
}

#[test]
fn no_target() {
    assert_snapshot!(error("faults =", "targets = []\nfaults ="));
}

#[test]
fn an_exhaustive_workload_that_is_too_long() {
    let steps = "steps = [\"put a 1\", \"reopen\"]";
    assert_snapshot!(error(steps, "exhaustive = { commands = 7, keys = 2 }"));
}

#[test]
fn both_random_and_exhaustive() {
    let steps = "steps = [\"put a 1\", \"reopen\"]";
    let both = "random = {}\nexhaustive = { commands = 2, keys = 2 }";
    assert_snapshot!(error(steps, both));
}

#[test]
fn several_seeds_and_disks_give_a_case_each() {
    let text = GOOD
        .replace(
            "steps = [\"put a 1\", \"reopen\"]",
            "random = { seeds = 2, first_seed = 7, commands = 5 }",
        )
        .replace(
            "[\"posix-minimal\"]",
            "[\"posix-minimal\", \"ext4-ordered+lying\"]",
        );
    let scenario =
        Scenario::parse("scenario.toml", &text, &Registry::shipped()).expect("nothing is wrong");
    let cases = scenario.cases();
    let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "scenario@posix-minimal#7",
            "scenario@posix-minimal#8",
            "scenario@ext4-ordered+lying#7",
            "scenario@ext4-ordered+lying#8",
        ]
    );
    assert!(cases.iter().all(|case| case.workload.len() == 5));
    assert_eq!(
        cases[0].workload, cases[2].workload,
        "a seed is a workload, whatever the disk"
    );
}

#[test]
fn not_toml() {
    assert_snapshot!(error("version = 1", "version 1"));
}

#[test]
fn another_version() {
    assert_snapshot!(error("version = 1", "version = 2"));
}

#[test]
fn a_key_that_is_misspelt() {
    assert_snapshot!(error("disks =", "disk ="));
}

#[test]
fn a_key_that_means_nothing() {
    assert_snapshot!(error("why =", "priority = 3\nwhy ="));
}

#[test]
fn a_key_in_the_wrong_table() {
    assert_snapshot!(error(
        "[expect]",
        "crashes = [\"process-kill\"]\n\n[expect]"
    ));
}

#[test]
fn a_key_that_is_missing() {
    assert_snapshot!(error("sut = \"reference-power\"\n", ""));
}

#[test]
fn a_value_of_the_wrong_type() {
    assert_snapshot!(error("[\"posix-minimal\"]", "\"posix-minimal\""));
}

#[test]
fn an_empty_sentence() {
    assert_snapshot!(error("A reason.", " "));
}

#[test]
fn an_unknown_store() {
    assert_snapshot!(error("reference-power", "refrence-power"));
}

#[test]
fn an_unknown_disk() {
    assert_snapshot!(error("[\"posix-minimal\"]", "[\"ext4-orderd\"]"));
}

#[test]
fn an_unknown_disk_that_lies() {
    assert_snapshot!(error("[\"posix-minimal\"]", "[\"posix-minimal+lyin\"]"));
}

#[test]
fn a_disk_that_is_there_twice() {
    assert_snapshot!(error(
        "[\"posix-minimal\"]",
        "[\"posix-minimal\", \"posix-minimal\"]"
    ));
}

#[test]
fn no_disk() {
    assert_snapshot!(error("[\"posix-minimal\"]", "[]"));
}

#[test]
fn an_unknown_crash() {
    assert_snapshot!(error("faults =", "crashes = [\"proces-kill\"]\nfaults ="));
}

#[test]
fn a_crash_that_is_a_property_of_a_disk() {
    assert_snapshot!(error("faults =", "crashes = [\"lying-disk\"]\nfaults ="));
}

#[test]
fn a_crash_that_a_disk_does_not_have() {
    assert_snapshot!(error("faults =", "crashes = [\"client-crash\"]\nfaults ="));
}

#[test]
fn an_eviction_from_a_local_disk() {
    assert_snapshot!(error("fsync *.tmp #2 drop", "fsync *.tmp #2 evict"));
}

#[test]
fn a_network_with_a_stripe_of_no_size() {
    let shipped = include_str!("../../faults/src/profiles/lustre-2.16.toml");
    let wrong = |from: &str, to: &str| {
        assert!(shipped.contains(from), "{from}");
        parse_profile("my/disk.toml", &shipped.replacen(from, to, 1))
            .expect_err("something is wrong")
            .to_string()
    };
    let errors = [
        wrong("stripe_bytes = 65536", "stripe_bytes = 1000"),
        wrong("stripe_count = 2", "stripe_count = 0"),
        wrong("\"eviction\"", "\"evicted\""),
        wrong("\"eviction\"", "\"power-loss\""),
        wrong("silly_rename = false\n", ""),
    ];
    assert_snapshot!(errors.join("\n"));
}

#[test]
fn crashes_where_every_disk_lies() {
    assert_snapshot!(error(
        "disks = [\"posix-minimal\"]",
        "disks = [\"posix-minimal+lying\"]\ncrashes = [\"power-loss\"]"
    ));
}

#[test]
fn an_unknown_step() {
    assert_snapshot!(error("\"reopen\"", "\"reopne\""));
}

#[test]
fn a_step_without_its_value() {
    assert_snapshot!(error("put a 1", "put a"));
}

#[test]
fn a_batch_with_a_change_without_its_value() {
    assert_snapshot!(error("put a 1", "batch put a 1; put b"));
}

#[test]
fn no_step() {
    assert_snapshot!(error("[\"put a 1\", \"reopen\"]", "[]"));
}

#[test]
fn neither_steps_nor_random() {
    assert_snapshot!(error("steps = [\"put a 1\", \"reopen\"]", ""));
}

#[test]
fn both_steps_and_random() {
    assert_snapshot!(error("[expect]", "random = { seeds = 2 }\n\n[expect]"));
}

#[test]
fn too_many_seeds() {
    assert_snapshot!(error(
        "steps = [\"put a 1\", \"reopen\"]",
        "random = { seeds = 0 }"
    ));
}

/// What would not fit into memory, or has nothing in it.
#[test]
fn random_workloads_that_cannot_be() {
    for (keys, expected) in [
        ("commands = 4000000000", "`commands` is 1 to 100000 here"),
        ("commands = 0", "`commands` is 1 to 100000 here"),
        ("keys = 0", "`keys` is 1 to 4294967295 here"),
        ("value_len = 4000000000", "`value_len` is 1 to 1048576 here"),
        (
            "puts = 0, batches = 0",
            "this workload writes nothing that could be lost",
        ),
    ] {
        let report = error(
            "steps = [\"put a 1\", \"reopen\"]",
            &format!("random = {{ {keys} }}"),
        );
        assert!(
            report.contains(expected) && report.contains("my/scenario.toml:9:"),
            "{report}"
        );
    }
}

#[test]
fn an_unknown_weight() {
    assert_snapshot!(error(
        "steps = [\"put a 1\", \"reopen\"]",
        "random = { delets = 3 }"
    ));
}

#[test]
fn an_unknown_operation_in_a_fault() {
    assert_snapshot!(error("fsync *.tmp", "fsnyc *.tmp"));
}

#[test]
fn an_unknown_effect_of_a_fault() {
    assert_snapshot!(error("#2 drop", "#2 ENOSPCE"));
}

#[test]
fn a_fault_that_counts_from_zero() {
    assert_snapshot!(error("#2 drop", "#0 drop"));
}

#[test]
fn an_unknown_error_sweep() {
    assert_snapshot!(error("faults =", "errors = \"evry\"\nfaults ="));
}

#[test]
fn an_unknown_verdict() {
    assert_snapshot!(error("\"pass\"", "\"passes\""));
}

#[test]
fn a_violation_of_nothing() {
    assert_snapshot!(error("\"pass\"", "\"violation\""));
}

#[test]
fn an_unknown_oracle() {
    assert_snapshot!(error(
        "\"pass\"",
        "\"violation\"\noracles = [\"D1\", \"D11\"]"
    ));
}

#[test]
fn oracles_of_a_pass() {
    assert_snapshot!(error("\"pass\"", "\"pass\"\noracles = [\"D1\"]"));
}

#[test]
fn an_empty_file() {
    assert_snapshot!(parse(""));
}

#[test]
fn text_that_is_not_ascii_before_the_place() {
    assert_snapshot!(error(
        "title = \"a title\"",
        "title = \"größer\" # é\nsutt = 1"
    ));
}

#[test]
fn a_profile_with_a_misspelt_parameter() {
    let error = parse_profile(
        "my/disk.toml",
        "version = 1\nname = \"mine\"\ntitle = \"x\"\ntaer = \"none\"\n",
    )
    .expect_err("there is no such parameter");
    assert_snapshot!(error);
}
