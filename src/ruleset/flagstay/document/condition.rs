//! Conditions as they are written.

use crate::ruleset::flagstay::shape::{Note, Refuse, Text};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

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

/// A list of texts, or the one text that would be its only element.
pub struct OneOrMany<'a> {
    pub texts: Vec<Text<'a>>,
    /// Whether it was written as a list: paths into it have an index then.
    pub listed: bool,
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
