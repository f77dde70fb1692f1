//! The seed of a run.

use std::fmt;
use std::str::FromStr;

/// A seed: 64 bits, printed in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed(pub(crate) u64);

/// The seed of a run that was given none, so that such runs are all the same.
pub(crate) const DEFAULT: Seed = Seed(0x5eed);

/// Digits of a git commit, and how many of its leading ones make a seed.
const SHA_DIGITS: usize = 40;
const SHA_DIGITS_USED: usize = 16;

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Forty digits fit no u64 in any notation, so a commit of decimal digits only is not ambiguous.
        let parsed = if text.len() == SHA_DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            u64::from_str_radix(&text[..SHA_DIGITS_USED], 16)
        } else if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            // `from_str_radix` takes a sign, which no seed has.
            let digits = if digits.starts_with('+') { "" } else { digits };
            u64::from_str_radix(digits, 16)
        } else {
            text.parse()
        };
        parsed.map(Self).map_err(|_| {
            "a seed is a decimal number, 0x and up to 16 hexadecimal digits, or a git commit of 40"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_come_in_three_notations() {
        for (text, seed) in [
            ("0", 0),
            ("42", 42),
            ("18446744073709551615", u64::MAX),
            ("0x2a", 42),
            ("0XFF", 255),
            ("0xffffffffffffffff", u64::MAX),
            (
                "1a2b3c4d5e6f70819293a4b5c6d7e8f900112233",
                0x1a2b_3c4d_5e6f_7081,
            ),
            (
                "1111111111111111111111111111111111111111",
                0x1111_1111_1111_1111,
            ),
        ] {
            assert_eq!(text.parse(), Ok(Seed(seed)), "{text}");
        }
    }

    #[test]
    fn what_is_no_seed_is_refused() {
        for text in [
            "",
            "0x",
            "-1",
            "1a2b",
            "0x1ffffffffffffffff",
            "18446744073709551616",
            "0x+1",
        ] {
            let error = text.parse::<Seed>().expect_err(text);
            assert!(error.contains("git commit"), "{error}");
        }
    }

    #[test]
    fn prints_what_it_parses() {
        for seed in [0, 1, 0x5eed, u64::MAX] {
            assert_eq!(Seed(seed).to_string().parse(), Ok(Seed(seed)));
        }
    }
}
