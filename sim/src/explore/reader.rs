//! What is wrong with what an independent reader finds.

use std::sync::Arc;

use super::recovered::Canonical;
use super::sweep::Sweep;

impl Sweep<'_, '_> {
    /// What is wrong with the canonical image.
    pub(super) fn canonical_complaint(&self, canonical: &Canonical) -> Option<(String, String)> {
        let floor = self.promises.snapshot_floor();
        let expected = || "a complete image, old or new".to_owned();
        match canonical {
            Canonical::None => None,
            Canonical::Absent if floor.is_none() => None,
            Canonical::Absent => Some((expected(), "no file".to_owned())),
            Canonical::Broken(message) => Some((expected(), message.to_string())),
            Canonical::State(hash) => {
                let floor = floor.unwrap_or(0);
                let shown = self.recording.model.find(
                    *hash,
                    floor,
                    self.promises.current,
                    self.promises.ended,
                );
                let voided = self
                    .recording
                    .model
                    .was_voided(*hash, self.promises.current);
                (shown.is_none() && !voided).then(|| {
                    (
                        expected(),
                        "an image of no state the store was in".to_owned(),
                    )
                })
            }
        }
    }

    /// What is wrong with the number of snapshots.
    pub(super) fn snapshots_complaint(
        &self,
        found: Option<&Result<u32, Arc<str>>>,
    ) -> Option<(String, String)> {
        let kept = self.case.sut.contract().snapshots_kept;
        let floor = self.promises.snapshots_floor(kept);
        let found = match found? {
            Ok(count) if *count >= floor => return None,
            Ok(count) => count.to_string(),
            Err(message) => message.to_string(),
        };
        Some((format!("{floor} complete snapshots, old and new"), found))
    }

    /// What is wrong with the copy in a place. Until the first one is acknowledged there may be anything.
    pub(super) fn copy_complaint(&self, place: u8, found: &Canonical) -> Option<(String, String)> {
        let floor = self.promises.copy_floor(place)?;
        let found = match found {
            Canonical::None => return None,
            Canonical::Absent => "no file".to_owned(),
            Canonical::Broken(message) => message.to_string(),
            Canonical::State(hash) => {
                let model = &self.recording.model;
                if model.is_copy(*hash, floor, self.promises.current) {
                    return None;
                }
                "a copy of no state that the store was in since".to_owned()
            }
        };
        let expected = format!("a complete copy in place {place}, old or new");
        Some((expected, found))
    }
}
