//! Errors of litmus files, with the same report as those of scenarios.

use plimsoll_faults::litmus::LitmusError;

use crate::diagnostic::{Complaint, ScenarioError};

/// What is wrong with a litmus file, as a whole report. `file_name` is what it calls the file, `text` what the file holds.
pub fn litmus_report(file_name: &str, text: &str, error: &LitmusError) -> ScenarioError {
    let complaint = Complaint::new(error.message.as_str());
    ScenarioError::new(file_name, text, Some(error.span.clone()), complaint)
}
