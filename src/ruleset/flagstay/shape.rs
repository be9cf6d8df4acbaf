//! Shapes that documents are made of, stricter than serde's: a struct is never read from a list, a member that is null
//! is not one that is absent, and no name stands twice.

use crate::ruleset::path::{Mistake, Path};
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// How deep objects and lists may nest in a flag, segment, group or holdout.
pub const DEEPEST: usize = 64;

/// A text, borrowed where the document has it without escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Text<'_> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that means nothing.
#[derive(Clone, Copy, Default)]
pub struct Note;

/// An object, and never the list that serde would also read a struct from.
pub struct Object<T>(pub T);

/// The members of an object whose names are the author's, in order, each name once.
pub struct Members<'a, T>(pub Vec<(Cow<'a, str>, T)>);

impl<T> std::default::Default for Members<'_, T> {
    fn default() -> Self {
        Members(Vec::new())
    }
}

/// Reads an object at `path`. The place of a mistake is looked for only when there is one.
pub fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue, path: &Path<'_>) -> Result<T, Mistake> {
    let text = raw.get();
    // The brackets that open are more than any depth; counting them takes next to nothing.
    let opening = text.bytes().filter(|byte| matches!(byte, b'{' | b'['));
    if opening.count() > DEEPEST && nesting(text) > DEEPEST {
        return Err(path.mistake(format_args!("nests deeper than {DEEPEST} levels")));
    }
    if let Ok(Object(read)) = serde_json::from_str(text) {
        return Ok(read);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize(&mut deserializer) {
        Ok(Object(read)) => Ok(read),
        Err(error) => {
            let inner = error.path().to_string();
            let message = without_place(&error.into_inner().to_string());
            Err(match inner.as_str() {
                "." => path.mistake(message),
                index if index.starts_with('[') => Mistake {
                    path: format!("{path}{inner}"),
                    message,
                },
                _ => path.key(&inner).mistake(message),
            })
        }
    }
}

/// Lines and columns would count from the start of the flag, where nobody looks.
fn without_place(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message[..end].to_owned()
}

/// How deep objects and lists nest in a JSON text.
fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => {
                            bytes.next();
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

/// For optional members: absent is fine, null is not.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Refuses the value of a member, so that the error is at the member and not at the object around it.
pub(super) struct Refuse(pub(super) String);

impl<'de> DeserializeSeed<'de> for Refuse {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(de::Error::custom(self.0))
    }
}

pub(super) struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Note {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TextVisitor).map(|_| Note)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(map)).map(Object)
            }
        }
        from.deserialize_map(ObjectVisitor(PhantomData))
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Members<'a, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct MembersVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for MembersVisitor<T> {
            type Value = Members<'de, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                // Most objects have a few members only, and few names are compared sooner than hashed.
                const FEW: usize = 16;
                let mut seen = hashbrown::HashSet::new();
                let mut members: Vec<(Cow<'de, str>, T)> = Vec::new();
                while let Some(Text(name)) = map.next_key()? {
                    if members.len() == FEW {
                        seen.extend(members.iter().map(|(name, _)| name.clone()));
                    }
                    let twice = match members.len() {
                        ..FEW => members.iter().any(|(known, _)| *known == name),
                        _ => !seen.insert(name.clone()),
                    };
                    if twice {
                        map.next_value_seed(Refuse("stands here twice".to_owned()))?;
                    }
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(MembersVisitor(PhantomData))
    }
}
