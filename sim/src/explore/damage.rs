//! Damaged stores: what is not a crash, but will be opened all the same.
//!
//! Every file of the closed store is removed, emptied, zeroed, cut in half, replaced by another's bytes and by foreign ones, and hit
//! by single bit flips. Opening must end in a typed error or in a state that the store was in: never in a panic, without end, or
//! with pairs that nobody wrote (R5). A flipped bit must be reported or without consequence (R4).
//!
//! **Not modelled**: damage to several files at once, misdirected and stale sectors.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::image::{Content, Image, Ino, Node};
use plimsoll_faults::rng::Rng;

use super::lab::Lab;
use super::recording::Recording;
use super::recovered::Recovered;
use crate::oracle::Oracle;

/// Bits flipped per file.
const FLIPS: u32 = 48;

/// Damage that a store did not take as it should.
pub(super) struct Mishap {
    pub(super) oracle: Oracle,
    pub(super) damage: String,
    pub(super) expected: &'static str,
    pub(super) found: String,
}

/// Damages each file in every way and opens the store on each result.
pub(super) fn damage(recording: &Recording, lab: &mut Lab<'_>, rng: &mut Rng) -> Vec<Mishap> {
    let mut mishaps: Vec<Mishap> = Vec::new();
    let mut files: Vec<(String, Ino)> = Vec::new();
    recording.image.walk(&mut |path, ino| {
        if recording.image.file(ino).is_some() {
            files.push((path.to_owned(), ino));
        }
    });
    for (path, ino) in &files {
        for (damage, image, is_flip) in variants(&recording.image, *ino, &files, rng) {
            let result = lab.recover_damaged(&image, Duration::ZERO);
            let Some((oracle, expected, found)) = judge(recording, &result, is_flip) else {
                continue;
            };
            if mishaps.iter().all(|mishap| mishap.oracle != oracle) {
                mishaps.push(Mishap {
                    oracle,
                    damage: format!("{path}: {damage}"),
                    expected,
                    found,
                });
            }
        }
    }
    mishaps
}

fn judge(
    recording: &Recording,
    result: &Recovered,
    is_flip: bool,
) -> Option<(Oracle, &'static str, String)> {
    match result {
        Recovered::Failed(_) => None,
        Recovered::Crashed(message) => Some((
            Oracle::R5,
            "a typed error, or a state of the store",
            message.to_string(),
        )),
        Recovered::State(hash) => {
            let last = recording.steps.len() as u32;
            // Also one that a restart has shown to be lost: a copy of the store that takes the place of a file may hold it.
            match recording.model.find_any(*hash, last) {
                None => Some((
                    Oracle::R5,
                    "a typed error, or a state of the store",
                    "a state that the store was never in".to_owned(),
                )),
                Some(shown) if is_flip && shown.last < last => Some((
                    Oracle::R4,
                    "an error: synced data is damaged",
                    format!("silently, the state after #{}", shown.last),
                )),
                Some(_) => None,
            }
        }
    }
}

/// The image with one file damaged in each way: what was done, the result, whether it was a mere bit.
fn variants(
    image: &Image,
    ino: Ino,
    files: &[(String, Ino)],
    rng: &mut Rng,
) -> Vec<(String, Image, bool)> {
    let Some(content) = image.file(ino) else {
        return Vec::new();
    };
    let bytes = content.to_vec();
    let mut variants = Vec::new();
    let mut add = |damage: String, bytes: &[u8], is_flip: bool| {
        variants.push((damage, with_bytes(image, ino, bytes), is_flip));
    };
    add("emptied".to_owned(), &[], false);
    add("zeroed".to_owned(), &vec![0; bytes.len()], false);
    add("cut in half".to_owned(), &bytes[..bytes.len() / 2], false);
    add(
        "foreign text".to_owned(),
        b"#!/bin/sh\necho this is not a store\n",
        false,
    );
    add(
        "all ones".to_owned(),
        &vec![0xff; bytes.len().max(64)],
        false,
    );
    for (other, other_ino) in files {
        if *other_ino != ino
            && let Some(content) = image.file(*other_ino)
        {
            add(format!("replaced by {other}"), &content.to_vec(), false);
        }
    }
    if !bytes.is_empty() {
        for _ in 0..FLIPS {
            let at = rng.below(bytes.len() as u64) as usize;
            let bit = rng.below(8);
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            add(format!("bit {bit} of byte {at} flipped"), &flipped, true);
        }
    }
    variants
}

fn with_bytes(image: &Image, ino: Ino, bytes: &[u8]) -> Image {
    let mut image = image.clone();
    image.insert(ino, Node::File(Arc::new(Content::from_bytes(bytes))));
    image
}
