//! The value that a condition compares with, and its views (section 2.3).

use super::{number, time};
use crate::value::{Map, Value};
use std::collections::HashMap;

/// An element of a target list.
pub struct Element {
    pub lower: String,
    pub text: String,
    /// Its place in the document's list.
    pub index: usize,
}

/// The elements of a list. Of those that are equal but for their case the last one is left, with its own place.
pub fn elements(list: &[Value]) -> Vec<Element> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut elements: Vec<Element> = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let text = text_of(value);
        let lower = text.to_lowercase();
        match places.get(&lower) {
            Some(at) => {
                elements[*at].text = text;
                elements[*at].index = index;
            }
            None => {
                places.insert(lower.clone(), elements.len());
                elements.push(Element { lower, text, index });
            }
        }
    }
    elements
}

/// The members of an object, with the text of each.
pub fn members(object: &Map<String, Value>) -> Vec<(Box<str>, Box<str>)> {
    let member = |(key, value): (&String, &Value)| (key.as_str().into(), text_of(value).into());
    object.iter().map(member).collect()
}

/// A text itself, and the compact JSON of everything else.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => number::target_json(other),
    }
}

pub fn float(target: &Value) -> Option<f64> {
    match target {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => number::parse_f64(text),
        _ => None,
    }
}

/// Milliseconds, never scaled (section 2.7.2).
pub fn ms(target: &Value) -> Option<i64> {
    let time = target.as_str().and_then(time::target_time);
    // The cast saturates, and nothing that is no number becomes anything but zero.
    time.or_else(|| Some(float(target)? as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_elements_that_differ_in_case_the_last_is_left_with_its_own_place() {
        let list = [
            json!("Foo"),
            json!(1.0),
            json!("foo"),
            json!(null),
            json!("NULL"),
        ];
        let left: Vec<_> = elements(&list)
            .into_iter()
            .map(|e| (e.lower, e.text, e.index))
            .collect();
        let is = |lower: &str, text: &str, index| (lower.to_owned(), text.to_owned(), index);
        assert_eq!(
            left,
            [
                is("foo", "foo", 2),
                is("1.0", "1.0", 1),
                is("null", "NULL", 4)
            ]
        );
    }

    #[test]
    fn times_of_targets_are_never_scaled() {
        assert_eq!(ms(&json!(1_600_000_000)), Some(1_600_000_000));
        assert_eq!(ms(&json!(1.9)), Some(1));
        assert_eq!(ms(&json!("nan")), Some(0));
        assert_eq!(ms(&json!(1e300)), Some(i64::MAX));
        assert_eq!(ms(&json!([1])), None);
    }
}
