//! Reading operands: what each operator accepts, said once.

use crate::ruleset::flagstay::document::Operator as Name;
use crate::ruleset::flagstay::operators::{Among, Comparison, Instant, Operator, Seen, instant_of};
use crate::ruleset::flagstay::shape::{DEEPEST, Members, read};
use crate::ruleset::path::{Mistake, Path};
use crate::value::{Number, Value, kind_of};
use hashbrown::HashMap;
use regex::{Regex, RegexBuilder};
use semver::Version;
use serde_json::value::RawValue;
use std::sync::Arc;

/// What a regular expression may compile to, in bytes.
const REGEX_SIZE: usize = 1 << 20;

/// Expressions that stand in a document more than once are compiled once.
#[derive(Default)]
pub struct Expressions(HashMap<String, Arc<Regex>>);

impl Expressions {
    fn get(&mut self, text: &str, path: &Path<'_>) -> Result<Arc<Regex>, Mistake> {
        if let Some(known) = self.0.get(text) {
            return Ok(Arc::clone(known));
        }
        let regex = RegexBuilder::new(text)
            .size_limit(REGEX_SIZE)
            .nest_limit(DEEPEST as u32)
            .build()
            .map_err(|error| path.mistake(format_args!("no regular expression: {error}")))?;
        let regex = Arc::new(regex);
        self.0.insert(text.to_owned(), Arc::clone(&regex));
        Ok(regex)
    }
}

/// Reads the operand of the operator that `path` ends with.
pub fn operator(
    name: Name,
    raw: &RawValue,
    expressions: &mut Expressions,
    path: &Path<'_>,
) -> Result<Operator, Mistake> {
    let operand: Value = serde_json::from_str(raw.get()).map_err(|error| path.mistake(error))?;
    let comparison = match name {
        Name::GreaterThan => Comparison::GreaterThan,
        Name::AtLeast => Comparison::AtLeast,
        Name::LessThan => Comparison::LessThan,
        Name::AtMost => Comparison::AtMost,
        _ => Comparison::Equals,
    };
    Ok(match name {
        Name::Equals => match something(operand, path)? {
            Value::String(text) => Operator::EqualsText(text.into()),
            other => Operator::Equals(Box::new(other)),
        },
        Name::OneOf => {
            let Value::Array(values) = operand else {
                return Err(wanted("a list", &operand, path));
            };
            let values = each(values, path, something)?;
            Operator::OneOf(Box::new(Among::new(values)))
        }
        Name::Contains => {
            Operator::Contains(Box::new(Among::new(one_or_many(operand, path, scalar)?)))
        }
        Name::StartsWith => Operator::StartsWith(one_or_many(operand, path, text)?.into()),
        Name::EndsWith => Operator::EndsWith(one_or_many(operand, path, text)?.into()),
        Name::Matches => Operator::Matches(expressions.get(&text(operand, path)?, path)?),
        Name::GreaterThan | Name::AtLeast | Name::LessThan | Name::AtMost => {
            Operator::Compares(comparison, number(operand, path)?)
        }
        Name::Semver => semver(raw, path)?,
        Name::Before => Operator::Before(Box::new(instant(operand, path)?)),
        Name::After => Operator::After(Box::new(instant(operand, path)?)),
        Name::Present => match operand {
            Value::Bool(wanted) => Operator::Present(wanted),
            other => return Err(wanted("a boolean", &other, path)),
        },
    })
}

fn wanted(what: &str, found: &Value, path: &Path<'_>) -> Mistake {
    path.mistake(format_args!("wants {what}, not {}", kind_of(found)))
}

fn something(value: Value, path: &Path<'_>) -> Result<Value, Mistake> {
    if value.is_null() {
        return Err(path.mistake("nothing equals null; ask for `\"present\": false`"));
    }
    Ok(value)
}

fn scalar(value: Value, path: &Path<'_>) -> Result<Value, Mistake> {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(value),
        other => Err(wanted("texts, numbers or booleans", &other, path)),
    }
}

fn text(value: Value, path: &Path<'_>) -> Result<Box<str>, Mistake> {
    match value {
        Value::String(text) => Ok(text.into()),
        other => Err(wanted("a text", &other, path)),
    }
}

fn number(value: Value, path: &Path<'_>) -> Result<Number, Mistake> {
    match value {
        Value::Number(number) => Ok(number),
        other => Err(wanted("a number", &other, path)),
    }
}

fn instant(written: Value, path: &Path<'_>) -> Result<Instant, Mistake> {
    match instant_of(Seen::new(&written)) {
        Some(at) => Ok(Instant { at, written }),
        None => Err(path.mistake(
            "wants an RFC 3339 date and time with an offset, or a number of Unix milliseconds",
        )),
    }
}

fn semver(raw: &RawValue, path: &Path<'_>) -> Result<Operator, Mistake> {
    // Read again, because a value forgets that a member stood in it twice.
    let Members(members): Members<'_, Value> = read(raw, path)?;
    if members.is_empty() {
        return Err(path.mistake("wants at least one comparison"));
    }
    let mut bounds = Vec::new();
    for (name, bound) in members {
        let path = path.key(&name);
        let comparison = Comparison::ALL
            .into_iter()
            .find(|comparison| comparison.as_str() == name)
            .ok_or_else(|| path.mistake(format_args!("unknown comparison `{name}`")))?;
        let version = Version::parse(&text(bound, &path)?)
            .map_err(|error| path.mistake(format_args!("no version: {error}")))?;
        bounds.push((comparison, version));
    }
    Ok(Operator::Semver(bounds.into()))
}

fn one_or_many<T>(
    operand: Value,
    path: &Path<'_>,
    read: impl Fn(Value, &Path<'_>) -> Result<T, Mistake>,
) -> Result<Vec<T>, Mistake> {
    match operand {
        Value::Array(values) => each(values, path, read),
        one => Ok(vec![read(one, path)?]),
    }
}

fn each<T>(
    values: Vec<Value>,
    path: &Path<'_>,
    read: impl Fn(Value, &Path<'_>) -> Result<T, Mistake>,
) -> Result<Vec<T>, Mistake> {
    let values = values.into_iter().enumerate();
    values
        .map(|(n, value)| read(value, &path.index(n)))
        .collect()
}
