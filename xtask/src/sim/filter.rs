//! How the words of a command line choose cases: parts of their ids, patterns, and paths of scenario files.

use crate::text::glob_matches;

/// Whether a word is the path of a scenario file. No id ends like one.
pub(crate) fn is_path(word: &str) -> bool {
    word.ends_with(".toml")
}

/// Whether an id is one of those that a word means.
pub(crate) fn matches(word: &str, id: &str) -> bool {
    if word.contains(['*', '?']) {
        glob_matches(word, id)
    } else {
        id.contains(word)
    }
}

/// All that ship where there are no words; else those that any word means, in their order, and behind them what `other` makes of each word
/// that is a path or means none of them.
pub(crate) fn choose<T>(
    words: &[String],
    shipped: Vec<T>,
    id: impl Fn(&T) -> &str,
    mut other: impl FnMut(&str, &[T]) -> anyhow::Result<Vec<T>>,
) -> anyhow::Result<Vec<T>> {
    if words.is_empty() {
        return Ok(shipped);
    }
    let mut is_chosen = vec![false; shipped.len()];
    let mut added = Vec::new();
    for word in words {
        let mut has_match = false;
        if !is_path(word) {
            for (is_chosen, one) in is_chosen.iter_mut().zip(&shipped) {
                let is_meant = matches(word, id(one));
                *is_chosen |= is_meant;
                has_match |= is_meant;
            }
        }
        if !has_match {
            added.extend(other(word, &shipped)?);
        }
    }
    let chosen = shipped.into_iter().zip(is_chosen);
    let chosen = chosen.filter_map(|(one, is_chosen)| is_chosen.then_some(one));
    Ok(chosen.chain(added).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(words: &[&str]) -> anyhow::Result<Vec<String>> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let shipped = ["torn-tail@xfs", "rename@xfs", "rename@btrfs"];
        let shipped = shipped.map(str::to_owned).to_vec();
        choose(&words, shipped, String::as_str, |word, shipped| {
            anyhow::ensure!(is_path(word), "none of {} is {word}", shipped.len());
            Ok(vec![format!("from {word}")])
        })
    }

    #[test]
    fn words_choose_in_the_order_of_what_ships_and_files_come_behind() {
        assert_eq!(chosen(&[]).expect("all").len(), 3);
        assert_eq!(
            chosen(&["./mine.toml", "@xfs", "r*e@xfs"]).expect("two, and a file"),
            ["torn-tail@xfs", "rename@xfs", "from ./mine.toml"]
        );
        let error = chosen(&["xfs", "nothing"]).expect_err("one means nothing");
        assert_eq!(error.to_string(), "none of 3 is nothing");
    }
}
