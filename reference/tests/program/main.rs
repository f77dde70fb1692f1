//! The program, as processes on a real directory.

mod ends;
mod places;
mod reading;
mod servers;
mod support;
