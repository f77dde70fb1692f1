//! "Did you mean": the nearest known names to one that is not known.

/// At most this many names are suggested.
const SUGGESTIONS_MAX: usize = 3;

/// The least likeness, of 1.0 for equal names, at which a suggestion helps more than it distracts.
const LIKENESS_MIN: f64 = 0.5;

/// The nearest of `known` to `unknown`, best first; empty when nothing is near.
pub(crate) fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|name| (likeness(unknown, name), name))
        .filter(|(score, _)| *score >= LIKENESS_MIN)
        .collect();
    // Equal scores keep the order of their names, so that the message is the same on every run.
    scored.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.cmp(y)));
    scored.dedup_by(|(_, x), (_, y)| x == y);
    scored.truncate(SUGGESTIONS_MAX);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// Whole names are compared, and so are the parts before the disk: people remember `torn-tail`, not `torn-tail@posix-minimal`, and
/// do not always know on which disks it runs.
fn likeness(unknown: &str, name: &str) -> f64 {
    let whole = strsim::normalized_damerau_levenshtein(unknown, name);
    whole.max(strsim::normalized_damerau_levenshtein(
        before_disk(unknown),
        before_disk(name),
    ))
}

fn before_disk(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

/// The sentence for a message: `; did you mean a, b?`, or nothing.
pub(crate) fn did_you_mean<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let names = nearest(unknown, known);
    if names.is_empty() {
        String::new()
    } else {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("; did you mean {}?", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = [
            "torn-tail@posix-minimal",
            "torn-tail@ext4-ordered",
            "rename",
        ];
        assert_eq!(
            nearest("torn-tial", known),
            ["torn-tail@ext4-ordered", "torn-tail@posix-minimal"]
        );
        assert_eq!(nearest("rename@xfs", known), ["rename"]);
        assert_eq!(did_you_mean("renmae", known), "; did you mean `rename`?");
        assert_eq!(did_you_mean("qqqqqqqq", known), "");
    }
}
