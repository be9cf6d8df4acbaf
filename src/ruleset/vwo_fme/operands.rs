//! Operands of a condition and what they say about a value (sections 2.12 and 2.13).

use crate::ruleset::coerce::{self, Text, canonical, digit, float};
use crate::ruleset::python_regex::{Options, PythonRegex, Refused};
use crate::value::Value;
use std::cmp::Ordering;

/// A compiled operand.
#[derive(Debug)]
pub enum Test {
    Never,
    /// The operand is a number: so must be the value, and the same.
    Number(f64),
    /// The operand is no number: no value that is one equals it.
    Text(Box<str>),
    /// Lower case of both is equal.
    Lower(Box<str>),
    Contains(Box<str>),
    EndsWith(Box<str>),
    StartsWith(Box<str>),
    Regex(Box<PythonRegex>),
    Compare(Comparison, Box<str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// What the compiler should tell people about an operand.
pub type Remark = Option<String>;

impl Test {
    /// Compiles an operand. `trimmed`: the kinds of condition whose operand loses white space around it and quotes.
    pub fn new(operand: &str, trimmed: bool) -> (Test, Remark) {
        let inner = |text: &str| -> Box<str> {
            let text = converted(text);
            match trimmed {
                true => coerce::strip(text.as_str()).replace('"', "").into(),
                false => text.as_str().into(),
            }
        };
        if let Some(body) = body(operand, "lower(") {
            return (Test::Lower(inner(body).to_lowercase().into()), None);
        }
        if let Some(body) = body(operand, "wildcard(") {
            let text = inner(body.trim_matches('*'));
            let test = match (body.starts_with('*'), body.ends_with('*')) {
                (true, true) => Test::Contains(text),
                (true, false) => Test::EndsWith(text),
                (false, true) => Test::StartsWith(text),
                (false, false) => Test::equal(text),
            };
            return (test, None);
        }
        if let Some(body) = body(operand, "regex(") {
            return Test::regex(&inner(body));
        }
        for (name, comparison) in [
            ("gt(", Comparison::Greater),
            ("gte(", Comparison::GreaterOrEqual),
            ("lt(", Comparison::Less),
            ("lte(", Comparison::LessOrEqual),
        ] {
            if let Some(number) = compared(operand, name) {
                return (Test::Compare(comparison, inner(number)), None);
            }
        }
        (Test::equal(inner(operand)), None)
    }

    fn equal(text: Box<str>) -> Test {
        match float(&text) {
            None => Test::Text(text),
            Some(number) if canonical(number).as_str() == &*text => Test::Number(number),
            // A number in a form that no value is left in, because quotes were taken off it.
            Some(_) => Test::Never,
        }
    }

    fn regex(pattern: &str) -> (Test, Remark) {
        match PythonRegex::new(pattern, Options::default()) {
            Ok(regex) => (Test::Regex(Box::new(regex)), None),
            Err(refused) => {
                let what = match refused {
                    Refused::Invalid(_) => "as the platform has it",
                    Refused::Unsupported(_) => "unlike on the platform",
                };
                let remark = format!("`{pattern}` is {refused}; it matches nothing, {what}");
                (Test::Never, Some(remark))
            }
        }
    }

    pub fn matches(&self, value: &Value) -> bool {
        let number = match value {
            Value::Number(number) => Some(coerce::double(number)),
            Value::String(text) if !matches!(self, Test::Never) => float(text),
            _ => None,
        };
        match self {
            Test::Never => return false,
            Test::Number(wanted) => {
                return number.is_some_and(|n| n == *wanted || (n.is_nan() && wanted.is_nan()));
            }
            Test::Text(_) if number.is_some() => return false,
            _ => {}
        }
        let text = match (number, value) {
            (Some(number), _) => canonical(number),
            (None, Value::String(text)) => Text::Borrowed(text),
            (None, Value::Null) => Text::Borrowed(""),
            (None, Value::Bool(true)) => Text::Borrowed("true"),
            (None, Value::Bool(false)) => Text::Borrowed("false"),
            (None, other) => Text::Long(other.to_string()),
        };
        let text = text.as_str();
        match self {
            Test::Never | Test::Number(_) => false,
            Test::Text(wanted) => text == &**wanted,
            Test::Lower(wanted) if text.is_ascii() => text.eq_ignore_ascii_case(wanted),
            Test::Lower(wanted) => text.to_lowercase() == **wanted,
            Test::Contains(part) => text.contains(&**part),
            Test::EndsWith(part) => text.ends_with(&**part),
            Test::StartsWith(part) => text.starts_with(&**part),
            Test::Regex(regex) => regex.is_match(text),
            Test::Compare(comparison, wanted) => comparison.holds(text, wanted),
        }
    }
}

/// `name(body)`: the body up to the last closing parenthesis of the first line; what follows is dropped.
fn body<'o>(operand: &'o str, name: &str) -> Option<&'o str> {
    let line = operand.strip_prefix(name)?.split('\n').next()?;
    line.rfind(')').map(|end| &line[..end])
}

/// `gt(1.5)` and its like: digits and dots, nothing else, but one final line feed.
fn compared<'o>(operand: &'o str, name: &str) -> Option<&'o str> {
    let rest = operand.strip_prefix(name)?;
    let number = rest.strip_suffix('\n').unwrap_or(rest).strip_suffix(')')?;
    let fits = |c: char| c == '.' || digit(c).is_some();
    (!number.is_empty() && number.chars().all(fits)).then_some(number)
}

/// The canonical text of a number; any other text as it is (step 4).
pub fn converted(text: &str) -> Text<'_> {
    match float(text) {
        Some(number) => canonical(number),
        None => Text::Borrowed(text),
    }
}

impl Comparison {
    /// Compares as versions are compared, decimals too (section 2.13).
    fn holds(self, value: &str, operand: &str) -> bool {
        if is_numeric(value) != is_numeric(operand) {
            return false;
        }
        let ordering = versions(value, operand);
        match self {
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterOrEqual => ordering.is_ge(),
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
        }
    }
}

fn is_numeric(text: &str) -> bool {
    text.split('.').all(is_digits)
}

fn is_digits(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| digit(c).is_some())
}

fn versions(left: &str, right: &str) -> Ordering {
    let (mut lefts, mut rights) = (left.split('.'), right.split('.'));
    loop {
        let (left, right) = match (lefts.next(), rights.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => (left.unwrap_or("0"), right.unwrap_or("0")),
        };
        let ordering = match is_digits(left) && is_digits(right) {
            true => integers(left, right),
            false => left.cmp(right),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

/// Compares integers of any length and script.
fn integers(left: &str, right: &str) -> Ordering {
    fn digits(text: &str) -> impl Iterator<Item = u8> {
        text.chars().filter_map(digit).skip_while(|d| *d == 0)
    }
    let by_length = digits(left).count().cmp(&digits(right).count());
    by_length.then_with(|| digits(left).cmp(digits(right)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(operand: &str, value: Value) -> bool {
        Test::new(operand, false).0.matches(&value)
    }

    #[test]
    fn numbers_are_equal_however_they_are_written() {
        for value in [
            json!("5"),
            json!(5),
            json!(5.0),
            json!(" 5 "),
            json!("+05.0"),
            json!("5e0"),
        ] {
            assert!(holds("5.0", value.clone()), "{value}");
        }
        assert!(!holds("5", json!(true)));
        assert!(!holds("1", json!(true)));
        assert!(holds("true", json!(true)));
        assert!(holds("NaN", json!("nan")));
        assert!(holds("", json!(null)));
    }

    #[test]
    fn the_inner_text_of_a_wildcard_is_a_number_first() {
        assert!(holds("wildcard(10.0*)", json!("101")));
        assert!(!holds("wildcard(0*)", json!("007")));
        assert!(holds("wildcard(**)", json!("anything")));
        assert!(holds("wildcard(a*b)", json!("a*b")));
        assert!(holds("regex(5.0)", json!("x5y")));
    }

    #[test]
    fn decimals_are_compared_as_versions() {
        assert!(!holds("gt(1.25)", json!(1.5)));
        assert!(holds("gt(1.10)", json!(1.9)));
        assert!(holds("gte(1.2.3)", json!("1.2.10")));
        assert!(!holds("lt(5)", json!("")));
        assert!(!holds("lt(5)", json!(-3)));
        assert!(holds("gt(-5)", json!("gt(-5)")));
        assert!(holds("gt(99999999999999999998)", json!("1.0e40")));
    }

    #[test]
    fn text_after_the_last_parenthesis_is_dropped() {
        assert!(holds("lower((X))tail", json!("(x)")));
        assert!(holds("lower(x", json!("lower(x")));
        assert!(holds("lower(ÉCOLE)", json!("école")));
        assert!(!holds("lower(straße)", json!("STRASSE")));
    }

    #[test]
    fn a_trimmed_operand_loses_its_quotes_after_it_was_a_number() {
        assert!(
            Test::new("\"10.1.2.3\"", true)
                .0
                .matches(&json!("10.1.2.3"))
        );
        assert!(Test::new("\"5\"", true).0.matches(&json!(5)));
        assert!(!Test::new("\"5.0\"", true).0.matches(&json!(5)));
    }
}
