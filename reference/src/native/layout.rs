//! Where the files of a store are, and how they are named.

use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::limits::SEGMENT_NUMBER_MAX;
use super::options::Options;

const SNAPSHOT_NAME: &str = "snapshot.plim";
const LOCK_NAME: &str = "lock";
/// Digits of a segment's number in its name.
const NUMBER_DIGITS: usize = 10;
const SEGMENT_SUFFIX: &str = ".log";
const SEGMENT_TEMP_SUFFIX: &str = ".log.tmp";
/// What the name of an image ends with that is yet to get its own.
const TEMP_EXTENSION: &str = "tmp";
/// What the second name of a file ends with that is being replaced.
const SECOND_EXTENSION: &str = "old.tmp";

/// The paths of one store.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) base: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) log_dir: PathBuf,
    pub(super) snapshot: PathBuf,
    pub(super) snapshot_dir: PathBuf,
    snapshot_name: String,
}

/// What a name in a directory of the store stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogName {
    Segment(u64),
    Temporary,
}

impl Layout {
    pub(super) fn new(options: &Options) -> Result<Self, StoreError> {
        let invalid = |reason| StoreError::InvalidOption {
            option: "snapshot_path",
            reason,
        };
        let base = options.base.clone();
        let log_dir = options
            .log_dir
            .as_ref()
            .map_or_else(|| base.clone(), |dir| base.join(dir));
        let snapshot = match &options.snapshot_path {
            Some(path) => base.join(path),
            None => base.join(SNAPSHOT_NAME),
        };
        let snapshot_name = snapshot
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| invalid("the path must end in a file name in UTF-8"))?
            .to_owned();
        if snapshot_name == LOCK_NAME || parse_log_name(&snapshot_name).is_some() {
            return Err(invalid(
                "the name is one of the lock's or the log's; choose another",
            ));
        }
        let snapshot_dir = snapshot.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(Self {
            lock: base.join(LOCK_NAME),
            base,
            log_dir,
            snapshot,
            snapshot_dir,
            snapshot_name,
        })
    }

    /// The name under which the snapshot of `covered` is written; `attempt` differs within one life, and a life starts by removing
    /// what earlier ones left.
    pub(super) fn snapshot_temp(&self, covered: u64, attempt: u64) -> PathBuf {
        self.snapshot_dir
            .join(temp_of(&self.snapshot_name, covered, attempt))
    }

    /// Whether `name` is one that [`snapshot_temp`](Self::snapshot_temp) gives.
    pub(super) fn is_snapshot_temp(&self, name: &str) -> bool {
        is_temp_of(&self.snapshot_name, name)
    }

    pub(super) fn segment(&self, number: u64) -> PathBuf {
        self.numbered(number, SEGMENT_SUFFIX)
    }

    pub(super) fn segment_temp(&self, number: u64) -> PathBuf {
        self.numbered(number, SEGMENT_TEMP_SUFFIX)
    }

    /// A name of ten digits in the log directory.
    fn numbered(&self, number: u64, suffix: &str) -> PathBuf {
        debug_assert!(number <= SEGMENT_NUMBER_MAX);
        let mut digits = [b'0'; NUMBER_DIGITS];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let mut name = String::with_capacity(NUMBER_DIGITS + suffix.len());
        name.extend(digits.map(char::from));
        name.push_str(suffix);
        self.log_dir.join(name)
    }
}

/// The name under which an image of `covered` is written that is to be called `name`.
pub(super) fn temp_of(name: &str, covered: u64, attempt: u64) -> String {
    format!("{name}.{covered}-{attempt}.{TEMP_EXTENSION}")
}

/// The name by which the file is kept for a while that what is called `temp` replaces: a temporary as well.
pub(super) fn second_name(temp: &Path) -> PathBuf {
    temp.with_extension(SECOND_EXTENSION)
}

/// Whether a temporary is a name that [`second_name`] gives.
pub(super) fn is_second_name(temp: &Path) -> bool {
    let stem = temp.file_stem().map(Path::new);
    stem.and_then(Path::extension)
        .is_some_and(|end| end == "old")
}

/// Whether [`temp_of`] gives `temp` for `name`, or [`second_name`] for that.
pub(super) fn is_temp_of(name: &str, temp: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let numbers = || {
        let (numbers, end) = temp
            .strip_prefix(name)?
            .strip_prefix('.')?
            .split_once('.')?;
        let (covered, attempt) = numbers.split_once('-')?;
        Some(
            digits(covered) && digits(attempt) && [TEMP_EXTENSION, SECOND_EXTENSION].contains(&end),
        )
    };
    numbers().unwrap_or(false)
}

/// What a name in the log directory stands for; `None` for names that are not ours.
pub(super) fn parse_log_name(name: &str) -> Option<LogName> {
    let (digits, suffix) = name.split_at_checked(NUMBER_DIGITS)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    debug_assert!(number <= SEGMENT_NUMBER_MAX);
    match suffix {
        SEGMENT_SUFFIX => Some(LogName::Segment(number)),
        SEGMENT_TEMP_SUFFIX => Some(LogName::Temporary),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_recognised() {
        assert_eq!(parse_log_name("0000000012.log"), Some(LogName::Segment(12)));
        assert_eq!(
            parse_log_name("0000000012.log.tmp"),
            Some(LogName::Temporary)
        );
        for other in [
            "12.log",
            "00000000012.log",
            "0000000012.log.bak",
            "+000000012.log",
            "0000000012",
            "notes",
            "ééééé.log",
        ] {
            assert_eq!(parse_log_name(other), None, "{other}");
        }
        let layout = Layout::new(&Options::new("d")).expect("valid");
        let temp = layout.snapshot_temp(17, 3);
        assert_eq!(temp, Path::new("d/snapshot.plim.17-3.tmp"));
        assert!(!is_second_name(&temp));
        let second = second_name(&temp);
        assert!(is_second_name(&second));
        for path in [temp, second] {
            let name = path.file_name().and_then(|name| name.to_str());
            assert!(name.is_some_and(|name| layout.is_snapshot_temp(name)));
        }
        for other in [
            "snapshot.plim",
            "snapshot.plim.tmp",
            "snapshot.plim.17.tmp",
            "snapshot.plim.17-.tmp",
            "snapshot.plim.17-3.older.tmp",
            "snapshot.plim.old.tmp",
            "x.17-3.tmp",
        ] {
            assert!(!layout.is_snapshot_temp(other), "{other}");
        }
    }

    #[test]
    fn relative_paths_start_at_the_base() {
        let layout =
            Layout::new(&Options::new("d").log_dir("wal").snapshot_path("img/s")).expect("valid");
        assert_eq!(layout.segment(3), Path::new("d/wal/0000000003.log"));
        assert_eq!(layout.snapshot_dir, Path::new("d/img"));
    }
}
