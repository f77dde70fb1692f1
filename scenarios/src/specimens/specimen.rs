//! A specimen as scenarios name it.

use std::fmt::Display;
use std::sync::Arc;

use plimsoll_sim::sut::Sut;

use super::mends::{Mendable, Mends};

/// The model of a system in one of its modes, with some of its bugs mended.
#[derive(Clone, Debug)]
pub struct Specimen<O, B> {
    pub(super) name: String,
    pub(super) options: O,
    pub(super) mends: Mends<B>,
}

impl<O, B> Specimen<O, B> {
    /// The specimen of this name.
    pub fn new(name: impl Into<String>, options: O, mends: Mends<B>) -> Self {
        Self {
            name: name.into(),
            options,
            mends,
        }
    }
}

impl<O, B: Mendable + Display> Specimen<O, B>
where
    Self: Sut + 'static,
{
    /// The specimen with these bugs and no other: `SYSTEM-BUGS-MODE`, and `SYSTEM-fixed-MODE` without any.
    pub(super) fn with_bugs(system: &str, mode: &str, options: O, bugs: &[B]) -> Arc<dyn Sut> {
        let listed: Vec<String> = bugs.iter().map(B::to_string).collect();
        let listed = match bugs {
            [] => "fixed".to_owned(),
            _ => listed.join("+"),
        };
        let name = format!("{system}-{listed}-{mode}");
        Arc::new(Self::new(name, options, Mends::all_but(bugs)))
    }
}

/// The options of the mode with this name.
pub(super) fn mode<O: Copy>(modes: &[(&str, O)], name: &str) -> Option<O> {
    let mut modes = modes.iter();
    modes
        .find(|(mode, _)| *mode == name)
        .map(|(_, options)| *options)
}
