//! Limits of the format. They are checked when writing as when reading, so that nothing is written that cannot be read.

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: u32 = 64 << 10;

/// Longest value, in bytes.
pub const VALUE_BYTES_MAX: u32 = 16 << 20;

/// Largest batch as encoded, in bytes.
pub const BATCH_BYTES_MAX: u32 = 64 << 20;

/// Highest sequence number. Reaching it would take centuries; a higher one in a file is damage.
pub const SEQUENCE_MAX: u64 = 1 << 62;

/// Highest segment number: what ten digits hold.
pub const SEGMENT_NUMBER_MAX: u64 = 9_999_999_999;

// The largest value fits a batch of its own, with the largest key and the fields around them.
const _: () = assert!(KEY_BYTES_MAX + VALUE_BYTES_MAX + 64 <= BATCH_BYTES_MAX);
