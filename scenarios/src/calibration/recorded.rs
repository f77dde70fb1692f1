//! What power cuts left of databases on real file systems.

use serde::Deserialize;

const TEXT: &str = include_str!("../../known-answers/sqlite.toml");

/// A database on a file system whose power was cut again and again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// The store, by its name here.
    pub store: String,
    /// Where it was recorded.
    pub place: String,
    /// The profile that stands for that place.
    pub disk: String,
    /// Crash images that were looked at.
    pub images: u32,
    /// Those in which a commit is missing that had returned.
    pub lost: u32,
    /// Those whose integrity check fails.
    pub damaged: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    recording: Vec<Recording>,
}

/// Every recording, store by store.
pub fn recordings() -> Vec<Recording> {
    let file: File = toml::from_str(TEXT).expect("the file ships, and a test reads it");
    file.recording
}

#[cfg(test)]
mod tests {
    use plimsoll_faults::profile::Profile;

    use super::*;
    use crate::registry::Registry;

    #[test]
    fn recordings_are_of_stores_and_disks_that_there_are() {
        let registry = Registry::shipped();
        let recordings = recordings();
        assert_eq!(recordings.len(), 16);
        for recording in &recordings {
            assert!(registry.sut(&recording.store).is_ok(), "{recording:?}");
            assert!(Profile::named(&recording.disk).is_some(), "{recording:?}");
            assert!(recording.lost + recording.damaged <= recording.images);
        }
    }
}
