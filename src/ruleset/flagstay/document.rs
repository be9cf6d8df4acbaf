//! The document as it is written. Text is borrowed from it; operands and values stay raw until they are compiled.

use super::path::{Mistake, Path};
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// How deep objects and lists may nest in a flag, segment, group or holdout.
pub const DEEPEST: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document<'a> {
    pub format: f64,
    #[serde(default, rename = "$schema")]
    _schema: Note,
    #[serde(default, rename = "description")]
    _description: Note,
    #[serde(borrow, default)]
    pub flags: Members<'a, &'a RawValue>,
    #[serde(borrow, default)]
    pub segments: Members<'a, &'a RawValue>,
    #[serde(borrow, default)]
    pub groups: Members<'a, &'a RawValue>,
    #[serde(borrow, default)]
    pub holdouts: Members<'a, &'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag<'a> {
    pub on: bool,
    #[serde(borrow)]
    pub variations: Members<'a, &'a RawValue>,
    #[serde(borrow)]
    pub off: Text<'a>,
    #[serde(borrow, default)]
    pub prerequisites: Vec<Object<Prerequisite<'a>>>,
    #[serde(borrow, default)]
    pub targets: Vec<Object<Target<'a>>>,
    #[serde(borrow, default)]
    pub rules: Vec<Object<Rule<'a>>>,
    #[serde(borrow)]
    pub default: Default<'a>,
    #[serde(default, rename = "description")]
    _description: Note,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prerequisite<'a> {
    #[serde(borrow)]
    pub flag: Text<'a>,
    #[serde(borrow)]
    pub variations: Vec<Text<'a>>,
    #[serde(default, rename = "description")]
    _description: Note,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target<'a> {
    #[serde(borrow)]
    pub values: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub by: Option<Text<'a>>,
    #[serde(borrow)]
    pub serve: Text<'a>,
    #[serde(default, rename = "description")]
    _description: Note,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    pub id: Option<Text<'a>>,
    #[serde(borrow, rename = "if")]
    pub condition: Condition<'a>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub serve: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub split: Option<Object<Split<'a>>>,
    #[serde(default, rename = "description")]
    _description: Note,
}

/// What is left when no rule matched: a variation's name, or something that serves or splits.
pub enum Default<'a> {
    Variation(Text<'a>),
    Served(Served<'a>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Served<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    pub id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub serve: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub split: Option<Object<Split<'a>>>,
    #[serde(default, rename = "description")]
    _description: Note,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    pub by: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub salt: Option<Text<'a>>,
    #[serde(borrow)]
    pub weights: Vec<Object<Weight<'a>>>,
    #[serde(default, deserialize_with = "given")]
    pub traffic: Option<f64>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub group: Option<Object<Place<'a>>>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub sticky: Option<Sticky<'a>>,
    #[serde(default, rename = "description")]
    _description: Note,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight<'a> {
    #[serde(borrow)]
    pub variation: Text<'a>,
    pub percent: f64,
    #[serde(default, rename = "description")]
    _description: Note,
}

/// A slot of a group.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub slot: Text<'a>,
    #[serde(default, rename = "description")]
    _description: Note,
}

pub enum Sticky<'a> {
    Plain(bool),
    Versioned(Versioned<'a>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versioned<'a> {
    #[serde(default, deserialize_with = "given")]
    pub version: Option<u32>,
    #[serde(default, deserialize_with = "given")]
    pub min_version: Option<u32>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub fallback: Option<Text<'a>>,
    #[serde(default, rename = "description")]
    _description: Note,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment<'a> {
    #[serde(borrow, default)]
    pub include: Vec<Text<'a>>,
    #[serde(borrow, default)]
    pub exclude: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub by: Option<Text<'a>>,
    #[serde(borrow, default, rename = "if", deserialize_with = "given")]
    pub condition: Option<Condition<'a>>,
    #[serde(default, rename = "description")]
    _description: Note,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    pub by: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub salt: Option<Text<'a>>,
    #[serde(borrow)]
    pub slots: Vec<Object<Slot<'a>>>,
    #[serde(default, rename = "description")]
    _description: Note,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    pub percent: f64,
    #[serde(default, rename = "description")]
    _description: Note,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holdout<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    pub by: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub salt: Option<Text<'a>>,
    pub percent: f64,
    #[serde(borrow, default, deserialize_with = "given")]
    pub flags: Option<Vec<Text<'a>>>,
    #[serde(default, rename = "description")]
    _description: Note,
}

/// Of a holdout that is broken: whom it was meant for.
#[derive(Deserialize)]
pub struct Meant<'a> {
    #[serde(borrow)]
    pub flags: Vec<Text<'a>>,
}

pub enum Condition<'a> {
    Attribute(Text<'a>, Operator, &'a RawValue),
    Id(Text<'a>, Operator, &'a RawValue),
    Segment(OneOrMany<'a>),
    All(Vec<Condition<'a>>),
    Any(Vec<Condition<'a>>),
    Not(Box<Condition<'a>>),
}

/// The name of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equals,
    OneOf,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    GreaterThan,
    AtLeast,
    LessThan,
    AtMost,
    Semver,
    Before,
    After,
    Present,
}

impl Operator {
    const ALL: [Operator; 14] = [
        Operator::Equals,
        Operator::OneOf,
        Operator::Contains,
        Operator::StartsWith,
        Operator::EndsWith,
        Operator::Matches,
        Operator::GreaterThan,
        Operator::AtLeast,
        Operator::LessThan,
        Operator::AtMost,
        Operator::Semver,
        Operator::Before,
        Operator::After,
        Operator::Present,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Operator::Equals => "equals",
            Operator::OneOf => "one_of",
            Operator::Contains => "contains",
            Operator::StartsWith => "starts_with",
            Operator::EndsWith => "ends_with",
            Operator::Matches => "matches",
            Operator::GreaterThan => "greater_than",
            Operator::AtLeast => "at_least",
            Operator::LessThan => "less_than",
            Operator::AtMost => "at_most",
            Operator::Semver => "semver",
            Operator::Before => "before",
            Operator::After => "after",
            Operator::Present => "present",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Operator::ALL.into_iter().find(|op| op.as_str() == name)
    }
}

/// A text, borrowed where the document has it without escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Text<'_> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A list of texts, or the one text that would be its only element.
pub struct OneOrMany<'a> {
    pub texts: Vec<Text<'a>>,
    /// Whether it was written as a list: paths into it have an index then.
    pub listed: bool,
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
    if nesting(text) > DEEPEST {
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
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Refuses the value of a member, so that the error is at the member and not at the object around it.
struct Refuse(String);

impl<'de> DeserializeSeed<'de> for Refuse {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(de::Error::custom(self.0))
    }
}

struct TextVisitor;

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

impl<'de: 'a, 'a> Deserialize<'de> for OneOrMany<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OneOrManyVisitor;
        impl<'de> Visitor<'de> for OneOrManyVisitor {
            type Value = OneOrMany<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                let texts = vec![Text(Cow::Borrowed(text))];
                Ok(OneOrMany {
                    texts,
                    listed: false,
                })
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                let texts = vec![Text(Cow::Owned(text.to_owned()))];
                Ok(OneOrMany {
                    texts,
                    listed: false,
                })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany {
                    texts,
                    listed: true,
                })
            }
        }
        from.deserialize_any(OneOrManyVisitor)
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
                let mut seen = hashbrown::HashSet::new();
                let mut members = Vec::new();
                while let Some(Text(name)) = map.next_key()? {
                    if !seen.insert(name.clone()) {
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

impl<'de: 'a, 'a> Deserialize<'de> for Default<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct DefaultVisitor;
        impl<'de> Visitor<'de> for DefaultVisitor {
            type Value = Default<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a variation or an object")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                TextVisitor.visit_borrowed_str(text).map(Default::Variation)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                TextVisitor.visit_str(text).map(Default::Variation)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Served::deserialize(de::value::MapAccessDeserializer::new(map)).map(Default::Served)
            }
        }
        from.deserialize_any(DefaultVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Sticky<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct StickyVisitor;
        impl<'de> Visitor<'de> for StickyVisitor {
            type Value = Sticky<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a boolean or an object")
            }

            fn visit_bool<E>(self, sticky: bool) -> Result<Self::Value, E> {
                Ok(Sticky::Plain(sticky))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Versioned::deserialize(de::value::MapAccessDeserializer::new(map))
                    .map(Sticky::Versioned)
            }
        }
        from.deserialize_any(StickyVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Condition<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ConditionVisitor)
    }
}

struct ConditionVisitor;

impl<'de> Visitor<'de> for ConditionVisitor {
    type Value = Condition<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a condition: an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // What it is about, what is asked of it, or how other conditions are joined.
        let mut subject: Option<(bool, Text<'de>)> = None;
        let mut test: Option<(Operator, &'de RawValue)> = None;
        let mut joined: Option<Condition<'de>> = None;
        let mut described = false;
        while let Some(name) = map.next_key::<Text<'de>>()? {
            let name = name.as_str();
            let operator = Operator::named(name);
            let taken = match name {
                "attribute" | "id" => subject.is_some() || joined.is_some(),
                "segment" | "all" | "any" | "not" => {
                    subject.is_some() || test.is_some() || joined.is_some()
                }
                "description" => described,
                _ if operator.is_some() => test.is_some() || joined.is_some(),
                _ => {
                    map.next_value_seed(Refuse(format!("unknown member `{name}`")))?;
                    true
                }
            };
            if taken {
                let why =
                    "a condition has one operator, or is one of `segment`, `all`, `any` and `not`";
                map.next_value_seed(Refuse(why.to_owned()))?;
            }
            match name {
                "attribute" => subject = Some((true, map.next_value()?)),
                "id" => subject = Some((false, map.next_value()?)),
                "segment" => joined = Some(Condition::Segment(map.next_value()?)),
                "all" => joined = Some(Condition::All(map.next_value()?)),
                "any" => joined = Some(Condition::Any(map.next_value()?)),
                "not" => joined = Some(Condition::Not(map.next_value()?)),
                "description" => {
                    map.next_value::<Note>()?;
                    described = true;
                }
                _ => {
                    let operand = map.next_value()?;
                    test = operator.map(|operator| (operator, operand));
                }
            }
        }
        match (subject, test, joined) {
            (Some((true, name)), Some((op, operand)), None) => {
                Ok(Condition::Attribute(name, op, operand))
            }
            (Some((false, name)), Some((op, operand)), None) => {
                Ok(Condition::Id(name, op, operand))
            }
            (None, None, Some(joined)) => Ok(joined),
            (Some(_), None, _) => Err(de::Error::custom("a condition without an operator")),
            (None, Some(_), _) => Err(de::Error::custom(
                "a condition without an `attribute` or `id` to look at",
            )),
            _ => Err(de::Error::custom(
                "a condition is one of `attribute`, `id`, `segment`, `all`, `any` and `not`",
            )),
        }
    }
}
