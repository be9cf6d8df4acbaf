//! Places of a document where the platform's own SDK raises an exception.
//!
//! The SDKs written in Python read their documents while they evaluate: a member that is not there, or of another type
//! than the code expects, raises when an evaluation gets to it, and never before. A dialect that compiles its documents
//! keeps that as a state at the place: [`Reached`] is what stands there, or that whoever gets there raises.

use super::Problem;
use super::path::Path;
use crate::value::{Value, kind_of};
use std::borrow::Cow;
use std::fmt::Display;

/// An evaluation got to where the platform's SDK raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised;

/// What an evaluation finds when it gets to a place.
pub type Reached<T> = Result<T, Raised>;

/// What was found to be wrong while a document was compiled.
#[derive(Debug, Default)]
pub struct Findings {
    /// The flag that is being compiled; `None`: a segment.
    pub flag: Option<String>,
    pub problems: Vec<Problem>,
}

impl Findings {
    /// For a flag, or for what belongs to no flag.
    pub fn of(flag: Option<String>) -> Self {
        Findings {
            flag,
            problems: Vec::new(),
        }
    }

    pub fn note(&mut self, path: &Path<'_>, message: impl Display) {
        self.problems.push(Problem {
            flag: self.flag.clone(),
            path: path.to_string(),
            message: message.to_string(),
        });
    }

    /// Notes a place where evaluations raise.
    pub fn raise<T>(&mut self, path: &Path<'_>, why: impl Display) -> Reached<T> {
        self.note(
            path,
            format_args!("{why}; an evaluation that gets here fails"),
        );
        Err(Raised)
    }
}

/// A member that must be there, with any value.
pub fn member<'v>(
    value: &'v Value,
    name: &str,
    path: &Path<'_>,
    findings: &mut Findings,
) -> Reached<&'v Value> {
    match value {
        Value::Object(object) => match object.get(name) {
            Some(value) => Ok(value),
            None => findings.raise(path, format_args!("`{name}` is missing")),
        },
        other => {
            let kind = kind_of(other);
            findings.raise(path, format_args!("must be an object, is {kind}"))
        }
    }
}

/// One item after the other, each made when it is its turn: a long text is not held as a list of its characters.
pub type Items<'v> = Box<dyn Iterator<Item = Cow<'v, Value>> + 'v>;

/// What Python's `for` goes through: the items of a list, the characters of a text, the names of an object.
pub fn items<'v>(value: &'v Value, path: &Path<'_>, findings: &mut Findings) -> Reached<Items<'v>> {
    let text = |text: &str| Cow::Owned(Value::from(text));
    match value {
        Value::Array(list) => Ok(Box::new(list.iter().map(Cow::Borrowed))),
        Value::String(all) => {
            let mut short = [0; 4];
            Ok(Box::new(
                all.chars().map(move |c| text(c.encode_utf8(&mut short))),
            ))
        }
        Value::Object(object) => Ok(Box::new(object.keys().map(move |name| text(name)))),
        other => {
            let kind = kind_of(other);
            findings.raise(path, format_args!("must be a list, is {kind}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_missing_member_is_named_with_its_place_and_flag() {
        let mut findings = Findings::of(Some("f".to_owned()));
        let root = Path::root("data");
        let path = root.index(3);
        assert_eq!(
            member(&json!({"a": null}), "a", &path, &mut findings),
            Ok(&Value::Null)
        );
        assert_eq!(member(&json!({}), "a", &path, &mut findings), Err(Raised));
        assert_eq!(member(&json!([1]), "a", &path, &mut findings), Err(Raised));
        let found: Vec<_> = findings
            .problems
            .iter()
            .map(|p| (p.flag.as_deref(), &*p.path))
            .collect();
        assert_eq!(found, [(Some("f"), "data[3]"), (Some("f"), "data[3]")]);
        assert!(findings.problems[0].message.starts_with("`a` is missing"));
    }

    #[test]
    fn whatever_python_goes_through_has_items() {
        let mut findings = Findings::default();
        let root = Path::root("x");
        let mut count = |value| items(&value, &root, &mut findings).map(Iterator::count);
        assert_eq!(count(json!([1, null])), Ok(2));
        assert_eq!(count(json!("zoë")), Ok(3));
        assert_eq!(count(json!({"a": 1})), Ok(1));
        assert_eq!(count(json!("")), Ok(0));
        for value in [json!(null), json!(0), json!(false)] {
            assert_eq!(count(value), Err(Raised));
        }
    }
}
