//! The ways in which the syncs of a scenario fail.

use plimsoll_faults::fsync_failure::FsyncFailure;
use toml::Spanned;

use crate::diagnostic::Complaint;
use crate::keys::{Resolved, Text, wrong};

/// The models that `fsync_failures` names, beside what `errors` sweeps.
pub(super) fn fsync_failures(
    texts: Option<&Spanned<Vec<Text>>>,
    errors: Option<&Text>,
) -> Resolved<Vec<FsyncFailure>> {
    let Some(texts) = texts else {
        return Ok(Vec::new());
    };
    let known: Vec<&str> = FsyncFailure::ALL.iter().map(|model| model.name()).collect();
    if let Some(sweep) = errors.map(|text| text.get_ref().as_str())
        && matches!(sweep, "every" | "all")
    {
        let message = format!("`errors = \"{sweep}\"` lets every sync fail in every way already");
        return wrong(
            texts.span(),
            Complaint::new(message).help("remove one of them"),
        );
    }
    if texts.get_ref().is_empty() {
        let complaint = Complaint::new("there is no model in `fsync_failures`")
            .help(format!("these are known: {}", known.join(", ")));
        return wrong(texts.span(), complaint);
    }
    let mut models = Vec::new();
    for text in texts.get_ref() {
        let name = text.get_ref().as_str();
        let Ok(model) = name.parse::<FsyncFailure>() else {
            let complaint = Complaint::unknown("failure model of fsync", name, &known);
            return wrong(text.span(), complaint);
        };
        if models.contains(&model) {
            let complaint = Complaint::new(format!("model `{name}` is there twice"));
            return wrong(text.span(), complaint);
        }
        models.push(model);
    }
    Ok(models)
}
