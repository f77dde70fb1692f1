//! Histories that are written by hand.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_reference::host::ExitStatus;
use plimsoll_reference::service::protocol;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::history::{End, Found, Life, Moment, Notice, Pairs, Request};
use plimsoll_sim::trial::judge::{Disturbed, judge};
use plimsoll_sim::trial::ledger::Ledger;
use plimsoll_sim::trial::promise::Promise;

/// A life from its text, one line for each thing that happens:
///
/// ```text
/// base a=1            what the disk held when it began
/// orphans             somebody of the life before still runs
/// < 1 put a 2         the client asks
/// > 1 ok power 1      the system says
/// + 20s               time passes
/// signal SIGUSR1      it is sent
/// arrives SIGUSR1     it is there
/// eof | deaf | stop | read
/// beside a=1          the disk is read while it runs
/// exit 0 | dies 10 | killed | power | running
/// left a=1            what is on the disk then; several are alternatives; `nothing` is no store at all
/// ```
///
/// A new event comes with each line, a microsecond after the one before.
pub(crate) fn lives(text: &str) -> Vec<Arc<Life>> {
    let mut writer = Writer::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        writer.take(line);
    }
    writer.finish();
    writer.lives
}

/// The oracles that the last life does not hold. Every life before it has to.
pub(crate) fn found(text: &str, promise: &Promise, disturbed: Disturbed) -> Vec<Oracle> {
    let lives = lives(text);
    let (last, earlier) = lives.split_last().expect("there is a life");
    for life in earlier {
        assert_eq!(judge(life, promise, disturbed), [], "{text}");
    }
    let findings = judge(last, promise, disturbed);
    findings.iter().map(|finding| finding.oracle).collect()
}

#[derive(Default)]
struct Writer {
    lives: Vec<Arc<Life>>,
    now: Moment,
    life: Option<(Life, Ledger)>,
}

impl Writer {
    fn take(&mut self, line: &str) {
        self.now.event += 1;
        self.now.now += Duration::from_micros(1);
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "base" {
            self.finish();
            let life = Life::new(pairs(rest), self.now);
            self.life = Some((life, Ledger::default()));
            return;
        }
        let at = self.now;
        let (life, ledger) = self.life.get_or_insert_with(|| {
            let life = Life::new(Pairs::new(), at);
            (life, Ledger::default())
        });
        match word {
            "orphans" => life.has_orphans = true,
            "<" => {
                let request: protocol::Request = rest.parse().expect(rest);
                ledger.ask(at, request.id, asked(request.command));
            }
            ">" => {
                ledger.hear(at, rest);
            }
            "+" => {
                let time = plimsoll_faults::plan::parse_duration(rest);
                self.now.now += time.expect(rest);
            }
            "left" => life.left.push(store(rest)),
            "exit" => {
                let code = rest.parse().expect(rest);
                life.end = (at, End::Exited(ExitStatus::Code(code)));
            }
            "dies" => {
                let number = rest.parse().expect(rest);
                life.end = (at, End::Exited(ExitStatus::Signal(number)));
            }
            "killed" => life.end = (at, End::Killed),
            "power" => life.end = (at, End::PowerLost),
            "running" => life.end = (at, End::Running),
            _ => ledger.notice(at, notice(word, rest)),
        }
    }

    fn finish(&mut self) {
        let Some((mut life, ledger)) = self.life.take() else {
            return;
        };
        life.requests = ledger.requests;
        life.notices = ledger.notices;
        let is_cut = |life: &Arc<Life>| life.end.1 == End::PowerLost;
        let since = self.lives.iter().rposition(is_cut);
        life.before = self.lives[since.map_or(0, |last| last + 1)..].to_vec();
        self.lives.push(Arc::new(life));
    }
}

fn asked(command: protocol::Command) -> Request {
    use protocol::Command;
    match command {
        Command::Write(mutation) => Request::Write(vec![mutation]),
        Command::Batch(mutations) => Request::Write(mutations),
        Command::Get(key) => Request::Get(key),
        Command::Scan => Request::Scan,
        Command::Sync => Request::Sync,
        Command::Snapshot => Request::Snapshot,
        Command::Checkpoint | Command::Compact => Request::Maintain,
        Command::Close => Request::Close,
    }
}

fn notice(word: &str, rest: &str) -> Notice {
    match word {
        "signal" => Notice::Signalled(rest.parse().expect(rest)),
        "arrives" => Notice::Arrived(rest.parse().expect(rest)),
        "eof" => Notice::InputClosed,
        "deaf" => Notice::OutputClosed,
        "stop" => Notice::ReadingStopped,
        "read" => Notice::ReadingAgain,
        "other" => match rest {
            "starts" => Notice::OtherStarted,
            "ready" => Notice::OtherReady,
            _ => Notice::OtherEnded,
        },
        "beside" => Notice::Inspected(store(rest)),
        _ => panic!("`{word}` means nothing"),
    }
}

fn store(text: &str) -> Found {
    match text {
        "nothing" => Found::Nothing,
        "damaged" => Found::Unreadable("a checksum is wrong".to_owned()),
        _ => Found::Store(pairs(text)),
    }
}

fn pairs(text: &str) -> Pairs {
    let pairs = text.split_whitespace().map(|pair| {
        let (key, value) = pair.split_once('=').expect(pair);
        (key.into(), value.into())
    });
    pairs.collect()
}
