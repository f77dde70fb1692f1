//! What the parser says of texts that are no litmus tests.

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::litmus::{Case, LitmusError, Program, Verdict};
use plimsoll_faults::profile::Profile;
use proptest::prelude::*;

/// A case that is right.
const GOOD: &str = "name: x\nwhy: It works.\nsetup:\n  create a\nsteps:\n  pwrite a 0 512 n\n  fsync a\n\ncrash at end:\n\
                    posix-minimal:\n  a = n*512\n";

fn error(from: &str, to: &str) -> (usize, usize, String) {
    assert!(GOOD.contains(from), "{from:?} is there to be replaced");
    let text = GOOD.replacen(from, to, 1);
    let case = Case::parse(&text);
    let error: LitmusError = match case {
        Ok(case) => Verdict::of(&case, &Profile::shipped()).expect_err("a broken text is refused"),
        Err(error) => error,
    };
    (error.line, error.column, error.message)
}

#[test]
fn each_mistake_has_its_place_and_what_to_do() {
    let case = Case::parse(GOOD).expect("it is right");
    let verdict = Verdict::of(&case, &Profile::shipped()).expect("it runs");
    assert!(
        verdict
            .findings
            .iter()
            .all(plimsoll_faults::litmus::Finding::agrees)
    );
    let mistakes = [
        ("name: x", "nmae: x", (1, 1, "expected `name:` here")),
        ("name: x", "name:", (1, 6, "the name is missing")),
        ("It works.", "It works", (2, 6, "end it with a full stop")),
        (
            "setup:\n",
            "setup: create b\n",
            (3, 8, "on a line of its own"),
        ),
        (
            "create a",
            "creat a",
            (4, 3, "there is no operation `creat`"),
        ),
        (
            "create a",
            "create a b",
            (4, 3, "`create` is written `create FILE`"),
        ),
        ("create a", "unlink a", (4, 3, "it failed with ENOENT")),
        (
            "create a",
            "directwrite a 1 512 n",
            (4, 3, "it failed with EINVAL"),
        ),
        ("create a", "close a", (4, 3, "it failed with EBADF")),
        ("0 512 n", "0 51x n", (6, 14, "`51x` is no number")),
        ("0 512 n", "0 99999999999 n", (6, 14, "use smaller numbers")),
        ("0 512 n", "0 512 nn", (6, 18, "one letter or digit")),
        (
            "fsync a",
            "fsync a -> EWHAT",
            (7, 14, "`EWHAT` is not an errno name"),
        ),
        (
            "fsync a",
            "fsync a -> EIO",
            (7, 3, "must fail with EIO, and it succeeded"),
        ),
        (
            "  pwrite a 0 512 n\n  fsync a\n",
            "",
            (6, 1, "there are no steps"),
        ),
        ("crash at end:\n", "", (9, 1, "before the first list")),
        ("crash at end", "crash after 3", (9, 13, "from 0 to 2")),
        ("crash at end", "crash behind 2", (9, 1, "a crash point is")),
        (
            "posix-minimal:",
            "posix-minimal",
            (10, 1, "expected `crash at end:`"),
        ),
        (
            "posix-minimal:\n",
            "posix-minimal:\n\n",
            (12, 1, "this state is in no list"),
        ),
        ("a = n*512", "a = n512", (11, 3, "`n512` is no content")),
        ("a = n*512", "a", (11, 3, "`a` is no part of a state")),
        (
            "a = n*512",
            "b == a; a = n*512",
            (11, 3, "so that each has one form"),
        ),
        (
            "  a = n*512\n",
            "  a = n*512\n  a = n*512\n",
            (12, 1, "listed twice"),
        ),
        (
            "  a = n*512\n",
            "  a = n*512\nposix-minimal:\n",
            (12, 1, "is at this crash point already"),
        ),
        (
            "  a = n*512\n",
            "  a = n*512\ncrash after 2:\n",
            (12, 1, "is there already"),
        ),
        (
            "posix-minimal:",
            "posix-minimal power-los:",
            (10, 15, "is not a kind of crash"),
        ),
        (
            "posix-minimal:",
            "posix minimal disk:",
            (10, 1, "a list is headed"),
        ),
    ];
    for (from, to, (line, column, part)) in mistakes {
        let (at, character, message) = error(from, to);
        assert!(message.contains(part), "{to:?}: {message}");
        assert_eq!((at, character), (line, column), "{to:?}: {message}");
    }
}

#[test]
fn a_list_may_be_of_another_kind_of_crash() {
    let text = GOOD.to_owned()
        + "posix-minimal process-kill:\n  a = n*512\nposix-minimal lying-disk:\n  a = ?*512\n  a = empty\n";
    let case = Case::parse(&text).expect("it is right");
    let verdict = Verdict::of(&case, &Profile::shipped()).expect("it runs");
    let wrong: Vec<_> = verdict
        .findings
        .iter()
        .filter(|finding| !finding.agrees())
        .collect();
    let [lying] = wrong.as_slice() else {
        panic!("{wrong:?}");
    };
    assert_eq!(lying.kind, CrashKind::Lying);
    let lists = (
        lying.unlisted().collect::<Vec<_>>(),
        lying.missing().collect::<Vec<_>>(),
    );
    assert_eq!(lists, (vec!["a = 0*512", "a = n*512"], vec![]));
}

#[test]
fn a_case_with_too_many_choices_names_its_crash_point() {
    let text = GOOD
        .replacen("0 512 n", "0 16384 n", 1)
        .replacen("  fsync a\n", "", 1);
    let case = Case::parse(&text).expect("it is well-formed");
    let error = Verdict::of(&case, &Profile::shipped()).expect_err("every sector is a choice");
    assert_eq!(error.line, 8);
    assert!(
        error
            .message
            .contains("more than 16384 choices on posix-minimal"),
        "{error}"
    );
}

#[test]
fn nothing_may_follow_a_bare_program() {
    let error = Program::parse(GOOD).expect_err("a case is more than a program");
    assert_eq!((error.line, error.column), (9, 1));
}

proptest! {
    /// Whatever is cut from a case or put into it, the parser says so or takes it, and the place it names is in the text.
    #[test]
    fn no_text_upsets_the_parser(at in 0..GOOD.len(), len in 0_usize..20, put in "[ -~é\u{2003}\n]{0,12}") {
        let end = (at + len).min(GOOD.len());
        let text = format!("{}{put}{}", &GOOD[..at], &GOOD[end..]);
        if let Err(error) = Case::parse(&text) {
            prop_assert!(text.get(error.span.clone()).is_some(), "{error:?}");
            prop_assert!(error.line >= 1 && error.column >= 1);
        }
    }
}
