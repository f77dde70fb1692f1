//! What a system says makes sense.

use super::Finding;
use crate::oracle::Oracle;
use crate::trial::history::{Life, Notice};

pub(super) fn judge(life: &Life, findings: &mut Vec<Finding>) {
    let strange = life.notices.iter().find_map(|(at, notice)| match notice {
        Notice::Strange(text) => Some((*at, text)),
        _ => None,
    });
    if let Some((at, text)) = strange {
        findings.push(Finding {
            oracle: Oracle::V3,
            at,
            expected: "lines of the protocol, and one answer to each request".to_owned(),
            found: text.clone(),
        });
    }
}
