//! Operators: one function each, with operands that were read once, when the ruleset was loaded.

use crate::ruleset::texts::Texts;
use crate::value::{Number, Value, compare_numbers, equal, same_text};
use crate::version::version;
use regex::Regex;
use semver::Version;
use serde_json::json;
use std::cmp::Ordering;
use std::sync::Arc;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A value as an operator sees it. An id is a text that is not part of any [`Value`].
#[derive(Clone, Copy)]
pub enum Seen<'v> {
    Text(&'v str),
    /// Anything but a text.
    Other(&'v Value),
}

impl<'v> Seen<'v> {
    #[inline]
    pub fn new(value: &'v Value) -> Self {
        match value {
            Value::String(text) => Seen::Text(text),
            other => Seen::Other(other),
        }
    }

    #[inline]
    fn text(self) -> Option<&'v str> {
        match self {
            Seen::Text(text) => Some(text),
            Seen::Other(_) => None,
        }
    }

    #[inline]
    fn number(self) -> Option<&'v Number> {
        match self {
            Seen::Other(Value::Number(number)) => Some(number),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub enum Operator {
    EqualsText(Box<str>),
    Equals(Box<Value>),
    OneOf(Box<Among>),
    Contains(Box<Among>),
    StartsWith(Box<[Box<str>]>),
    EndsWith(Box<[Box<str>]>),
    Matches(Arc<Regex>),
    Compares(Comparison, Number),
    Semver(Box<[(Comparison, Version)]>),
    Before(Box<Instant>),
    After(Box<Instant>),
    Present(bool),
}

/// A list whose texts are looked up and whose other values are compared.
#[derive(Debug)]
pub struct Among {
    pub texts: Texts,
    pub others: Box<[Value]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equals,
    GreaterThan,
    AtLeast,
    LessThan,
    AtMost,
}

/// A point in time, and how the document spells it.
#[derive(Debug)]
pub struct Instant {
    /// Unix nanoseconds.
    pub at: i128,
    pub written: Value,
}

impl Operator {
    /// Whether a value or an id passes.
    pub fn passes(&self, seen: Seen<'_>) -> bool {
        match self {
            Operator::EqualsText(text) => seen.text().is_some_and(|seen| same_text(seen, text)),
            Operator::Equals(value) => equals(value, seen),
            Operator::OneOf(among) => among.has(seen),
            Operator::Contains(among) => contains(among, seen),
            Operator::StartsWith(heads) => starts_with(heads, seen),
            Operator::EndsWith(tails) => ends_with(tails, seen),
            Operator::Matches(regex) => seen.text().is_some_and(|text| regex.is_match(text)),
            Operator::Compares(comparison, operand) => compares(*comparison, operand, seen),
            Operator::Semver(bounds) => semver(bounds, seen),
            Operator::Before(instant) => instant_of(seen).is_some_and(|at| at < instant.at),
            Operator::After(instant) => instant_of(seen).is_some_and(|at| at > instant.at),
            Operator::Present(wanted) => *wanted,
        }
    }

    /// Whether a value that is missing passes.
    #[inline]
    pub fn passes_missing(&self) -> bool {
        matches!(self, Operator::Present(false))
    }

    pub fn as_str(&self) -> &'static str {
        match self {
            Operator::EqualsText(_) | Operator::Equals(_) => "equals",
            Operator::OneOf(_) => "one_of",
            Operator::Contains(_) => "contains",
            Operator::StartsWith(_) => "starts_with",
            Operator::EndsWith(_) => "ends_with",
            Operator::Matches(_) => "matches",
            Operator::Compares(comparison, _) => comparison.as_str(),
            Operator::Semver(_) => "semver",
            Operator::Before(_) => "before",
            Operator::After(_) => "after",
            Operator::Present(_) => "present",
        }
    }

    /// The operand, for explanations. A single text is shown as the list that it stands for.
    pub fn operand(&self) -> Value {
        match self {
            Operator::EqualsText(text) => json!(text),
            Operator::Equals(value) => Value::clone(value),
            Operator::OneOf(among) | Operator::Contains(among) => among
                .texts
                .iter()
                .map(Value::from)
                .chain(among.others.iter().cloned())
                .collect(),
            Operator::StartsWith(texts) | Operator::EndsWith(texts) => json!(texts),
            Operator::Matches(regex) => json!(regex.as_str()),
            Operator::Compares(_, number) => Value::Number(number.clone()),
            Operator::Semver(bounds) => bounds
                .iter()
                .map(|(comparison, version)| {
                    (comparison.as_str().to_owned(), json!(version.to_string()))
                })
                .collect(),
            Operator::Before(instant) | Operator::After(instant) => instant.written.clone(),
            Operator::Present(wanted) => json!(wanted),
        }
    }
}

impl Among {
    pub fn new(values: Vec<Value>) -> Self {
        let mut texts = Vec::new();
        let mut others = Vec::new();
        for value in values {
            match value {
                Value::String(text) => texts.push(text.into_boxed_str()),
                other => others.push(other),
            }
        }
        Among {
            texts: Texts::new(texts),
            others: others.into(),
        }
    }

    fn has(&self, seen: Seen<'_>) -> bool {
        match seen {
            Seen::Text(text) => self.texts.contains(text),
            Seen::Other(value) => self.others.iter().any(|other| equal(other, value)),
        }
    }
}

impl Comparison {
    pub const ALL: [Comparison; 5] = [
        Comparison::Equals,
        Comparison::GreaterThan,
        Comparison::AtLeast,
        Comparison::LessThan,
        Comparison::AtMost,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Comparison::Equals => "equals",
            Comparison::GreaterThan => "greater_than",
            Comparison::AtLeast => "at_least",
            Comparison::LessThan => "less_than",
            Comparison::AtMost => "at_most",
        }
    }

    #[inline]
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Equals => ordering.is_eq(),
            Comparison::GreaterThan => ordering.is_gt(),
            Comparison::AtLeast => ordering.is_ge(),
            Comparison::LessThan => ordering.is_lt(),
            Comparison::AtMost => ordering.is_le(),
        }
    }
}

fn equals(operand: &Value, seen: Seen<'_>) -> bool {
    match seen {
        // Operands that are texts have a variant of their own.
        Seen::Text(_) => false,
        Seen::Other(value) => equal(operand, value),
    }
}

fn contains(operands: &Among, seen: Seen<'_>) -> bool {
    match seen {
        Seen::Text(text) => operands.texts.iter().any(|part| text.contains(part)),
        Seen::Other(Value::Array(elements)) => elements
            .iter()
            .any(|element| operands.has(Seen::new(element))),
        Seen::Other(_) => false,
    }
}

fn starts_with(heads: &[Box<str>], seen: Seen<'_>) -> bool {
    seen.text()
        .is_some_and(|text| heads.iter().any(|head| text.starts_with(&**head)))
}

fn ends_with(tails: &[Box<str>], seen: Seen<'_>) -> bool {
    seen.text()
        .is_some_and(|text| tails.iter().any(|tail| text.ends_with(&**tail)))
}

fn compares(comparison: Comparison, operand: &Number, seen: Seen<'_>) -> bool {
    seen.number()
        .is_some_and(|number| comparison.holds(compare_numbers(number, operand)))
}

fn semver(bounds: &[(Comparison, Version)], seen: Seen<'_>) -> bool {
    let Some(version) = seen.text().and_then(version) else {
        return false;
    };
    bounds
        .iter()
        .all(|(comparison, bound)| comparison.holds(version.cmp_precedence(bound)))
}

/// Unix nanoseconds of an RFC 3339 text or a number of milliseconds.
pub fn instant_of(seen: Seen<'_>) -> Option<i128> {
    const PER_MILLISECOND: i128 = 1_000_000;
    match seen {
        Seen::Text(text) => OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .map(OffsetDateTime::unix_timestamp_nanos),
        Seen::Other(Value::Number(number)) => Some(match number.as_i128() {
            Some(whole) => whole.saturating_mul(PER_MILLISECOND),
            None => {
                let milliseconds = number.as_f64()?;
                let whole = milliseconds.trunc() as i128;
                let rest = (milliseconds.fract() * PER_MILLISECOND as f64) as i128;
                whole.saturating_mul(PER_MILLISECOND).saturating_add(rest)
            }
        }),
        Seen::Other(_) => None,
    }
}
