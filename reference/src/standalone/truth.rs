//! What is known of the data when everything has ended.

use std::path::PathBuf;

use crate::host::ExitStatus;
use crate::level::Level;

/// What the server said and did, as far as the data depends on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Truth {
    /// Whether it said that it is ready.
    pub(super) was_ready: bool,
    /// Number of the last write that it acknowledged.
    pub(super) acknowledged: u64,
    /// What it said first of writes that it had acknowledged and lost. Their numbers may be those of later writes, so that no number tells
    /// that they are missing.
    pub(super) lost: Option<String>,
    /// What our own snapshot covers, or why there is none.
    pub(super) saved: Option<Result<u64, String>>,
    /// Its last line: up to which write everything is held, and how; or why not.
    pub(super) last_line: Option<Result<(u64, Level), String>>,
    /// The newest snapshot of which it said that it is in place.
    pub(super) newest: Option<(u64, PathBuf)>,
    /// How it ended; not known of one that was given up.
    pub(super) status: Option<ExitStatus>,
}

/// What is known of the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Everything acknowledged is held; all up to this write, at this level.
    Held {
        sequence: u64,
        level: Level,
        /// What went wrong all the same.
        remark: Option<String>,
    },
    /// It is not, or may not be.
    InDoubt(String),
}

impl Truth {
    /// Puts together what was said and done. What was said counts only together with what was done: a server that says that it ended well
    /// and then dies is not believed, unless our own snapshot covers everything.
    pub(super) fn verdict(&self) -> Verdict {
        let end = match (&self.last_line, self.status) {
            (Some(Ok((sequence, level))), Some(status))
                if status.is_success()
                    && self.lost.is_none()
                    && *sequence >= self.acknowledged
                    && *level == Level::Power =>
            {
                return Verdict::Held {
                    sequence: *sequence,
                    level: *level,
                    remark: None,
                };
            }
            (last_line, status) => how_it_ended(last_line.as_ref(), status),
        };
        match (&self.lost, &self.saved) {
            (Some(lost), _) => Verdict::InDoubt(format!("{end}; {lost}")),
            (None, Some(Ok(sequence))) if *sequence >= self.acknowledged => Verdict::Held {
                sequence: *sequence,
                level: Level::Power,
                remark: Some(format!(
                    "{end}; everything acknowledged was in the snapshot before that"
                )),
            },
            _ => Verdict::InDoubt(format!("{end}; {}", self.what_there_is())),
        }
    }

    fn what_there_is(&self) -> String {
        let acknowledged = self.acknowledged;
        let snapshot = match (&self.newest, &self.saved) {
            (Some((sequence, path)), _) => {
                format!(
                    "the newest snapshot holds all up to write {sequence}, in `{}`",
                    path.display()
                )
            }
            (None, Some(Err(message))) => format!("there is no snapshot: {message}"),
            (None, _) => "no snapshot was made".to_owned(),
        };
        if !self.was_ready {
            return "it was not ready, and nothing was acknowledged".to_owned();
        }
        if acknowledged == 0 {
            return "no write was acknowledged".to_owned();
        }
        format!(
            "{acknowledged} is the last write that was acknowledged, and {snapshot}; what was acknowledged at `process` or `power` is on \
             disk, the rest may be lost"
        )
    }
}

fn how_it_ended(
    last_line: Option<&Result<(u64, Level), String>>,
    status: Option<ExitStatus>,
) -> String {
    let status = match status {
        Some(status) => format!("the server ended by {status}"),
        None => "the server was given up".to_owned(),
    };
    match last_line {
        None => format!("{status} without a last word"),
        Some(Err(message)) => format!("{status} and said: {message}"),
        Some(Ok((sequence, level))) => {
            format!("{status} and said that all up to write {sequence} is held at `{level}`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(acknowledged: u64) -> Truth {
        Truth {
            was_ready: true,
            acknowledged,
            ..Truth::default()
        }
    }

    fn is_held(truth: &Truth) -> bool {
        matches!(truth.verdict(), Verdict::Held { .. })
    }

    #[test]
    fn a_last_line_counts_with_a_good_exit_only() {
        let with = |last_line, status| Truth {
            last_line: Some(last_line),
            status,
            ..truth(5)
        };
        let good = Some(ExitStatus::Code(0));
        assert!(is_held(&with(Ok((5, Level::Power)), good)));
        assert!(!is_held(&with(Ok((4, Level::Power)), good)));
        assert!(!is_held(&with(Ok((5, Level::Memory)), good)));
        assert!(!is_held(&with(Err("full".to_owned()), good)));
        assert!(!is_held(&with(
            Ok((5, Level::Power)),
            Some(ExitStatus::Code(1))
        )));
        assert!(!is_held(&with(
            Ok((5, Level::Power)),
            Some(ExitStatus::Signal(9))
        )));
        assert!(!is_held(&with(Ok((5, Level::Power)), None)));
    }

    #[test]
    fn our_own_snapshot_outlives_the_server() {
        let with = |saved| Truth {
            saved: Some(saved),
            status: Some(ExitStatus::Signal(9)),
            ..truth(5)
        };
        assert!(is_held(&with(Ok(5))));
        assert!(!is_held(&with(Ok(4))), "it is older than the last write");
        assert!(!is_held(&with(Err("disk full".to_owned()))));
    }

    #[test]
    fn what_was_lost_is_in_no_later_snapshot() {
        let truth = Truth {
            lost: Some("writes 1 to 4 are lost".to_owned()),
            saved: Some(Ok(6)),
            last_line: Some(Ok((6, Level::Power))),
            status: Some(ExitStatus::Code(0)),
            ..truth(6)
        };
        let Verdict::InDoubt(message) = truth.verdict() else {
            panic!("others have these numbers now");
        };
        assert!(message.contains("writes 1 to 4 are lost"), "{message}");
    }

    #[test]
    fn what_is_in_doubt_is_told_with_what_there_is() {
        let killed = Truth {
            newest: Some((3, "/data/s.db".into())),
            status: Some(ExitStatus::Signal(9)),
            ..truth(5)
        };
        let Verdict::InDoubt(message) = killed.verdict() else {
            panic!("it died");
        };
        assert!(message.contains("SIGKILL"), "{message}");
        assert!(
            message.contains("up to write 3, in `/data/s.db`"),
            "{message}"
        );
    }
}
