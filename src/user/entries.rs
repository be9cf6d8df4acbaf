//! What a user has, by name: found by words instead of texts, and known at a glance where it is short.

use crate::value::{Map, Value, same_text};
use crate::{version, word};
use std::sync::Arc;

/// A name that is looked up in users, made into a word once, when the ruleset is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    word: u64,
    text: Arc<str>,
}

impl Name {
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        Name {
            word: word_of(&text),
            text,
        }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The bit of a word that is only the hash of its name.
const HASH: u64 = 1 << 63;

/// A name in one word. Up to seven bytes stand in it as they are, with their number: no other name has that word. Longer
/// names are hashed, and two of them may share a word.
fn word_of(name: &str) -> u64 {
    word::of_short(name).unwrap_or_else(|| xxhash_rust::xxh64::xxh64(name.as_bytes(), 0) | HASH)
}

/// A value at a glance: what most conditions are about, in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glance {
    /// A text of up to seven bytes, as `word::of_short` has it.
    Short(u64),
    /// A whole number of 64 bits that was given as one.
    Whole(i64),
    /// Everything else.
    Other,
}

impl Glance {
    fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => word::of_short(text).map_or(Glance::Other, Glance::Short),
            Value::Number(number) => number.as_i64().map_or(Glance::Other, Glance::Whole),
            _ => Glance::Other,
        }
    }
}

/// What a lookup sees of an entry before it looks at the value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// The name.
    word: u64,
    pub glance: Glance,
    /// The word of the plain version that the value is, or 0.
    pub version: u64,
}

impl Sight {
    fn of(word: u64, value: &Value) -> Self {
        let plain = value.as_str().and_then(version::plain);
        Sight {
            word,
            glance: Glance::of(value),
            version: plain.and_then(version::word).unwrap_or(0),
        }
    }
}

/// One part of a user: names and values in the order they were given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entries {
    // Sights lie beside each other so that a lookup scans a few cache lines and compares one text at most.
    sights: Vec<Sight>,
    entries: Vec<(Box<str>, Value)>,
    /// What stood in the place of the object, where it was no object. Some platforms refuse such a user at
    /// evaluation, so it is kept.
    malformed: Option<Value>,
    given: bool,
}

impl Entries {
    pub(super) const NONE: Entries = Entries {
        sights: Vec::new(),
        entries: Vec::new(),
        malformed: None,
        given: false,
    };

    /// The value under a name that is known since load time.
    #[inline]
    pub fn get(&self, name: &Name) -> Option<&Value> {
        let at = match name.word & HASH {
            0 => self.sights.iter().position(|sight| sight.word == name.word),
            _ => self.position(name.word, &name.text),
        }?;
        Some(&self.entries[at].1)
    }

    /// What is seen of that value at a glance.
    #[inline(always)]
    pub fn sight(&self, name: &Name) -> Option<&Sight> {
        for sight in &self.sights {
            if sight.word == name.word {
                return match name.word & HASH {
                    0 => Some(sight),
                    _ => self.sight_of_long(name),
                };
            }
        }
        None
    }

    /// The same for a name that is longer than a word.
    #[inline(never)]
    fn sight_of_long(&self, name: &Name) -> Option<&Sight> {
        let at = self.position(name.word, &name.text)?;
        Some(&self.sights[at])
    }

    /// The value under a name that is not known before the call.
    pub fn get_str(&self, name: &str) -> Option<&Value> {
        let at = self.position(word_of(name), name)?;
        Some(&self.entries[at].1)
    }

    fn position(&self, word: u64, name: &str) -> Option<usize> {
        let mut entries = self.sights.iter().zip(&self.entries);
        entries.position(|(sight, (known, _))| {
            sight.word == word && (word & HASH == 0 || same_text(known, name))
        })
    }

    /// Sets a value; a name that is already there keeps its place.
    pub fn set(&mut self, name: &str, value: Value) {
        self.given = true;
        let word = word_of(name);
        let Some(at) = self.position(word, name) else {
            return self.push(word, name.into(), value);
        };
        self.sights[at] = Sight::of(word, &value);
        self.entries[at].1 = value;
    }

    fn push(&mut self, word: u64, name: Box<str>, value: Value) {
        self.sights.push(Sight::of(word, &value));
        self.entries.push((name, value));
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(name, value)| (&**name, value))
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the caller gave this part at all, be it empty.
    pub fn is_given(&self) -> bool {
        self.given
    }

    /// What stood in the place of the object, where it was neither an object nor null.
    pub fn malformed(&self) -> Option<&Value> {
        self.malformed.as_ref()
    }

    pub(super) fn from_value(value: Value) -> Self {
        match value {
            Value::Null => Entries::default(),
            Value::Object(map) => Entries::from_map(map),
            other => Entries {
                malformed: Some(other),
                given: true,
                ..Entries::default()
            },
        }
    }

    pub(super) fn from_map(map: Map<String, Value>) -> Self {
        // A map has no two equal names, so nothing has to be looked up.
        let mut entries = Entries {
            given: true,
            ..Entries::default()
        };
        for (name, value) in map {
            entries.push(word_of(&name), name.into_boxed_str(), value);
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::{Part, User};
    use serde_json::json;

    #[test]
    fn a_name_set_twice_keeps_the_last_value_and_its_place() {
        let mut user = User::new("u");
        let attributes = user.part_mut(Part::Attributes);
        attributes.set("a", json!(1));
        attributes.set("b", json!(2));
        attributes.set("a", json!(3));
        let names: Vec<_> = user.attributes().iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(user.attributes().get(&Name::new("a")), Some(&json!(3)));
    }

    #[test]
    fn what_is_seen_at_a_glance_is_the_value_that_was_set_last() {
        let mut entries = Entries::default();
        for name in ["short", "a name longer than a word"] {
            for (value, glance, plain) in [
                (json!("DE"), word::of_short("DE").map(Glance::Short), None),
                (json!(-7), Some(Glance::Whole(-7)), None),
                (
                    json!("2.4.1"),
                    word::of_short("2.4.1").map(Glance::Short),
                    Some([2, 4, 1]),
                ),
                (json!("10.12.137"), Some(Glance::Other), Some([10, 12, 137])),
                (json!("2.4"), word::of_short("2.4").map(Glance::Short), None),
                (json!(null), Some(Glance::Other), None),
                (json!(1.5), Some(Glance::Other), None),
                (json!(u64::MAX), Some(Glance::Other), None),
            ] {
                entries.set(name, value.clone());
                let sight = entries.sight(&Name::new(name)).unwrap();
                assert_eq!(Some(sight.glance), glance, "{value}");
                let version = plain.and_then(version::word).unwrap_or(0);
                assert_eq!(sight.version, version, "{value}");
                assert_eq!(entries.get(&Name::new(name)), Some(&value));
            }
        }
    }

    #[test]
    fn long_names_that_share_a_word_are_told_apart() {
        let mut entries = Entries::default();
        let name = |word, text: &str| Name {
            word,
            text: text.into(),
        };
        for (n, text) in ["a", "b", "c"].into_iter().enumerate() {
            entries.push(HASH | 7, text.into(), json!(n));
        }
        for (n, text) in ["a", "b", "c"].into_iter().enumerate() {
            assert_eq!(entries.get(&name(HASH | 7, text)), Some(&json!(n)));
        }
        assert_eq!(entries.get(&name(HASH | 7, "d")), None);
        assert_eq!(entries.get(&name(HASH | 8, "a")), None);
    }

    #[test]
    fn names_of_every_length_are_found_and_no_others() {
        let names: Vec<String> = ["a", "b", "\0", "é"]
            .iter()
            .flat_map(|part| (0..12).map(|n| part.repeat(n)))
            .collect();
        let mut entries = Entries::default();
        for name in &names {
            assert!(
                name.is_empty() || entries.get_str(name).is_none(),
                "{name:?}"
            );
            entries.set(name, json!(name));
        }
        assert_eq!(entries.iter().len(), 4 * 11 + 1);
        for name in &names {
            assert_eq!(entries.get(&Name::new(&**name)), Some(&json!(name)));
            assert_eq!(entries.get_str(&format!("{name}x")), None);
        }
    }
}
