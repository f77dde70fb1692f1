//! Logarithms and powers of two in fixed point, with sixteen bits behind the point.

use crate::rng::Rng;

/// One.
const ONE: u64 = 1 << 16;

/// The natural logarithm of two, with 32 bits behind the point.
const LN_2: u128 = 2_977_044_472;

/// The 99th percentile of the sum of twelve uniform numbers less six, which is close to a normal distribution.
const SUM_P99: i128 = 150_925;

/// The logarithm to base two of a number that is not zero.
fn log2(number: u64) -> u64 {
    assert!(number > 0, "zero has no logarithm");
    let whole = u64::from(63 - number.leading_zeros());
    // The mantissa, with 63 bits behind the point; squaring it doubles its logarithm, which gives one bit after the other.
    let mut mantissa = u128::from(number << number.leading_zeros());
    let mut fraction = 0;
    for _ in 0..16 {
        mantissa = (mantissa * mantissa) >> 63;
        fraction <<= 1;
        if mantissa >> 64 > 0 {
            mantissa >>= 1;
            fraction |= 1;
        }
    }
    whole * ONE + fraction
}

/// `number` times two to the power of `exponent`, saturating.
fn scale(number: u64, exponent: i128) -> u64 {
    let whole = exponent.div_euclid(i128::from(ONE));
    let f = exponent.rem_euclid(i128::from(ONE)) as u128;
    // A cubic that agrees with the power of two at both ends, and differs in between by less than one part in 5,000.
    let cubic = (5_112 * f) >> 16;
    let square = ((14_790 + cubic) * f) >> 16;
    let power = u128::from(ONE) + (((45_634 + square) * f) >> 16);
    let product = u128::from(number) * power;
    let shifted = if whole >= 0 {
        let shift = u32::try_from(whole).unwrap_or(u32::MAX).min(63);
        product.saturating_mul(1 << shift) >> 16
    } else {
        let shift = u32::try_from(-whole).unwrap_or(u32::MAX).saturating_add(16);
        product.checked_shr(shift).unwrap_or(0)
    };
    u64::try_from(shifted).unwrap_or(u64::MAX)
}

/// A memoryless number with this mean.
pub(super) fn exponential(mean: u64, rng: &mut Rng) -> u64 {
    let uniform = rng.next_u64() | 1;
    let halvings = u128::from(64 * ONE - log2(uniform));
    let product = u128::from(mean) * ((halvings * LN_2) >> 32);
    u64::try_from(product >> 16).unwrap_or(u64::MAX)
}

/// A log-normal number with this median and this 99th percentile.
pub(super) fn log_normal(p50: u64, p99: u64, rng: &mut Rng) -> u64 {
    let sum: i128 = (0..12).map(|_| i128::from(rng.below(ONE))).sum();
    let normal = sum - i128::from(6 * ONE);
    let spread = i128::from(log2(p99)) - i128::from(log2(p50));
    scale(p50, spread * normal / SUM_P99)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_and_powers_undo_each_other() {
        for number in [1, 2, 3, 1000, 999_999_937, u64::MAX] {
            let back = scale(1 << 20, i128::from(log2(number)));
            let expected = u128::from(number) << 20;
            let expected = u64::try_from(expected).unwrap_or(u64::MAX);
            assert!(
                back.abs_diff(expected) <= expected / 1000,
                "{number}: {back}"
            );
        }
        assert_eq!(log2(1 << 40), 40 * ONE);
        assert_eq!(scale(8, -2 * i128::from(ONE)), 2);
        assert_eq!(scale(8, -200 * i128::from(ONE)), 0);
    }
}
