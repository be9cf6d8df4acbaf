//! Operators: what a condition asks of a value (section 2.7).

use super::id_lists::IdLists;
use super::regex::Pattern;
use super::target;
use super::version::{self, Version};
use super::view::{View, lower, text_of};
use crate::ruleset::texts::Texts;
use crate::value::{Value, same_text};
use std::cmp::Ordering;

/// An operator with its target, compiled.
#[derive(Debug)]
pub enum Test {
    Number(Order, Option<f64>),
    /// `None`: the target is no text.
    Version(Order, Option<Version>),
    /// The text in lower case is one of these; `None`: the target is no list.
    Any(Option<Texts>),
    /// The text as it is.
    AnyCaseSensitive(Option<Texts>),
    Affix(Affix, Option<Box<[Box<str>]>>),
    /// `None`: no pattern, or one that does not compile.
    Matches(Option<Box<Pattern>>),
    Time(Order, Option<i64>),
    SameDay(Option<i64>),
    Equal(Equal),
    /// The name of an ID list.
    InIdList(Option<Box<str>>),
    Elements(Elements, Option<Texts>),
    Not(Box<Test>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    Unequal,
}

#[derive(Clone, Copy, Debug)]
pub enum Affix {
    Starts,
    Ends,
    Contains,
}

#[derive(Clone, Copy, Debug)]
pub enum Elements {
    Any,
    None,
    All,
    NotAll,
}

/// Equality, by the JSON type of the target (section 2.7.3).
#[derive(Debug)]
pub enum Equal {
    Null,
    Bool(bool),
    Number(f64),
    Text(Box<str>),
    List(Box<[(usize, Box<str>)]>),
    Object(Box<[(Box<str>, Box<str>)]>),
}

/// What comes of compiling an operator.
pub enum Compiled {
    Test(Test),
    /// The pattern matches nothing, because it is none.
    BadPattern(Test),
    Unknown,
}

impl Test {
    pub fn compile(operator: &str, target: &Value) -> Compiled {
        let version = |order| Test::Version(order, target.as_str().map(Version::parse_target));
        let number = |order| Test::Number(order, target::float(target));
        let affix = |affix| Test::Affix(affix, lowered(target));
        let not = |test| Test::Not(Box::new(test));
        Compiled::Test(match operator {
            "gt" => number(Order::Greater),
            "gte" => number(Order::GreaterOrEqual),
            "lt" => number(Order::Less),
            "lte" => number(Order::LessOrEqual),
            "version_gt" => version(Order::Greater),
            "version_gte" => version(Order::GreaterOrEqual),
            "version_lt" => version(Order::Less),
            "version_lte" => version(Order::LessOrEqual),
            "version_eq" => version(Order::Equal),
            "version_neq" => version(Order::Unequal),
            "any" => any(target),
            "none" => not(any(target)),
            "any_case_sensitive" => Test::AnyCaseSensitive(texts(target)),
            "none_case_sensitive" => not(Test::AnyCaseSensitive(texts(target))),
            "str_starts_with_any" => affix(Affix::Starts),
            "str_ends_with_any" => affix(Affix::Ends),
            "str_contains_any" => affix(Affix::Contains),
            "str_contains_none" => not(affix(Affix::Contains)),
            "str_matches" => {
                let Some(pattern) = target.as_str() else {
                    return Compiled::Test(Test::Matches(None));
                };
                match Pattern::new(pattern) {
                    Some(pattern) => Test::Matches(Some(Box::new(pattern))),
                    None => return Compiled::BadPattern(Test::Matches(None)),
                }
            }
            "before" => Test::Time(Order::Less, target::ms(target)),
            "after" => Test::Time(Order::Greater, target::ms(target)),
            "on" => Test::SameDay(target::ms(target)),
            "eq" => Test::Equal(equal(target)),
            "neq" => not(Test::Equal(equal(target))),
            "in_segment_list" => Test::InIdList(target.as_str().map(Into::into)),
            "not_in_segment_list" => not(Test::InIdList(target.as_str().map(Into::into))),
            "array_contains_any" => Test::Elements(Elements::Any, texts(target)),
            "array_contains_none" => Test::Elements(Elements::None, texts(target)),
            "array_contains_all" => Test::Elements(Elements::All, texts(target)),
            "not_array_contains_all" => Test::Elements(Elements::NotAll, texts(target)),
            _ => return Compiled::Unknown,
        })
    }

    /// The ID list that the test looks into, where it looks into one.
    pub fn id_list(&self) -> Option<&str> {
        match self {
            Test::InIdList(list) => list.as_deref(),
            Test::Not(test) => test.id_list(),
            _ => None,
        }
    }

    /// How many steps of a call the test counts for. One by one, searches that may take long are bounded; this bounds
    /// how many of them there are.
    pub fn steps(&self) -> u32 {
        match self {
            Test::Matches(Some(pattern)) if pattern.may_take_long() => 500,
            _ => 1,
        }
    }

    pub fn holds(&self, value: &View<'_>, lists: &IdLists) -> bool {
        match self {
            Test::Number(order, target) => both(value.float(), *target)
                .and_then(|(value, target)| value.partial_cmp(&target))
                .is_some_and(|found| order.holds(found)),
            Test::Version(order, target) => {
                let compared = || version::compare(&value.text()?, target.as_ref()?);
                compared().is_some_and(|found| order.holds(found))
            }
            Test::Any(texts) => texts
                .as_ref()
                .is_some_and(|texts| texts.contains(&lower(&value.text().unwrap_or_default()))),
            Test::AnyCaseSensitive(texts) => texts
                .as_ref()
                .is_some_and(|texts| texts.contains(&value.text().unwrap_or_default())),
            Test::Affix(affix, list) => list.as_ref().is_some_and(|list| {
                let text = value.text().unwrap_or_default();
                let text = lower(&text);
                list.iter().any(|element| affix.holds(&text, element))
            }),
            Test::Matches(pattern) => pattern
                .as_ref()
                .is_some_and(|pattern| value.text().is_some_and(|text| pattern.is_match(&text))),
            Test::Time(order, target) => both(value.ms(), *target)
                .is_some_and(|(value, target)| order.holds(value.cmp(&target))),
            Test::SameDay(target) => {
                const DAY: i64 = 86_400_000;
                // Toward zero, on both sides of 1970.
                both(value.ms(), *target).is_some_and(|(value, target)| value / DAY == target / DAY)
            }
            Test::Equal(equal) => equal.holds(value),
            Test::InIdList(list) => list
                .as_ref()
                .is_some_and(|list| value.text().is_some_and(|id| lists.contains(list, &id))),
            Test::Elements(how, texts) => match (value.list(), texts) {
                (Some(list), Some(texts)) => how.holds(list, texts),
                _ => false,
            },
            Test::Not(test) => !test.holds(value, lists),
        }
    }
}

impl Order {
    fn holds(self, found: Ordering) -> bool {
        match self {
            Order::Greater => found.is_gt(),
            Order::GreaterOrEqual => found.is_ge(),
            Order::Less => found.is_lt(),
            Order::LessOrEqual => found.is_le(),
            Order::Equal => found.is_eq(),
            Order::Unequal => found.is_ne(),
        }
    }
}

impl Affix {
    fn holds(self, text: &str, element: &str) -> bool {
        match self {
            Affix::Starts => text.starts_with(element),
            Affix::Ends => text.ends_with(element),
            Affix::Contains => text.contains(element),
        }
    }
}

impl Elements {
    fn holds(self, list: &[Value], texts: &Texts) -> bool {
        match self {
            Elements::Any => has_any(list, texts),
            Elements::None => !has_any(list, texts),
            Elements::All => has_all(list, texts),
            Elements::NotAll => !has_all(list, texts),
        }
    }
}

fn has_any(list: &[Value], texts: &Texts) -> bool {
    list.iter()
        .any(|value| text_of(value).is_some_and(|text| texts.contains(&text)))
}

fn has_all(list: &[Value], texts: &Texts) -> bool {
    let found: std::collections::HashSet<_> = list
        .iter()
        .filter_map(text_of)
        .filter(|text| texts.contains(text))
        .collect();
    found.len() == texts.iter().len()
}

impl Equal {
    fn holds(&self, value: &View<'_>) -> bool {
        let is = |value: Option<&Value>, text: &str| {
            value
                .and_then(text_of)
                .is_some_and(|found| same_text(&found, text))
        };
        match self {
            Equal::Null => value.is_null(),
            Equal::Bool(target) => value.bool() == Some(*target),
            Equal::Number(target) => value.float() == Some(*target),
            Equal::Text(target) => value.text().is_some_and(|text| same_text(&text, target)),
            Equal::List(target) => value.list().is_some_and(|list| {
                let same = |(index, text): &(usize, Box<str>)| is(list.get(*index), text);
                list.len() == target.len() && target.iter().all(same)
            }),
            Equal::Object(target) => value.object().is_some_and(|object| {
                let same = |(key, text): &(Box<str>, Box<str>)| is(object.get(&**key), text);
                object.len() == target.len() && target.iter().all(same)
            }),
        }
    }
}

fn both<A, B>(a: Option<A>, b: Option<B>) -> Option<(A, B)> {
    Some((a?, b?))
}

/// A list by its elements in lower case; an object by its keys as they are.
fn any(target: &Value) -> Test {
    Test::Any(match target {
        Value::Array(list) => {
            let elements = target::elements(list).into_iter();
            Some(Texts::new(
                elements.map(|element| element.lower.into()).collect(),
            ))
        }
        Value::Object(object) => Some(Texts::new(
            object.keys().map(|key| key.as_str().into()).collect(),
        )),
        _ => None,
    })
}

fn texts(target: &Value) -> Option<Texts> {
    let elements = target::elements(target.as_array()?).into_iter();
    Some(Texts::new(
        elements.map(|element| element.text.into()).collect(),
    ))
}

fn lowered(target: &Value) -> Option<Box<[Box<str>]>> {
    let elements = target::elements(target.as_array()?).into_iter();
    Some(elements.map(|element| element.lower.into()).collect())
}

fn equal(target: &Value) -> Equal {
    match target {
        Value::Null => Equal::Null,
        Value::Bool(target) => Equal::Bool(*target),
        Value::Number(target) => Equal::Number(target.as_f64().unwrap_or(f64::NAN)),
        Value::String(target) => Equal::Text(target.as_str().into()),
        Value::Array(list) => {
            let elements = target::elements(list).into_iter();
            Equal::List(
                elements
                    .map(|element| (element.index, element.text.into()))
                    .collect(),
            )
        }
        Value::Object(object) => Equal::Object(target::members(object).into()),
    }
}
