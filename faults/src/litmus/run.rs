//! A litmus program that has run, to be crashed under any profile.

use std::sync::Arc;

use super::case::{CrashPoint, States};
use super::error::LitmusError;
use super::program::{Program, Recording};
use super::tree::Tree;
use crate::crash::{Bounds, CrashKind, Frontier};
use crate::profile::Profile;
use crate::rng::Rng;

/// Choices of what reached the disk at one crash point beyond which a case is too large to be read.
pub const CHOICES_MAX: u32 = 1 << 14;

/// A program that has run.
#[derive(Clone, Debug)]
pub struct Run {
    recording: Recording,
}

impl Run {
    /// Runs a program.
    ///
    /// # Errors
    /// A step does not end as it says.
    pub fn new(program: &Program) -> Result<Self, LitmusError> {
        let recording = program.record()?;
        Ok(Self { recording })
    }

    /// Every state that a crash at this point may leave; none when there are more than [`CHOICES_MAX`] choices. A point beyond the
    /// last step is one at the end. After a kill nothing is done, so a power loss that follows it leaves what one alone does.
    pub fn allowed(
        &self,
        point: CrashPoint,
        kind: CrashKind,
        profile: &Arc<Profile>,
    ) -> Option<States> {
        let mut frontier = Frontier::new(self.recording.image.clone(), Arc::clone(profile));
        if kind == CrashKind::Lying {
            frontier = frontier.lying();
        }
        for entry in self.recording.steps.iter().take(point.after).flatten() {
            frontier.advance(entry);
        }
        let bounds = Bounds {
            exhaustive: CHOICES_MAX,
            samples: 0,
        };
        let mut states = Vec::new();
        // Without samples nothing is drawn from the stream.
        let mut rng = Rng::stream(0, "litmus");
        let complete = match kind {
            CrashKind::ProcessKill => {
                states.push(frontier.everything());
                true
            }
            _ => frontier.states_of(kind, bounds, &mut rng, &mut states),
        };
        let image = |state| Tree::of(&frontier.image(state)).render();
        complete.then(|| states.into_iter().map(image).collect())
    }
}
