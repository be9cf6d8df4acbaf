//! Plain switches: those whose answer depends on nothing but the ruleset and the user's key.

use super::bucket::{BUCKETS, Space, bucket_of};
use super::xxh64::Beginning;
use crate::user::User;

/// How many words a plain switch takes.
pub const WORDS: usize = 6;

/// How many words of what is hashed before the key there is room for.
const HEAD: usize = WORDS - 2;

/// Keys beyond this many bytes are for the ruleset to hash: what is plain is decided in well below a microsecond.
const LONGEST_KEY: usize = 512;

/// What decides a switch, in a few words that refer to nothing: they can be copied from under a ruleset and outlive it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain([u64; WORDS]);

/// What the first word's lowest byte says. The bytes above it are the answer, and for rollouts the number of words of
/// the head and the bits of the bytes behind them; the upper half is where the answer ends to hold.
const FIXED: u8 = 1;
const ROLLOUT: u8 = 2;

impl Plain {
    /// There is more to it: the ruleset must be asked.
    pub const NO: Plain = Plain([0; WORDS]);

    /// The same for everybody.
    pub fn fixed(on: bool) -> Self {
        let mut words = [0; WORDS];
        words[0] = u64::from_le_bytes([FIXED, on.into(), 0, 0, 0, 0, 0, 0]);
        Plain(words)
    }

    /// By the bucket of the user's key: `on` below `below`, the contrary from there.
    pub fn rollout(space: &Space, below: u32, on: bool) -> Self {
        let Beginning {
            words: head,
            rest,
            rest_bits,
        } = space.beginning();
        if head.len() > HEAD {
            return Plain::NO;
        }
        let [a, b, c, d] = below.to_le_bytes();
        let first = [ROLLOUT, on.into(), head.len() as u8, rest_bits as u8];
        let mut words = [0; WORDS];
        words[0] = u64::from_le_bytes([first[0], first[1], first[2], first[3], a, b, c, d]);
        words[1] = rest;
        words[2..2 + head.len()].copy_from_slice(head);
        Plain(words)
    }

    /// A rollout by what is on in ranges of buckets, each with its end; `NO` where the answer changes more than once.
    pub fn ranges(space: &Space, ranges: impl IntoIterator<Item = (u32, bool)>) -> Self {
        let mut ranges = ranges.into_iter();
        let Some((mut below, on)) = ranges.next() else {
            return Plain::NO;
        };
        let mut has_changed = false;
        for (end, answer) in ranges {
            match (answer == on, has_changed) {
                (true, false) => below = end,
                (true, true) => return Plain::NO,
                (false, _) => has_changed = true,
            }
        }
        // The last range ends with the last bucket.
        let below = if has_changed { below } else { BUCKETS };
        Plain::rollout(space, below, on)
    }

    pub fn words(&self) -> &[u64; WORDS] {
        &self.0
    }

    /// Whether the switch is on; `None`: that is for the ruleset to say.
    ///
    /// `words` are those of a plain switch.
    #[inline(always)]
    pub fn decide(words: &[u64; WORDS], user: &User) -> Option<bool> {
        let [kind, on, head, rest_bits, a, b, c, d] = words[0].to_le_bytes();
        match kind {
            FIXED if !user.is_absent() => Some(on != 0),
            ROLLOUT => {
                let key = user
                    .key()
                    .filter(|key| (1..=LONGEST_KEY).contains(&key.len()))?;
                let beginning = Beginning {
                    words: words[2..].get(..head.into())?,
                    rest: words[1],
                    rest_bits: rest_bits.into(),
                };
                let bucket = bucket_of(beginning.hash(key));
                let is_below = bucket < u32::from_le_bytes([a, b, c, d]);
                Some(is_below == (on != 0))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn decide(plain: Plain, user: &User) -> Option<bool> {
        Plain::decide(plain.words(), user)
    }

    #[test]
    fn a_rollout_is_decided_by_the_bucket_that_the_space_says() {
        for salt in ["s", "checkout", "a salt of many, many letters, yes"] {
            let space = Space::new(salt, 3);
            for key in [
                "u",
                "user-42",
                "ein langer Schlüssel, länger als ein Streifen",
            ] {
                let bucket = space.bucket(key);
                let user = User::new(key);
                for (below, expected) in [(bucket, false), (bucket + 1, true)] {
                    let of = |on| decide(Plain::rollout(&space, below, on), &user);
                    assert_eq!(of(true), Some(expected), "{salt} {key}");
                    assert_eq!(of(false), Some(!expected), "{salt} {key}");
                }
            }
        }
    }

    #[test]
    fn a_key_that_takes_long_to_hash_is_for_the_ruleset() {
        let all = Plain::rollout(&Space::new("s", 1), BUCKETS, true);
        let of = |length| decide(all, &User::new(&"k".repeat(length)));
        assert_eq!(of(LONGEST_KEY), Some(true));
        assert_eq!(of(LONGEST_KEY + 1), None);
    }

    #[test]
    fn a_salt_that_there_is_no_room_for_is_not_plain() {
        assert_eq!(
            Plain::rollout(&Space::new(&"s".repeat(37), 1), 5, true),
            Plain::NO
        );
        assert_ne!(
            Plain::rollout(&Space::new(&"s".repeat(36), 1), 5, true),
            Plain::NO
        );
    }

    #[test]
    fn ranges_with_one_change_at_most_are_plain() {
        let space = Space::new("s", 1);
        let of = |ranges: &[(u32, bool)]| Plain::ranges(&space, ranges.iter().copied());
        assert_eq!(
            of(&[(500, true), (BUCKETS, false)]),
            Plain::rollout(&space, 500, true)
        );
        assert_eq!(
            of(&[(500, false), (700, false), (BUCKETS, true)]),
            Plain::rollout(&space, 700, false)
        );
        assert_eq!(
            of(&[(500, true), (BUCKETS, true)]),
            Plain::rollout(&space, BUCKETS, true)
        );
        assert_eq!(of(&[(500, true), (700, false), (BUCKETS, true)]), Plain::NO);
        assert_eq!(of(&[]), Plain::NO);
    }

    #[test]
    fn nobody_and_users_without_a_key_are_for_the_ruleset_to_judge() {
        let rollout = Plain::rollout(&Space::new("s", 1), 500_000, true);
        for (key, of_rollout, of_fixed) in [
            (json!(null), None, None),
            (json!({}), None, Some(true)),
            (json!({"key": ""}), None, Some(true)),
            (json!({"key": 5}), None, Some(true)),
        ] {
            let user = User::from_value(key).unwrap();
            assert_eq!(decide(rollout, &user), of_rollout);
            assert_eq!(decide(Plain::fixed(true), &user), of_fixed);
            assert_eq!(decide(Plain::NO, &user), None);
        }
    }
}
