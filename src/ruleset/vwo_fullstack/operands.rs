//! Operands of a condition and what they say about a value (sections 2.6.1 to 2.6.4).

use super::Poison;
use crate::ruleset::coerce::{self, Text, canonical, float};
use crate::ruleset::python_regex::{Options, PythonRegex, Refused};
use crate::ruleset::python_repr;
use crate::value::Value;

/// A compiled operand.
#[derive(Debug)]
pub struct Test {
    operator: Operator,
    operand: Operand,
}

#[derive(Debug)]
enum Operator {
    Equals,
    /// Lower case of both is equal.
    Lower,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    /// The pattern as it is written, and the one it becomes beside a value that is a number. `None`: it does not
    /// compile, so nothing matches.
    Regex(Option<Box<PythonRegex>>, Option<Box<PythonRegex>>),
}

/// What a value is compared with.
#[derive(Debug)]
struct Operand {
    text: Box<str>,
    /// Where the text is a number: what it is, and its canonical text.
    number: Option<(f64, Box<str>)>,
}

impl Test {
    /// Compiles an operand. `Err`: it is none, and whoever gets to it is out. `remarks` takes what people should know.
    pub fn new(operand: &str, remarks: &mut Vec<String>) -> Result<Test, &'static str> {
        let (operator, body) = match call(operand) {
            Some(("lower", body)) => (Operator::Lower, body),
            Some(("wildcard", "")) => return Err("the text of a wildcard must not be empty"),
            Some(("wildcard", body)) => wildcard(body),
            Some(("regex", body)) => return Ok(Test::regex(body, remarks)),
            Some(("gt" | "greaterthan", body)) => (Operator::Greater, body),
            Some(("gte" | "greaterthanequalto", body)) => (Operator::GreaterOrEqual, body),
            Some(("lt" | "lessthan", body)) => (Operator::Less, body),
            Some(("lte" | "lessthanequalto", body)) => (Operator::LessOrEqual, body),
            Some(("contains", body)) => (Operator::Contains, body),
            // These two are the wrong way round on the platform, which never writes them.
            Some(("startswith", body)) => (Operator::EndsWith, body),
            Some(("endswith", body)) => (Operator::StartsWith, body),
            Some(("equals", body)) => (Operator::Equals, body),
            _ => (Operator::Equals, operand),
        };
        let operand = Operand::new(body);
        if operator.compares() && operand.number.is_none() {
            let remark = format!("`{body}` is no number: whoever has a value is out");
            remarks.push(remark);
        }
        Ok(Test { operator, operand })
    }

    fn regex(pattern: &str, remarks: &mut Vec<String>) -> Test {
        let operand = Operand::new(pattern);
        let mut compile = |pattern: &str| match PythonRegex::new(pattern, Options::default()) {
            Ok(regex) => Some(Box::new(regex)),
            Err(refused) => {
                let what = match refused {
                    Refused::Invalid(_) => "as the platform has it",
                    Refused::Unsupported(_) => "unlike on the platform",
                };
                remarks.push(format!(
                    "`{pattern}` is {refused}; it matches nothing, {what}"
                ));
                None
            }
        };
        let written = compile(pattern);
        let canonical = match &operand.number {
            Some((_, text)) => compile(text),
            None => None,
        };
        Test {
            operator: Operator::Regex(written, canonical),
            operand,
        }
    }

    pub fn matches(&self, value: Option<&Value>) -> Result<bool, Poison> {
        let text = match value {
            None | Some(Value::Null) => return Ok(false),
            Some(Value::String(text)) if text.is_empty() => return Ok(false),
            Some(Value::String(text)) => Text::Borrowed(text),
            Some(Value::Bool(true)) => Text::Borrowed("true"),
            Some(Value::Bool(false)) => Text::Borrowed("false"),
            Some(Value::Number(number)) if number.is_f64() => coerce::repr(coerce::double(number)),
            Some(other) => Text::Long(python_repr::text(other)),
        };
        // Most conditions compare texts; whether those are numbers matters where the operand is one.
        if self.operand.number.is_none() && !self.operator.compares() {
            return Ok(self
                .operator
                .holds(text.as_str(), &self.operand.text, false));
        }
        let number = match value {
            Some(Value::Number(number)) => Some(coerce::double(number)),
            Some(Value::String(text)) => float(text),
            _ => None,
        };
        match (number, &self.operand.number) {
            (Some(value), Some((operand, canonical_operand))) => {
                if !value.is_finite() || !operand.is_finite() {
                    return Err(Poison);
                }
                Ok(match self.operator {
                    Operator::Equals => value == *operand,
                    Operator::Greater => value > *operand,
                    Operator::GreaterOrEqual => value >= *operand,
                    Operator::Less => value < *operand,
                    Operator::LessOrEqual => value <= *operand,
                    _ => {
                        let value = canonical(value);
                        self.operator.holds(value.as_str(), canonical_operand, true)
                    }
                })
            }
            _ if self.operator.compares() => Err(Poison),
            _ => Ok(self
                .operator
                .holds(text.as_str(), &self.operand.text, false)),
        }
    }
}

impl Operand {
    fn new(text: &str) -> Self {
        Operand {
            text: text.into(),
            number: float(text).map(|number| (number, canonical(number).as_str().into())),
        }
    }
}

impl Operator {
    /// Whether it needs numbers on both sides.
    fn compares(&self) -> bool {
        use Operator::{Greater, GreaterOrEqual, Less, LessOrEqual};
        matches!(self, Greater | GreaterOrEqual | Less | LessOrEqual)
    }

    fn holds(&self, value: &str, operand: &str, are_numbers: bool) -> bool {
        match self {
            Operator::Equals => value == operand,
            Operator::Lower if value.is_ascii() && operand.is_ascii() => {
                value.eq_ignore_ascii_case(operand)
            }
            Operator::Lower => value.to_lowercase() == operand.to_lowercase(),
            Operator::Contains => value.contains(operand),
            Operator::StartsWith => value.starts_with(operand),
            Operator::EndsWith => value.ends_with(operand),
            Operator::Regex(written, canonical) => {
                let regex = if are_numbers { canonical } else { written };
                regex.as_ref().is_some_and(|regex| regex.is_match(value))
            }
            // Decided on numbers, before.
            Operator::Greater
            | Operator::GreaterOrEqual
            | Operator::Less
            | Operator::LessOrEqual => false,
        }
    }
}

/// `name(body)` in the first line: the name before the first parenthesis, the body up to the last one. What follows is
/// dropped.
fn call(operand: &str) -> Option<(&str, &str)> {
    let line = operand.split('\n').next()?;
    // A name has at least one character.
    let first = line.chars().next()?.len_utf8();
    let open = first + line[first..].find('(')?;
    let close = line.rfind(')').filter(|close| *close > open)?;
    Some((&line[..open], &line[open + 1..close]))
}

/// Takes the stars off, one at each end.
fn wildcard(body: &str) -> (Operator, &str) {
    let is_long = |text: &str| text.chars().nth(1).is_some();
    let (leads, body) = match body.strip_prefix('*') {
        Some(rest) if is_long(body) => (true, rest),
        _ => (false, body),
    };
    let (trails, body) = match body.strip_suffix('*') {
        Some(rest) if is_long(body) => (true, rest),
        _ => (false, body),
    };
    let operator = match (leads, trails) {
        (true, true) => Operator::Contains,
        (true, false) => Operator::EndsWith,
        (false, true) => Operator::StartsWith,
        (false, false) => Operator::Equals,
    };
    (operator, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(operand: &str, value: Value) -> Option<bool> {
        let test = Test::new(operand, &mut Vec::new()).ok()?;
        test.matches(Some(&value)).ok()
    }

    #[test]
    fn numbers_are_equal_however_they_are_written() {
        for text in ["69.0", " 69 ", "069", "+69", "6.9e1", "٦٩"] {
            assert_eq!(holds(text, json!(69)), Some(true), "{text}");
        }
        assert_eq!(holds("1", json!(true)), Some(false));
        assert_eq!(holds("inf", json!(1)), None);
        assert_eq!(holds("inf", json!("x")), Some(false));
        assert_eq!(holds("", json!("")), Some(false));
    }

    #[test]
    fn a_number_is_searched_in_its_canonical_form() {
        assert_eq!(holds("wildcard(*69*)", json!("169.0")), Some(true));
        assert_eq!(holds("regex(69.0)", json!("69")), Some(true));
        assert_eq!(holds("regex(0)", json!("02")), Some(false));
        assert_eq!(holds("wildcard(*.0)", json!(7.0)), Some(false));
        assert_eq!(holds("regex(\\.0$)", json!(7.0)), Some(true));
        assert_eq!(holds("regex(\\.0$)", json!(7)), Some(false));
    }

    #[test]
    fn only_numbers_are_compared() {
        assert_eq!(holds("gt(-1)", json!(0)), Some(true));
        assert_eq!(holds("lt( 5 )", json!("4.5")), Some(true));
        assert_eq!(holds("gt()", json!(1)), None);
        assert_eq!(holds("gt(abc)", json!("abd")), None);
        assert_eq!(holds("gt(1)", json!(true)), None);
        assert_eq!(holds("gt(abc)", json!("")), Some(false));
    }

    #[test]
    fn one_star_comes_off_each_end() {
        assert_eq!(holds("wildcard(*)", json!("*")), Some(true));
        assert_eq!(holds("wildcard(*)", json!("a")), Some(false));
        assert_eq!(holds("wildcard(**)", json!("a*")), Some(true));
        assert_eq!(holds("wildcard(***)", json!("a*b")), Some(true));
        assert_eq!(holds("wildcard(a*b)", json!("a*b")), Some(true));
        assert_eq!(holds("wildcard()", json!("a")), None);
    }

    #[test]
    fn names_are_taken_to_the_letter() {
        assert_eq!(holds("lower(x)tail", json!("X")), Some(true));
        assert_eq!(holds("lower((x))", json!("(X)")), Some(true));
        assert_eq!(holds("Lower(x)", json!("Lower(x)")), Some(true));
        assert_eq!(holds("startswith(b)", json!("ab")), Some(true));
        assert_eq!(holds("endswith(a)", json!("ab")), Some(true));
        assert_eq!(holds("lower(ΟΔΟΣ)", json!("οδος")), Some(true));
        assert_eq!(holds("lower(straße)", json!("STRASSE")), Some(false));
    }
}
