//! A fixed list of texts that is asked "is this one of you?".

use crate::value::same_text;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Lists up to this length are compared one by one.
const SHORT: usize = 8;

#[derive(Debug, Default)]
pub struct Texts {
    list: Box<[Box<str>]>,
    index: Option<Box<Index>>,
}

#[derive(Debug)]
struct Index {
    hasher: DefaultHashBuilder,
    places: HashTable<u32>,
}

impl Texts {
    pub fn new(list: Vec<Box<str>>) -> Self {
        let list = list.into_boxed_slice();
        let index = (list.len() > SHORT).then(|| Box::new(Index::new(&list)));
        Texts { list, index }
    }

    #[inline]
    pub fn contains(&self, text: &str) -> bool {
        match &self.index {
            None => self.list.iter().any(|known| same_text(known, text)),
            Some(index) => {
                let hash = index.hasher.hash_one(text);
                index
                    .places
                    .find(hash, |place| same_text(&self.list[*place as usize], text))
                    .is_some()
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|text| &**text)
    }
}

impl Index {
    fn new(list: &[Box<str>]) -> Self {
        let hasher = DefaultHashBuilder::default();
        let hash = |place: &u32| hasher.hash_one(&*list[*place as usize]);
        let mut places = HashTable::with_capacity(list.len());
        for place in 0..list.len() as u32 {
            places.insert_unique(hash(&place), place, hash);
        }
        Index { hasher, places }
    }
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
}
