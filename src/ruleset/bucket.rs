//! Buckets of the `flagstay` dialect: where in the space of a split a unit falls.

use xxhash_rust::xxh64::{Xxh64, xxh64};

/// How many buckets a space has: one is 1/10,000 of a percent.
pub const BUCKETS: u32 = 1_000_000;

/// Texts up to this length are hashed in one piece on the stack.
const ON_THE_STACK: usize = 128;

/// A space of buckets, named by its salt and the version of its draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// `salt/version/`, put before every unit.
    prefix: Box<str>,
}

impl Space {
    pub fn new(salt: &str, version: u32) -> Self {
        Space {
            prefix: format!("{salt}/{version}/").into_boxed_str(),
        }
    }

    /// `salt/version`, for explanations.
    pub fn name(&self) -> &str {
        self.prefix.strip_suffix('/').unwrap_or(&self.prefix)
    }

    /// The bucket of a unit, `0..BUCKETS`: the XXH64 (seed 0) of the UTF-8 bytes of `salt/version/unit`, times
    /// 1,000,000, divided by 2^64 and rounded down.
    #[inline]
    pub fn bucket(&self, unit: &str) -> u32 {
        let hash = hash_two(self.prefix.as_bytes(), unit.as_bytes());
        ((u128::from(hash) * u128::from(BUCKETS)) >> 64) as u32
    }
}

#[inline]
fn hash_two(head: &[u8], tail: &[u8]) -> u64 {
    let length = head.len() + tail.len();
    if length > ON_THE_STACK {
        let mut hasher = Xxh64::new(0);
        hasher.update(head);
        hasher.update(tail);
        return hasher.digest();
    }
    let mut text = [0; ON_THE_STACK];
    text[..head.len()].copy_from_slice(head);
    text[head.len()..length].copy_from_slice(tail);
    xxh64(&text[..length], 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_unit_has_the_bucket_that_its_text_says() {
        let unit = "u".repeat(1_000);
        let whole = xxh64(format!("s/1/{unit}").as_bytes(), 0);
        let expected = ((u128::from(whole) * u128::from(BUCKETS)) >> 64) as u32;
        assert_eq!(Space::new("s", 1).bucket(&unit), expected);
        let short = xxh64(b"s/1/u", 0);
        let expected = ((u128::from(short) * u128::from(BUCKETS)) >> 64) as u32;
        assert_eq!(Space::new("s", 1).bucket("u"), expected);
    }

    #[test]
    fn units_spread_evenly() {
        let space = Space::new("new-checkout", 1);
        let below_half = (0..100_000)
            .filter(|n| space.bucket(&format!("user-{n}")) < BUCKETS / 2)
            .count();
        assert!((49_500..50_500).contains(&below_half), "{below_half}");
    }
}
