//! Where a URL says that the database is.

use super::bug::Bug;
use crate::specimens::mends::Mends;

/// A database in memory that all connections of a process share, as SQLite spells it.
const SHARED: &str = "file::memory:?cache=shared";

/// Where the database is, and where the server takes it to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// What SQLite is given.
    pub(super) name: String,
    /// Whether the server treats it as a database in memory.
    pub(super) in_memory: bool,
}

impl Location {
    /// Reads a URL as the server does.
    pub(super) fn parse(url: &str, mends: Mends<Bug>) -> Self {
        let (scheme, name) = match url.strip_prefix("sqlite:") {
            Some(name) => (true, name),
            None => (false, url),
        };
        let is_bare = name == ":memory:" && (scheme || mends.has(Bug::H7));
        if is_bare && mends.has(Bug::H1) {
            return Self {
                name: SHARED.to_owned(),
                in_memory: true,
            };
        }
        let in_memory = is_bare
            || if !mends.has(Bug::H6) {
                scheme && name.contains(":memory:")
            } else if !mends.has(Bug::H9) {
                false
            } else if !mends.has(Bug::R15) {
                name.contains("file::memory:")
            } else {
                is_memory_uri(name)
            };
        Self {
            name: name.to_owned(),
            in_memory,
        }
    }
}

/// Whether SQLite takes a name for a URI of a database in memory.
fn is_memory_uri(name: &str) -> bool {
    let Some(uri) = name.strip_prefix("file:") else {
        return false;
    };
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    path == ":memory:" || query.split('&').any(|part| part == "mode=memory")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimens::mends::Mends;

    #[test]
    fn a_url_is_parsed_once_every_bug_is_mended() {
        for (url, name, in_memory) in [
            ("sqlite::memory:", SHARED, true),
            (":memory:", SHARED, true),
            ("sqlite:file::memory:?cache=shared", SHARED, true),
            (
                "sqlite:file:jobs?mode=memory&cache=shared",
                "file:jobs?mode=memory&cache=shared",
                true,
            ),
            ("sqlite:jobs.db", "jobs.db", false),
            ("sqlite:run:memory:1.db", "run:memory:1.db", false),
            ("sqlite:run-file::memory:.db", "run-file::memory:.db", false),
        ] {
            let location = Location::parse(url, Mends::all());
            assert_eq!(
                (&*location.name, location.in_memory),
                (name, in_memory),
                "{url}"
            );
        }
    }

    #[test]
    fn each_way_of_searching_a_url_is_wrong_about_another_one() {
        let in_memory = |url, bugs: &[Bug]| Location::parse(url, Mends::of(bugs)).in_memory;
        assert!(in_memory("sqlite:run:memory:1.db", &[]));
        assert!(!in_memory("sqlite:run:memory:1.db", &[Bug::H6]));
        assert!(!in_memory("sqlite:file::memory:?cache=shared", &[Bug::H6]));
        assert!(in_memory(
            "sqlite:run-file::memory:.db",
            &[Bug::H6, Bug::H9]
        ));
    }
}
