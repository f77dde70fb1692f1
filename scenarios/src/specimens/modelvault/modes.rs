//! The specimens that scenarios can name.

use std::sync::Arc;

use plimsoll_sim::sut::Sut;

use super::bug::Bug::{self, H1, New, R1, R2, R5, R18, R22, Seen};
use super::bug::Mends;
use super::options::Options;
use super::sut::ModelVault;

/// What the options add to a name.
const OPTIONS: [(&str, Options); 3] = [
    ("", Options::usual()),
    ("-bare-name", Options::bare_name()),
    ("-trusting", Options::trusting()),
];

/// The historical protocol with some bugs mended, for scenarios that show one bug which others would hide.
const MENDED: &[&[Bug]] = &[
    &[],
    &[New, R5],
    &[New, R18],
    &[New, R5, R18],
    &[New, R5, R18, Seen],
    &[New, R5, R18, R1],
    &[New, R5, R18, R1, R22],
    &[New, R5, R18, R1, R2, H1],
];

impl ModelVault {
    /// The historical protocol with some bugs mended, and the mended one.
    pub fn modes() -> Vec<Arc<dyn Sut>> {
        let mut suts: Vec<Arc<dyn Sut>> = Vec::new();
        for (ending, options) in OPTIONS {
            for bugs in MENDED {
                let mended: String = bugs.iter().map(|bug| format!("+{bug}")).collect();
                let name = format!("modelvault-0.16{mended}{ending}");
                suts.push(Arc::new(Self::new(name, options, Mends::of(bugs))));
            }
            let name = format!("modelvault-fixed{ending}");
            suts.push(Arc::new(Self::new(name, options, Mends::all())));
        }
        suts
    }
}
