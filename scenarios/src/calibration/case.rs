//! What the cases of the calibration are made of.

use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::Disk;
use plimsoll_sim::command::Command;

/// The disks on which a sync that is dropped can be noticed: every profile that ships, and no disk that lies.
pub fn disks() -> Vec<Disk> {
    Profile::shipped().into_iter().map(Disk::honest).collect()
}

/// Commands that are constants.
///
/// # Panics
/// One of them is not a command.
pub fn steps(texts: &[&str]) -> Vec<Command> {
    let command = |text: &&str| match text.parse() {
        Ok(command) => command,
        Err(error) => panic!("`{text}`: {error}"),
    };
    texts.iter().map(command).collect()
}
