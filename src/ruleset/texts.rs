//! A fixed list of texts that is asked "is this one of you?".

use crate::value::same_text;
use crate::word;
use xxhash_rust::xxh3::xxh3_64;

/// Lists up to this length are compared one by one.
const SHORT: usize = 8;

#[derive(Debug, Default)]
pub struct Texts {
    list: Box<[Box<str>]>,
    index: Option<Box<Index>>,
}

impl Texts {
    pub fn new(list: Vec<Box<str>>) -> Self {
        let list = list.into_boxed_slice();
        let index = (list.len() > SHORT).then(|| Box::new(Index::new(&list, |text| text)));
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
    fn is_found(&self, index: &Index, text: &str) -> bool {
        index.find(&self.list, text, |known| known).is_some()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.list.iter().map(|text| &**text)
    }
}

/// The places of the things in a list, found by the text of each. A table that always has free slots: what is wanted
/// stands where its hash says, or in one of the slots behind, before the next free one.
#[derive(Debug)]
pub struct Index(Box<[Slot]>);

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The half of the hash that does not say where to begin.
    tag: u32,
    place: u32,
}

const FREE: u32 = u32::MAX;

impl Index {
    pub fn new<T>(list: &[T], text: impl Fn(&T) -> &str) -> Self {
        let count = (list.len() * 3 / 2 + 1).next_power_of_two();
        let free = Slot {
            tag: 0,
            place: FREE,
        };
        let mut slots = vec![free; count].into_boxed_slice();
        for (thing, place) in list.iter().zip(0..FREE) {
            let (mut at, tag) = begin(text(thing), count);
            let stands = |slot: Slot| {
                slot.tag == tag && same_text(text(&list[slot.place as usize]), text(thing))
            };
            while slots[at].place != FREE && !stands(slots[at]) {
                at = (at + 1) % count;
            }
            // Of things that share a text the first is found.
            if slots[at].place == FREE {
                slots[at] = Slot { tag, place };
            }
        }
        Index(slots)
    }

    /// The thing of a text.
    #[inline(always)]
    pub fn find<'l, T>(
        &self,
        list: &'l [T],
        wanted: &str,
        text: impl Fn(&T) -> &str,
    ) -> Option<&'l T> {
        let (mut at, tag) = begin(wanted, self.0.len());
        loop {
            let slot = self.0.get(at)?;
            // The place of a free slot is in no list.
            let thing = list.get(slot.place as usize)?;
            if slot.tag == tag && same_text(text(thing), wanted) {
                return Some(thing);
            }
            at = (at + 1) & (self.0.len() - 1);
        }
    }
}

/// The slot to begin with, of a count that is a power of two, and the tag.
#[inline(always)]
fn begin(text: &str, count: usize) -> (usize, u32) {
    let hash = hash_of(text);
    (hash as usize & (count - 1), (hash >> 32) as u32)
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
    fn of_texts_that_stand_in_a_list_twice_the_first_is_found_however_many_there_are() {
        let things: Vec<(&str, u32)> = (0..200_000).map(|n| ("the same", n)).collect();
        let index = Index::new(&things, |(text, _)| text);
        let found = index.find(&things, "the same", |(text, _)| text);
        assert_eq!(found, Some(&("the same", 0)));
        assert_eq!(index.find(&things, "another", |(text, _)| text), None);
    }

    #[test]
    fn keys_that_are_counted_or_alike_are_found_near_where_their_hash_says() {
        let counted = (0..10_000).map(|n| format!("flag-{n}"));
        let alike = (0..10_000).map(|n| format!("{:016}", n * 1_000_000_007_u64));
        let short = (0..10_000).map(|n| format!("{n:x}"));
        for texts in [
            counted.collect::<Vec<_>>(),
            alike.collect(),
            short.collect(),
        ] {
            let index = Index::new(&texts, |text| text);
            let way = |text: &String| {
                let (begin, _) = begin(text, index.0.len());
                let slots = index.0.iter().cycle().skip(begin);
                let mut slots =
                    slots.take_while(|slot| texts.get(slot.place as usize) != Some(text));
                slots.by_ref().take(1_000).count()
            };
            let ways: usize = texts.iter().map(way).sum();
            assert!(ways < 15_000, "{} {ways}", texts[1]);
        }
    }
}
