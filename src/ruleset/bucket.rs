//! Buckets of the `flagstay` dialect: where in the space of a split a unit falls.

use xxhash_rust::xxh64::{Xxh64, xxh64};

/// How many buckets a space has: one is 1/10,000 of a percent.
pub const BUCKETS: u32 = 1_000_000;

/// Texts up to this length are hashed in one piece on the stack.
const ON_THE_STACK: usize = 128;

/// A head that is this long or shorter is copied in one piece.
const SHORT_HEAD: usize = 64;

/// A space of buckets, named by its salt and the version of its draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// `salt/version/`, put before every unit.
    prefix: Box<str>,
    /// The prefix again where it is short, with nothing behind it: a copy whose length the compiler knows.
    short: Option<Box<[u8; SHORT_HEAD]>>,
}

impl Space {
    pub fn new(salt: &str, version: u32) -> Self {
        let prefix = format!("{salt}/{version}/").into_boxed_str();
        let short = (prefix.len() <= SHORT_HEAD).then(|| {
            let mut short = Box::new([0; SHORT_HEAD]);
            short[..prefix.len()].copy_from_slice(prefix.as_bytes());
            short
        });
        Space { prefix, short }
    }

    /// `salt/version`, for explanations.
    pub fn name(&self) -> &str {
        self.prefix.strip_suffix('/').unwrap_or(&self.prefix)
    }

    /// The bucket of a unit, `0..BUCKETS`: the XXH64 (seed 0) of the UTF-8 bytes of `salt/version/unit`, times
    /// 1,000,000, divided by 2^64 and rounded down.
    #[inline(always)]
    pub fn bucket(&self, unit: &str) -> u32 {
        let unit = unit.as_bytes();
        let hash = match &self.short {
            Some(head) if self.prefix.len() + unit.len() <= ON_THE_STACK => {
                let mut text = [0; ON_THE_STACK];
                text[..SHORT_HEAD].copy_from_slice(&**head);
                let length = self.prefix.len() + unit.len();
                copy(unit, &mut text[self.prefix.len()..length]);
                xxh64(&text[..length], 0)
            }
            _ => self.hash_of_long(unit),
        };
        ((u128::from(hash) * u128::from(BUCKETS)) >> 64) as u32
    }

    #[inline(never)]
    fn hash_of_long(&self, unit: &[u8]) -> u64 {
        let mut hasher = Xxh64::new(0);
        hasher.update(self.prefix.as_bytes());
        hasher.update(unit);
        hasher.digest()
    }
}

/// Copies texts of the length that ids have in a few instructions, where the call of a copy would cost more.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8]) {
    match from.len() {
        8..=16 => copy_ends::<8>(from, to),
        4..=7 => copy_ends::<4>(from, to),
        _ => to.copy_from_slice(from),
    }
}

/// Two words, which overlap where the length is not twice theirs.
#[inline]
fn copy_ends<const WORD: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(word), Some(place)) = (from.first_chunk::<WORD>(), to.first_chunk_mut()) {
        *place = *word;
    }
    if let (Some(word), Some(place)) = (from.last_chunk::<WORD>(), to.last_chunk_mut()) {
        *place = *word;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
