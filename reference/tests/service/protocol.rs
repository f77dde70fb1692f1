//! Requests and answers as text.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;

use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::{
    Answer, Cause, Command, Outcome, ParseRequestError, Request,
};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        (any::<u8>(), 0..40_usize).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (bytes(), bytes()).prop_map(|(key, value)| Mutation::Put { key, value }),
        bytes().prop_map(|key| Mutation::Delete { key }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        mutation().prop_map(Command::Write),
        prop::collection::vec(mutation(), 1..5).prop_map(Command::Batch),
        bytes().prop_map(Command::Get),
        Just(Command::Scan),
        Just(Command::Sync),
        Just(Command::Snapshot),
        Just(Command::Checkpoint),
        Just(Command::Compact),
        Just(Command::Close),
    ]
}

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![
        Just(Level::Memory),
        any::<u32>().prop_map(|ms| Level::Window(Duration::from_millis(ms.into()))),
        Just(Level::Process),
        Just(Level::Power),
    ]
}

fn path() -> impl Strategy<Value = PathBuf> {
    prop::collection::vec(1_u8.., 1..20).prop_map(|bytes| PathBuf::from(OsString::from_vec(bytes)))
}

fn message() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| text.replace(char::is_control, " "))
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![
        Outcome::Absent,
        Outcome::Unknown,
        Outcome::Unsupported,
    ])
}

fn answer_to_a_request() -> impl Strategy<Value = Answer> {
    let id = any::<u64>;
    prop_oneof![
        (id(), level(), any::<u64>(), prop::option::of(path())).prop_map(
            |(id, level, sequence, path)| Answer::Done {
                id,
                level,
                sequence,
                path
            }
        ),
        (id(), bytes()).prop_map(|(id, value)| Answer::Value { id, value }),
        id().prop_map(|id| Answer::Absent { id }),
        (id(), bytes(), bytes()).prop_map(|(id, key, value)| Answer::Key { id, key, value }),
        (id(), any::<u64>(), any::<u64>()).prop_map(|(id, count, sequence)| Answer::Scanned {
            id,
            count,
            sequence
        }),
        (id(), outcome(), message()).prop_map(|(id, outcome, message)| Answer::Failed {
            id,
            outcome,
            message
        }),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let cause = || prop::sample::select(Cause::ALL.to_vec());
    prop_oneof![
        3 => answer_to_a_request(),
        1 => (any::<u32>(), any::<u64>()).prop_map(|(pid, sequence)| Answer::Ready { pid, sequence }),
        1 => (any::<u64>(), cause(), any::<u64>(), path()).prop_map(
            |(run, cause, sequence, path)| Answer::Snapshot {
                run,
                cause,
                sequence,
                path
            }
        ),
        1 => (any::<u64>(), cause(), message()).prop_map(|(run, cause, message)| {
            Answer::SnapshotFailed {
                run,
                cause,
                message,
            }
        }),
        1 => (any::<u64>(), any::<u64>(), message()).prop_map(|(first, last, message)| Answer::Lost {
            first,
            last,
            message
        }),
        1 => ("[a-z]{1,8}", any::<u64>()).prop_map(|(name, count)| Answer::Queued { name, count }),
        1 => (any::<u64>(), level()).prop_map(|(sequence, level)| Answer::End { sequence, level }),
        1 => message().prop_map(|message| Answer::EndFailed { message }),
    ]
}

proptest! {
    #[test]
    fn requests_print_what_they_parse(id: u64, command in command()) {
        let request = Request { id, command };
        let line = request.to_string();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(line.parse(), Ok(request), "{}", line);
    }

    #[test]
    fn answers_print_what_they_parse(answer in answer()) {
        let line = answer.to_string();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(line.parse(), Ok(answer), "{}", line);
    }

    #[test]
    fn any_line_is_read_or_refused(line in any::<String>(), words in "([0-9]{0,3}|end|ok|snapshot|failed|batch|put|[a-z;%*]{0,4}| ){0,9}") {
        for line in [line, words] {
            if let Ok(request) = line.parse::<Request>() {
                prop_assert_eq!(request.to_string().parse(), Ok(request));
            }
            if let Ok(answer) = line.parse::<Answer>() {
                prop_assert_eq!(answer.to_string().parse(), Ok(answer));
            }
        }
    }
}

#[test]
fn a_short_line_does_not_stand_for_more_than_a_request_may_hold() {
    let part = "put a a*16777216";
    let line = format!("7 batch {}", [part; 5].join("; "));
    let error = line.parse::<Request>().expect_err("it is too much");
    assert_eq!(
        error,
        ParseRequestError {
            id: 7,
            reason: "a request is at most 67108864 bytes".to_owned()
        }
    );
}

#[test]
fn a_control_character_never_ends_a_line_early() {
    let failed = Answer::EndFailed {
        message: "one\ntwo".to_owned(),
    };
    assert_eq!(failed.to_string(), "end failed one two");
    let done = Answer::Snapshot {
        run: 1,
        cause: Cause::Final,
        sequence: 2,
        path: PathBuf::from("a b\n100%"),
    };
    assert_eq!(done.to_string(), "snapshot 1 final done 2 a b%0a100%25");
}
