//! The judge of worlds, held to histories that are written by hand: for each oracle one that violates it, and one that nearly does.

mod history;
mod levels;
mod lives;
mod reads;
mod signals;
mod times;
mod words;
