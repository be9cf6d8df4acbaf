//! A fixed list of texts that is asked "is this one of you?".

use crate::value::same_text;
use crate::word;
use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// Lists up to this length are compared one by one.
const SHORT: usize = 8;

#[derive(Debug, Default)]
pub struct Texts {
    list: Box<[Box<str>]>,
    index: Option<Box<HashTable<u32>>>,
}

impl Texts {
    pub fn new(list: Vec<Box<str>>) -> Self {
        let list = list.into_boxed_slice();
        let index = (list.len() > SHORT).then(|| Box::new(index(&list, |text| text)));
        Texts { list, index }
    }

    #[inline(always)]
    pub fn contains(&self, text: &str) -> bool {
        match &self.index {
            None => self.list.iter().any(|known| same_text(known, text)),
            Some(index) => self.is_found(index, text),
        }
    }

    #[inline(never)]
    fn is_found(&self, index: &HashTable<u32>, text: &str) -> bool {
        find(index, &self.list, text, |known| known).is_some()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|text| &**text)
    }
}

/// The places of the things in a list, by the text of each.
pub fn index<T>(list: &[T], text: impl Fn(&T) -> &str) -> HashTable<u32> {
    let hash = |place: &u32| hash_of(text(&list[*place as usize]));
    let mut places = HashTable::with_capacity(list.len());
    for place in 0..list.len() as u32 {
        places.insert_unique(hash(&place), place, hash);
    }
    places
}

/// The thing of a text.
#[inline(always)]
pub fn find<'l, T>(
    places: &HashTable<u32>,
    list: &'l [T],
    wanted: &str,
    text: impl Fn(&T) -> &str,
) -> Option<&'l T> {
    let same = |place: &u32| same_text(text(&list[*place as usize]), wanted);
    let place = places.find(hash_of(wanted), same)?;
    Some(&list[*place as usize])
}

/// Whoever writes the ruleset chooses the texts, so nobody gains by making them collide. A text of up to sixteen bytes
/// is two words, which overlap where it is shorter, multiplied with each other.
#[inline(always)]
fn hash_of(text: &str) -> u64 {
    const ODD: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93];
    let bytes = text.as_bytes();
    let (first, last) = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) if bytes.len() <= 16 => {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        }
        (None, _) => (word::of_few(bytes), bytes.len() as u64),
        _ => return xxh3_64(bytes),
    };
    let product = u128::from(first ^ ODD[0]) * u128::from(last ^ ODD[1]);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_answers_as_a_short_one() {
        for length in [0, 1, SHORT, SHORT + 1, 1_000] {
            let list: Vec<Box<str>> = (0..length).map(|n| format!("t{n}").into()).collect();
            let texts = Texts::new(list);
            for n in 0..length {
                assert!(texts.contains(&format!("t{n}")));
            }
            assert!(!texts.contains(&format!("t{length}")));
            assert!(!texts.contains(""));
        }
    }

    #[test]
    fn keys_that_are_counted_or_alike_seldom_share_a_place() {
        let counted = (0..10_000).map(|n| format!("flag-{n}"));
        let alike = (0..10_000).map(|n| format!("{:016}", n * 1_000_000_007_u64));
        let short = (0..10_000).map(|n| format!("{n:x}"));
        for texts in [
            counted.collect::<Vec<_>>(),
            alike.collect(),
            short.collect(),
        ] {
            // A table looks at the lowest bits for the place and at the highest seven there.
            let place = |text: &String| (hash_of(text) & 0x3fff, hash_of(text) >> 57);
            let places: std::collections::HashSet<_> = texts.iter().map(place).collect();
            assert!(places.len() > 9_950, "{} {}", texts[1], places.len());
        }
    }
}
