//! The kinds of value that an attribute or a variation may have: JSON's, and no others.

use serde_json::value::RawValue;
pub use serde_json::{Map, Number, Value};
use std::cmp::Ordering;

/// A value of a ruleset together with its JSON text, both made once, when the ruleset is loaded.
///
/// A decision that answers with it hands out the text as it is: nothing is serialised per call.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    pub value: Value,
    pub json: Box<str>,
}

impl Prepared {
    pub fn new(value: Value) -> Self {
        let json = value.to_string().into_boxed_str();
        Prepared { value, json }
    }
}

/// A member of an object. Small ones, such as records, are scanned: hashing a name costs more than comparing a few.
#[inline]
pub fn member<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    if object.len() > 8 {
        return object.get(name);
    }
    let found = object.iter().find(|(key, _)| *key == name);
    found.map(|(_, value)| value)
}

/// What messages call a value: `text`, `number`, `boolean`, `null`, `list`, `object`.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Equality as a person reads JSON: numbers by value (`1` equals `1.0`), objects regardless of key order.
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => equal_numbers(a, b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => left == right,
    }
}

fn equal_numbers(a: &Number, b: &Number) -> bool {
    compare_numbers(a, b).is_eq()
}

/// The order of two numbers by their exact values: above 2^53 two different integers may share a double, so an integer
/// is never turned into one.
#[inline]
pub fn compare_numbers(a: &Number, b: &Number) -> Ordering {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => compare_any_numbers(a, b),
    }
}

#[inline(never)]
fn compare_any_numbers(a: &Number, b: &Number) -> Ordering {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(a), None) => compare_mixed(a, double(b)),
        (None, Some(b)) => compare_mixed(b, double(a)).reverse(),
        // JSON has no number that is none.
        (None, None) => double(a).partial_cmp(&double(b)).unwrap_or(Ordering::Equal),
    }
}

fn double(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default()
}

/// JSON's integers have 64 bits, so a double that saturates here is beyond all of them.
fn compare_mixed(integer: i128, double: f64) -> Ordering {
    integer.cmp(&(double.trunc() as i128)).then_with(|| {
        0.0_f64
            .partial_cmp(&double.fract())
            .unwrap_or(Ordering::Equal)
    })
}

/// Whether two texts are the same. Names, keys and short values are compared in a few instructions, where a call of the
/// system's comparison would cost more than all the rest of a lookup.
#[inline(always)]
pub fn same_text(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    match left.len() {
        8..=16 => same_ends::<8>(left, right),
        4..=7 => same_ends::<4>(left, right),
        2..=3 => same_ends::<2>(left, right),
        _ => same_bytes(left, right),
    }
}

/// Never in place: a loop around a call of the system keeps all that it has in memory.
#[inline(never)]
fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    left == right
}

/// Two words, which overlap where the length is not twice theirs.
#[inline]
fn same_ends<const WORD: usize>(left: &[u8], right: &[u8]) -> bool {
    left.first_chunk::<WORD>() == right.first_chunk()
        && left.last_chunk::<WORD>() == right.last_chunk()
}

/// Whether `raw` is the JSON `null` (white space around it aside).
pub fn is_null(raw: &RawValue) -> bool {
    raw.get().trim() == "null"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_equal_by_value_and_not_by_spelling() {
        assert!(equal(&json!({"a": [1, 2.0]}), &json!({"a": [1.0, 2]})));
        assert!(!equal(&json!(1), &json!("1")));
        assert!(!equal(&json!(true), &json!(1)));
    }

    #[test]
    fn large_integers_that_share_a_double_are_different() {
        assert!(!equal(
            &json!(9007199254740993_u64),
            &json!(9007199254740992_u64)
        ));
    }

    #[test]
    fn an_integer_and_a_double_are_compared_exactly() {
        assert!(!equal(
            &json!(9007199254740993_u64),
            &json!(9007199254740992.0)
        ));
        assert!(equal(&json!(-3), &json!(-3.0)));
        for (less, more) in [
            (json!(1), json!(1.5)),
            (json!(-1.5), json!(-1)),
            (json!(u64::MAX), json!(1e300)),
            (json!(-1e300), json!(i64::MIN)),
        ] {
            let (Value::Number(less), Value::Number(more)) = (less, more) else {
                unreachable!()
            };
            assert_eq!(compare_numbers(&less, &more), Ordering::Less);
            assert_eq!(compare_numbers(&more, &less), Ordering::Greater);
        }
    }

    #[test]
    fn texts_are_the_same_only_if_every_byte_is() {
        for length in 0..40 {
            let text = "a".repeat(length);
            assert!(same_text(&text, &text.clone()));
            assert!(!same_text(&text, &format!("{text}a")));
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..=at, "b");
                assert!(!same_text(&text, &other), "{length} {at}");
                assert!(!same_text(&other, &text), "{length} {at}");
            }
        }
    }

    #[test]
    fn the_order_of_keys_does_not_matter() {
        assert!(equal(&json!({"a": 1, "b": 2}), &json!({"b": 2, "a": 1})));
        assert!(!equal(&json!({"a": 1}), &json!({"a": 1, "b": null})));
    }
}
