//! Lines with long values, for people.

/// Equal characters that are shown one by one.
const RUN_MAX: usize = 24;

/// The line with each long run of a character as that character and how often it comes, as in `v19.{8997}`.
pub(super) fn brief(line: &str) -> String {
    let mut text = String::with_capacity(line.len().min(1024));
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|other| other != first).unwrap_or(rest.len());
        let count = end / first.len_utf8();
        if count > RUN_MAX {
            text.push_str(&format!("{first}{{{count}}}"));
        } else {
            text.push_str(&rest[..end]);
        }
        rest = &rest[end..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::brief;

    #[test]
    fn long_runs_are_counted() {
        let long = ".".repeat(8997);
        assert_eq!(brief(&format!("put a v19{long}")), "put a v19.{8997}");
        assert_eq!(
            brief(&format!("{long}b{}", "é".repeat(25))),
            ".{8997}bé{25}"
        );
    }

    #[test]
    fn everything_else_is_shown_as_it_is() {
        for line in ["", "put a v19....", &" ".repeat(24)] {
            assert_eq!(brief(line), line);
        }
    }
}
