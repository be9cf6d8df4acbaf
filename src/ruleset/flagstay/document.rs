//! The document as it is written. Text is borrowed from it; operands and values stay raw until they are compiled.

mod condition;

pub use condition::{Condition, OneOrMany, Operator};

use super::shape::{Members, Note, Object, Text, TextVisitor, given};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

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
