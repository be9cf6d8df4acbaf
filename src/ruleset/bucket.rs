//! Buckets of the `flagstay` dialect: where in the space of a split a unit falls.

use super::xxh64::{Beginning, Head};

/// How many buckets a space has: one is 1/10,000 of a percent.
pub const BUCKETS: u32 = 1_000_000;

/// A space of buckets, named by its salt and the version of its draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// `salt/version`.
    name: Box<str>,
    /// `salt/version/`, put before every unit.
    head: Head,
}

impl Space {
    pub fn new(salt: &str, version: u32) -> Self {
        Space {
            name: format!("{salt}/{version}").into(),
            head: Head::new(&format!("{salt}/{version}/")),
        }
    }

    /// `salt/version`, for explanations.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bucket of a unit, `0..BUCKETS`: the XXH64 (seed 0) of the UTF-8 bytes of `salt/version/unit`, times
    /// 1,000,000, divided by 2^64 and rounded down.
    #[inline(always)]
    pub fn bucket(&self, unit: &str) -> u32 {
        bucket_of(self.head.lend().hash(unit))
    }

    /// What is hashed before every unit.
    pub fn beginning(&self) -> Beginning<'_> {
        self.head.lend()
    }
}

/// The bucket of a hash.
#[inline(always)]
pub fn bucket_of(hash: u64) -> u32 {
    ((u128::from(hash) * u128::from(BUCKETS)) >> 64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh64::xxh64;

    #[test]
    fn texts_of_every_length_have_the_bucket_that_they_say() {
        for salt_length in [0, 1, 10, 60, 61, 62, 63, 200] {
            let salt = "s".repeat(salt_length);
            for unit_length in (0..80).chain([1_000]) {
                let unit: String = ('a'..='z').cycle().take(unit_length).collect();
                let whole = xxh64(format!("{salt}/1/{unit}").as_bytes(), 0);
                let expected = ((u128::from(whole) * u128::from(BUCKETS)) >> 64) as u32;
                assert_eq!(
                    Space::new(&salt, 1).bucket(&unit),
                    expected,
                    "{salt_length} {unit_length}"
                );
            }
        }
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
