//! Small things about text: numbers for people, words for shells, patterns.

/// A number with its thousands apart: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `count` of something: `1 case`, `2 cases`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

/// A word as a POSIX shell must be given it.
pub(crate) fn shell_word(word: &str) -> String {
    // `#` starts a comment only at the start of a word, and `~` a home directory only there.
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,@%+#".contains(c);
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('#') {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Whether `text` as a whole matches a pattern in which `*` stands for any text and `?` for any one character.
pub(crate) fn glob_matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to resume when the shortest match of the last `*` turns out too short. One is enough: a later `*` never needs an
    // earlier one to give way.
    let mut resume: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                resume = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star, matched)) = resume else {
                    return false;
                };
                resume = Some((star, matched + 1));
                p = star + 1;
                t = matched + 1;
            }
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let numbers = [0, 7, 999, 1_000, 12_345, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(counted(1, "case"), "1 case");
        assert_eq!(counted(2_000, "case"), "2,000 cases");
    }

    #[test]
    fn words_are_quoted_only_where_a_shell_would_trip() {
        for plain in [
            "torn-tail@posix-minimal",
            "explore/a@b#0x1+errors",
            "--disk=./my.toml",
        ] {
            assert_eq!(shell_word(plain), plain);
        }
        assert_eq!(shell_word("my disk.toml"), "'my disk.toml'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word("$(rm)"), "'$(rm)'");
        assert_eq!(shell_word("#1"), "'#1'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn globs_match_whole_names() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("torn-*", "torn-tail@x", true),
            ("torn-*", "a-torn-tail", false),
            ("*@ext4*", "torn-tail@ext4-ordered", true),
            ("*a*b", "aabab", true),
            ("*a*b", "aaba", false),
            ("t?rn", "torn", true),
            ("t?rn", "trn", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(glob_matches(pattern, text), matches, "{pattern} on {text}");
        }
    }
}
