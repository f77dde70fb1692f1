//! The bugs.

use crate::specimens::mends::bugs;

bugs! {
    R14, "Of two snapshots at once, the second cuts the log at a position that the first has moved.";
    R16, "A snapshot holds the last leaf that it has read until it is synced, and commits to that leaf wait.";
    R34, "A commit can be read before it is in the log, and others that depend on it may be in the log first.";
    R36, "A batch that cannot be appended is dropped and nobody is told, and any number of commits may wait for the log.";
}
