//! Ids of flags and segments where the platform takes whatever can be the key of a Python dict.

use crate::value::{Number, Value};

/// An id as one text. Texts are themselves; any other id is spelt so that equal ids are equal texts (`1`, `1.0` and
/// `true` are one key in Python) and none is equal to a text that a person would write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Id(Box<str>);

impl Id {
    /// `None`: a list or an object, which can be no key.
    pub fn read(value: &Value) -> Option<Id> {
        let other = |text: String| Id(format!("\0{text}").into());
        Some(match value {
            Value::String(text) => Id(text.as_str().into()),
            Value::Null => other("null".to_owned()),
            Value::Bool(value) => other(u8::from(*value).to_string()),
            Value::Number(number) => other(spelt(number)),
            Value::Array(_) | Value::Object(_) => return None,
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id where it is a text.
    pub fn text(&self) -> Option<&str> {
        (!self.0.starts_with('\0')).then_some(&*self.0)
    }
}

/// Integers as their digits, whatever they were written like.
fn spelt(number: &Number) -> String {
    match number.as_f64() {
        Some(double) if number.is_f64() && double.fract() == 0.0 => format!("{:.0}", double + 0.0),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_keys_are_one_id_and_texts_are_never_numbers() {
        let id = |value| Id::read(&value);
        assert_eq!(id(json!(1)), id(json!(1.0)));
        assert_eq!(id(json!(1)), id(json!(true)));
        assert_eq!(id(json!(0)), id(json!(-0.0)));
        assert_ne!(id(json!(1)), id(json!("1")));
        assert_ne!(id(json!(null)), id(json!("null")));
        assert_eq!(id(json!([])), None);
        assert_eq!(id(json!(5)).unwrap().text(), None);
        assert_eq!(id(json!("a")).unwrap().text(), Some("a"));
    }
}
