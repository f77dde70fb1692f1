//! The two written forms of fault plans: both print back what they parse, and say what is wrong with what they do not.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use plimsoll_faults::errno::Errno;
use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_faults::latency::Latency;
use plimsoll_faults::object_target::ObjectTarget;
use plimsoll_faults::op_kind::OpKind;
use plimsoll_faults::plan::{
    ByteRange, Chance, Damage, Effect, Fault, FaultPlan, FaultTable, Freed, Occurrence, OpSelector,
    Phase, Position, Scope, Space, SpaceTable, When,
};
use proptest::prelude::*;
use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    faults: Vec<FaultTable>,
    space: Option<Spanned<SpaceTable>>,
}

fn plan() -> impl Strategy<Value = FaultPlan> {
    prop::collection::vec(any::<u8>(), 0..256).prop_map(|bytes| {
        FaultPlan::arbitrary(&mut Unstructured::new(&bytes))
            .expect("bytes that run out read as zeros")
    })
}

proptest! {
    #[test]
    fn text_prints_back_what_it_parses(plan in plan()) {
        let text = plan.to_string();
        prop_assert_eq!(text.parse::<FaultPlan>(), Ok(plan.clone()));
        let lines = plan.lines().join("\n");
        prop_assert_eq!(lines.parse::<FaultPlan>(), Ok(plan));
    }

    #[test]
    fn tables_print_back_what_they_parse(plan in plan()) {
        for fault in &plan.faults {
            let text = fault.to_toml();
            let file: File = toml::from_str(&text).expect("it is TOML");
            prop_assert_eq!(file.faults[0].fault(), Ok(fault.clone()), "{}", text);
        }
        for space in &plan.spaces {
            let text = space.to_toml();
            let file: File = toml::from_str(&text).expect("it is TOML");
            let table = file.space.expect("it is there");
            prop_assert_eq!(table.get_ref().space(table.span()), Ok(*space), "{}", text);
        }
    }

    #[test]
    fn evictions_come_back(target: Option<(u8, u8, u8)>, silent: bool) {
        let target = target.and_then(|(index, more, double)| {
            let count = u32::from(index) + 1 + u32::from(more);
            ObjectTarget::new(u32::from(index), count, 4096 << (double % 12))
        });
        let fault = Fault::new(OpSelector::Sync, Effect::Evict { target, silent });
        prop_assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault.clone()));
        let file: File = toml::from_str(&fault.to_toml()).expect("it is TOML");
        prop_assert_eq!(file.faults[0].fault(), Ok(fault));
    }

    #[test]
    fn any_path_comes_back(path in "\\PC{1,12}|[a-z \";#\\\\\n]{1,8}") {
        let mut fault: Fault = "fsync drop".parse().expect("a fault");
        fault.path = Some(path);
        // A pattern may be no glob; then the text is refused for that, and for nothing else.
        match fault.to_string().parse::<Fault>() {
            Ok(parsed) => prop_assert_eq!(parsed, fault),
            Err(error) => prop_assert!(error.reason().contains("path pattern"), "{}", error),
        }
    }

    #[test]
    fn never_panics_on_text(text in "\\PC{0,60}") {
        let _ = text.parse::<FaultPlan>();
    }

    #[test]
    fn never_panics_on_words(words in prop::collection::vec(prop::sample::select(&[
        "write", "sync", "space", "#2", "#2..", "bytes", "0..9", "in", "open", "from", "5s", "until", "1/2", "1/2*3", "EIO",
        "writeback", "block", "xW", "F4", "delay", "stall", "flip", "flip*2", "target", "0", "of", "2", "stripe", "4096", "evict", "late", "for", "file", "inodes", "freed", "\"", "a b", ";", "*.log", "12",
    ][..]), 0..9)) {
        let text = words.join(" ");
        if let Ok(plan) = text.parse::<FaultPlan>() {
            prop_assert_eq!(plan.to_string().parse::<FaultPlan>(), Ok(plan));
        }
    }
}

#[test]
fn every_dimension_has_a_word() {
    let fault: Fault =
        "write *.log #2..4 bytes 0..4096 target 1 of 3 stripe 8192 in snapshot from 5s until 9s 1/64*3 ENOSPC partial for target 0 of 2"
            .parse()
            .expect("a fault");
    assert_eq!(
        fault,
        Fault {
            op: OpSelector::Kind(OpKind::Write),
            path: Some("*.log".to_owned()),
            occurrence: Occurrence::Between(2, 4),
            when: When {
                bytes: Some(ByteRange {
                    first: 0,
                    end: Some(4096)
                }),
                target: ObjectTarget::new(1, 3, 8192),
                phase: Some(Phase::Snapshot),
                from: Some(Duration::from_secs(5)),
                until: Some(Duration::from_secs(9)),
                chance: Some(Chance {
                    numerator: 1,
                    denominator: 64,
                    burst: 3
                }),
            },
            effect: Effect::Fail(Errno::ENOSPC, Position::Partial),
            scope: Scope::Target(ObjectTarget::FIRST_OF_TWO),
        }
    );
}

#[test]
fn what_was_written_before_means_what_it_meant() {
    for text in [
        "fsync *.tmp #2 drop",
        "any #7 EIO",
        "rename *.tmp #1 EIO after",
        "write *.log #3 ENOSPC partial",
        "write *.log #2..4 short",
        "sync drop",
        "growing #3.. ENOSPC",
        "fsync #1 EIO F4",
        "writeback *.log block 0 xxW",
        "writeback *.log wX F2",
        "write *.db target 1 of 2 stripe 65536 EIO",
        "fsync *.log #2 EIO for target 3 of 4",
        "fsync #1 evict target 1 of 2",
        "read \"target\" target 0 of 1 evict-silently target 1 of 2 stripe 4096 for target 2 of 3",
    ] {
        let plan: FaultPlan = text.parse().expect("a plan");
        assert_eq!(plan.to_string(), text);
    }
    // Selectors come in any order.
    let fault: Fault = "fsync #2 *.tmp drop".parse().expect("a fault");
    assert_eq!(fault.to_string(), "fsync *.tmp #2 drop");
    let fault: Fault = "rename after #1 EIO after".parse().expect("a fault");
    assert_eq!(fault.path.as_deref(), Some("after"));
    assert_eq!(fault.effect, Effect::Fail(Errno::EIO, Position::After));
    let fault: Fault = "write #2..4 EIO before".parse().expect("a fault");
    assert_eq!(fault.to_string(), "write #2..4 EIO");
}

#[test]
fn space_and_delays_have_a_form_too() {
    let plan: FaultPlan =
        "space 8192 EDQUOT freed #90\nsync delay lognormal(500us,30ms); read \"a b\" eof"
            .parse()
            .expect("a plan");
    assert_eq!(
        plan.spaces,
        [Space {
            errno: Errno::EDQUOT,
            freed: Some(Freed::Operation(90)),
            ..Space::of(8192)
        }]
    );
    assert_eq!(
        plan.faults[0].effect,
        Effect::Delay(Latency::LogNormal(
            Duration::from_micros(500),
            Duration::from_millis(30)
        ))
    );
    assert_eq!(plan.faults[1].path.as_deref(), Some("a b"));
    assert_eq!(plan.faults[1].effect, Effect::Damage(Damage::Eof));
    assert_eq!(plan.lines().len(), 3);
}

#[test]
fn says_what_is_wrong_and_where() {
    for (text, reason, column) in [
        ("fsync", "an operation and an effect are needed", 6),
        ("fsnyc drop", "`fsnyc` is no operation", 1),
        ("fsync #0 drop", "must count from 1", 7),
        ("fsync a b drop", "one word too many", 9),
        ("fsync EWHAT", "`EWHAT` is no effect", 7),
        ("fsync a drp", "`drp` is one word too many", 9),
        ("fsync drp", "`drp` is no effect", 7),
        ("fsync #3..2 EIO", "`#3..2` ends before it begins", 7),
        ("fsync #3..0 EIO", "must count from 1", 7),
        ("fsync #+3 EIO", "must count from 1", 7),
        ("rename EIO partial", "only a write can be `partial`", 8),
        ("rename EIO late", "only a write can fail `late`", 8),
        ("read EIO after", "`read` changes nothing", 6),
        ("sync short", "only a read or a write can be `short`", 6),
        ("rename drop", "only a sync can be dropped", 8),
        ("rename flip", "has nothing that `flip` could damage", 8),
        ("write short after", "`short` is no error", 13),
        ("write after", "an operation and an effect are needed", 7),
        ("write in dark EIO", "`dark` is no phase", 10),
        ("write in", "a phase is missing", 9),
        ("write from soon EIO", "`soon` is no time", 12),
        (
            "write from 9s until 5s EIO",
            "`until` is not after `from`",
            24,
        ),
        ("write bytes 9..9 EIO", "`9..9` is no range of bytes", 13),
        (
            "rename bytes 0..9 EIO",
            "`rename` has no range of bytes",
            19,
        ),
        ("write 3/2 EIO", "`3/2` is no chance", 7),
        ("write delay slow", "`slow` is no delay", 13),
        ("write target", "the number of a target is missing", 13),
        (
            "write target x of 2 EIO",
            "`x` is not the number of a target",
            14,
        ),
        ("write target 1 EIO", "`of`, and how many targets", 16),
        ("write target 1", "`of`, and how many targets", 15),
        (
            "write target 0 of 0 EIO",
            "there is at least one target",
            19,
        ),
        (
            "write EIO for target 2 of 2",
            "of 2 targets none has the number 2",
            22,
        ),
        ("fsync evict target -1 of 2", "`-1` is not the number", 20),
        (
            "write target 1 of 2 stripe EIO",
            "`EIO` is not the length of a stripe",
            28,
        ),
        (
            "write EIO for target 0 of 2 stripe 5000",
            "cannot have 5000 bytes",
            36,
        ),
        (
            "fsync evict target 0 of 2 stripe 5000",
            "cannot have 5000 bytes",
            34,
        ),
        (
            "write target 0 of 2 stripe 2048 EIO",
            "cannot have 2048 bytes",
            28,
        ),
        (
            "write target 0 of 2 target 1 of 2 EIO",
            "`target` is one word too many",
            21,
        ),
        (
            "rename target 0 of 2 EIO",
            "`rename` touches no object target",
            22,
        ),
        ("write EIO for all", "`all` is no scope", 15),
        ("write EIO F1", "F1 is a way in which syncs fail", 7),
        (
            "fsync drop F2",
            "only an error of a sync can be like F2",
            12,
        ),
        ("fsync EIO F12", "`F12` is no failure model of fsync", 11),
        ("writeback", "a path pattern is missing", 10),
        ("writeback *.log", "a sequence is missing", 16),
        (
            "writeback *.log block b x",
            "`b` is no number of a block",
            23,
        ),
        ("writeback *.log xq", "made of x, w, X and W", 17),
        ("writeback *.log x F12", "`F12` is no failure model", 19),
        ("writeback *.log x F1 EIO", "`EIO` is one word too many", 22),
        ("write \"a EIO", "a quote is never closed", 7),
        ("space", "needs a number of bytes or of inodes", 6),
        ("space 12 EIO", "`EIO` says nothing of space", 10),
        (
            "space 12 freed later",
            "`later` is neither an operation nor a time",
            16,
        ),
    ] {
        let error = text.parse::<FaultPlan>().expect_err(text);
        assert!(error.reason().contains(reason), "{error}");
        assert_eq!((error.line(), error.column()), (1, column), "{error}");
        assert!(!error.help().is_empty(), "{error}");
    }
    let error = "fsync drop\n\nwrite EIO; größe EIO".parse::<FaultPlan>();
    let error = error.expect_err("there is no such operation");
    assert_eq!((error.line(), error.column(), error.width()), (3, 12, 5));
}

#[test]
fn every_way_in_which_syncs_fail_has_a_form() {
    let text = "space 12; writeback \"a b\" block 3 xwX F3; fsync \"F1\" #2 EIO F6";
    let plan: FaultPlan = text.parse().expect("a plan");
    assert_eq!(
        plan.faults[0].effect,
        Effect::FailSync(Errno::EIO, FsyncFailure::F6)
    );
    assert_eq!(plan.faults[0].path.as_deref(), Some("F1"));
    let rule = &plan.writebacks[0];
    assert_eq!((rule.path.as_str(), rule.block), ("a b", Some(3)));
    assert_eq!(rule.model, Some(FsyncFailure::F3));
    // In the order in which a disk counts: faults, write-backs, limits.
    assert_eq!(
        plan.lines(),
        [
            "fsync F1 #2 EIO F6",
            "writeback \"a b\" block 3 xwX F3",
            "space 12"
        ]
    );
}

#[test]
fn a_table_is_refused_at_the_value_that_is_wrong() {
    let wrong = |text: &str| {
        let file: File = toml::from_str(text).expect("it is TOML");
        let error = file.faults[0].fault().expect_err(text);
        (text[error.span.clone()].to_owned(), error.message)
    };
    let (value, message) = wrong("[[faults]]\nop = \"write\"\nnth = 0\neffect = \"EIO\"\n");
    assert_eq!(value, "0");
    assert!(message.contains("must count from 1"), "{message}");
    let (value, message) =
        wrong("[[faults]]\nop = \"write\"\neffect = \"EIO\"\nposition = \"later\"\n");
    assert_eq!(value, "\"later\"");
    assert!(message.contains("one word too many"), "{message}");
    let (value, message) =
        wrong("[[faults]]\nop = \"write\"\ntarget = \"2 of 2\"\neffect = \"EIO\"\n");
    assert_eq!(value, "\"2 of 2\"");
    assert!(message.contains("none has the number 2"), "{message}");
    let (value, _) = wrong(
        "[[faults]]\nop = \"fsync\"\neffect = \"evict\"\nscope = \"target 0 of 2 stripe 1\"\n",
    );
    assert_eq!(value, "\"target 0 of 2 stripe 1\"");
    let (value, _) = wrong("[[faults]]\nop = \"write; sync\"\neffect = \"EIO\"\n");
    assert_eq!(value, "\"write; sync\"");
    let (value, _) = wrong("[[faults]]\nop = \"write\"\npath = \"[\"\neffect = \"EIO\"\n");
    assert_eq!(value, "\"[\"");
}
