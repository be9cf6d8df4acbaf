//! The shape of a document, as a table: what its objects must and may have. Both VWO platforms refuse a document as a
//! whole when it has another one.

use super::{Problem, coerce};
use crate::error::{Error, ErrorKind};
use crate::value::{Map, Value, kind_of};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use std::collections::HashSet;

/// What a member of an object may be.
pub enum Kind {
    Text,
    Number,
    NumberOrText,
    Switch,
    Object,
    /// Number, text, boolean or object.
    Scalar,
    Numbers,
    Texts,
    DistinctTexts,
    DistinctNumbers,
    List(&'static Shape),
    /// A list, or the empty object that the platform writes for an empty one.
    ListOrEmpty(&'static Shape),
    /// The same, whatever its elements are.
    AnyListOrEmpty,
    /// An object with keys of digits.
    ById(&'static Shape),
    /// An object of numbers with keys of digits.
    NumbersById,
    /// An object of numbers whose keys are digits and underscores.
    Memberships,
    /// An object in which the keys of digits have numbers.
    Weights,
}

/// One member of an object.
pub struct Member {
    name: &'static str,
    kind: Kind,
    required: bool,
}

/// What an object has.
pub struct Shape(pub &'static [Member]);

/// A member that must be there.
pub const fn must(name: &'static str, kind: Kind) -> Member {
    Member {
        name,
        kind,
        required: true,
    }
}

/// A member that may be missing.
pub const fn may(name: &'static str, kind: Kind) -> Member {
    Member {
        name,
        kind,
        required: false,
    }
}

impl Shape {
    /// Everything in which `document` does not have this shape, in the order of the shape.
    pub fn violations(&self, document: &Value) -> Vec<Problem> {
        let mut found = Found {
            path: String::new(),
            problems: Vec::new(),
        };
        found.shape(document, self);
        found.problems
    }

    /// One error that names everything that is wrong.
    pub fn check(&self, document: &Value) -> Result<(), Error> {
        let violations = self.violations(document);
        if violations.is_empty() {
            return Ok(());
        }
        let lines: Vec<_> = violations
            .iter()
            .map(|violation| format!("{}: {}", violation.path, violation.message))
            .collect();
        Err(Error::new(ErrorKind::InvalidRuleset, lines.join("; ")))
    }
}

struct Found {
    path: String,
    problems: Vec<Problem>,
}

impl Found {
    /// Goes one step down the path for the time of `check`.
    fn inside(&mut self, step: std::fmt::Arguments<'_>, check: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        // Writing into a string does not fail.
        let _ = std::fmt::Write::write_fmt(&mut self.path, step);
        check(self);
        self.path.truncate(outer);
    }

    fn key(&mut self, key: &str, check: impl FnOnce(&mut Self)) {
        match self.path.is_empty() {
            true => self.inside(format_args!("{key}"), check),
            false => self.inside(format_args!(".{key}"), check),
        }
    }

    fn report(&mut self, message: String) {
        let path = match self.path.is_empty() {
            true => ".".to_owned(),
            false => self.path.clone(),
        };
        self.problems.push(Problem {
            flag: None,
            path,
            message,
        });
    }

    fn expected(&mut self, wanted: &str, value: &Value) {
        self.report(format!("must be {wanted}, is {}", kind_of(value)));
    }

    fn shape(&mut self, value: &Value, shape: &Shape) {
        let Value::Object(object) = value else {
            return self.expected("an object", value);
        };
        for member in shape.0 {
            self.key(member.name, |found| match object.get(member.name) {
                Some(value) => found.kind(value, &member.kind),
                None if member.required => found.report("is missing".to_owned()),
                None => {}
            });
        }
    }

    fn kind(&mut self, value: &Value, kind: &Kind) {
        match (kind, value) {
            (Kind::Text | Kind::NumberOrText | Kind::Scalar, Value::String(_))
            | (Kind::Number | Kind::NumberOrText | Kind::Scalar, Value::Number(_))
            | (Kind::Switch | Kind::Scalar, Value::Bool(_))
            | (Kind::Object | Kind::Scalar, Value::Object(_)) => {}
            (Kind::Text, _) => self.expected("a text", value),
            (Kind::Number, _) => self.expected("a number", value),
            (Kind::NumberOrText, _) => self.expected("a number or a text", value),
            (Kind::Switch, _) => self.expected("a boolean", value),
            (Kind::Object, _) => self.expected("an object", value),
            (Kind::Scalar, _) => self.expected("a number, a text, a boolean or an object", value),
            (Kind::Numbers, Value::Array(list)) => self.each(list, &Kind::Number),
            (Kind::Texts, Value::Array(list)) => self.each(list, &Kind::Text),
            (Kind::DistinctTexts, Value::Array(list)) => self.distinct(list, &Kind::Text),
            (Kind::DistinctNumbers, Value::Array(list)) => self.distinct(list, &Kind::Number),
            (Kind::List(shape) | Kind::ListOrEmpty(shape), Value::Array(list)) => {
                for (index, value) in list.iter().enumerate() {
                    self.inside(format_args!("[{index}]"), |found| found.shape(value, shape));
                }
            }
            (Kind::AnyListOrEmpty, Value::Array(_)) => {}
            (Kind::ListOrEmpty(_) | Kind::AnyListOrEmpty, Value::Object(object))
                if object.is_empty() => {}
            (
                Kind::Numbers
                | Kind::Texts
                | Kind::DistinctTexts
                | Kind::DistinctNumbers
                | Kind::List(_)
                | Kind::ListOrEmpty(_)
                | Kind::AnyListOrEmpty,
                _,
            ) => self.expected("a list", value),
            (Kind::ById(shape), Value::Object(object)) => {
                self.entries(object, |found, key, value| {
                    if !is_digits(key, false) {
                        found.report("its key must be digits".to_owned());
                    }
                    found.shape(value, shape);
                })
            }
            (Kind::NumbersById, Value::Object(object)) => {
                self.entries(object, |found, key, value| {
                    if !is_digits(key, false) {
                        found.report("its key must be digits".to_owned());
                    }
                    found.kind(value, &Kind::Number);
                });
            }
            (Kind::Memberships, Value::Object(object)) => {
                self.entries(object, |found, key, value| {
                    if !is_digits(key, true) {
                        found.report("its key must be digits and underscores".to_owned());
                    }
                    found.kind(value, &Kind::Number);
                });
            }
            (Kind::Weights, Value::Object(object)) => self.entries(object, |found, key, value| {
                if is_digits(key, false) {
                    found.kind(value, &Kind::Number);
                }
            }),
            (Kind::ById(_) | Kind::NumbersById | Kind::Memberships | Kind::Weights, _) => {
                self.expected("an object", value);
            }
        }
    }

    fn each(&mut self, list: &[Value], kind: &Kind) {
        for (index, value) in list.iter().enumerate() {
            self.inside(format_args!("[{index}]"), |found| found.kind(value, kind));
        }
    }

    fn distinct(&mut self, list: &[Value], kind: &Kind) {
        self.each(list, kind);
        let mut seen = HashSet::new();
        for (index, value) in list.iter().enumerate() {
            let is_first = match value {
                // Adding makes of the two zeros one.
                Value::Number(number) => {
                    seen.insert((None, (coerce::double(number) + 0.0).to_bits()))
                }
                Value::String(text) => seen.insert((Some(text), 0)),
                _ => true,
            };
            if !is_first {
                self.inside(format_args!("[{index}]"), |found| {
                    found.report(format!("{value} is there twice"));
                });
            }
        }
    }

    fn entries(&mut self, object: &Map<String, Value>, check: impl Fn(&mut Self, &str, &Value)) {
        for (key, value) in object {
            self.key(key, |found| check(found, key, value));
        }
    }
}

fn is_digits(key: &str, underscores: bool) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (underscores && byte == b'_'))
}

/// A list, for which the platform also writes the empty object: for reading what [`Kind::ListOrEmpty`] takes.
pub fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Object(_) => Ok(Vec::new()),
        list => serde_path_to_error::deserialize(list).map_err(|error| {
            let path = error.path().to_string();
            D::Error::custom(format_args!("{path}: {}", error.into_inner()))
        }),
    }
}
