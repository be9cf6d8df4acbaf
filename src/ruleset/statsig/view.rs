//! The views of a value on the user's side (section 2.3). A view that is missing is `None`, and each operator says what
//! that means.

use super::{number, time};
use crate::value::{Map, Value};
use std::borrow::Cow;

/// A value, before anybody has looked at it.
#[derive(Clone, Debug)]
pub enum View<'a> {
    Missing,
    Json(&'a Value),
    Text(Cow<'a, str>),
    /// The current time: an integer and nothing else.
    Now(i64),
    /// A user's bucket: all views of a number.
    Bucket(u64),
}

impl View<'_> {
    /// The text, where there is one (`string of`).
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            View::Missing | View::Now(_) => None,
            View::Json(value) => text_of(value),
            View::Text(text) => Some(Cow::Borrowed(text)),
            View::Bucket(bucket) => Some(Cow::Owned(bucket.to_string())),
        }
    }

    pub fn float(&self) -> Option<f64> {
        match self {
            View::Missing | View::Now(_) => None,
            View::Json(Value::Number(number)) => number.as_f64(),
            View::Json(Value::String(text)) => number::parse_f64(text),
            View::Json(_) => None,
            View::Text(text) => number::parse_f64(text),
            View::Bucket(bucket) => Some(*bucket as f64),
        }
    }

    /// Milliseconds (section 2.7.2): what is below ten billion counts as seconds.
    pub fn ms(&self) -> Option<i64> {
        let ms = match self {
            View::Missing => None,
            View::Json(Value::String(text)) => time::user_time(text),
            View::Text(text) => time::user_time(text),
            View::Json(Value::Number(number)) => {
                number.as_i64().or_else(|| integral(number.as_f64()?))
            }
            View::Json(_) => None,
            View::Now(now) => Some(*now),
            View::Bucket(bucket) => i64::try_from(*bucket).ok(),
        }?;
        Some(match ms.unsigned_abs() < 10_000_000_000 {
            true => ms.saturating_mul(1000),
            false => ms,
        })
    }

    pub fn list(&self) -> Option<&[Value]> {
        match self {
            View::Json(Value::Array(list)) => Some(list),
            _ => None,
        }
    }

    pub fn object(&self) -> Option<&Map<String, Value>> {
        match self {
            View::Json(Value::Object(object)) => Some(object),
            _ => None,
        }
    }

    pub fn bool(&self) -> Option<bool> {
        match self {
            View::Json(Value::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    /// What is missing is null, and so is the current time, which has no JSON.
    pub fn is_null(&self) -> bool {
        matches!(self, View::Missing | View::Now(_) | View::Json(Value::Null))
    }
}

/// An integral double within the range of integers. The first one beyond it counts as the last integer.
fn integral(number: f64) -> Option<i64> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    (number.fract() == 0.0 && (-BEYOND..=BEYOND).contains(&number)).then_some(number as i64)
}

/// The text of a value; null and objects have none.
pub fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Number(number) => Some(Cow::Owned(number::to_text(number.as_f64()?))),
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Array(_) => Some(Cow::Owned(number::user_json(value))),
    }
}

/// Full Unicode lower-casing. Most texts are in lower case already.
pub fn lower(text: &str) -> Cow<'_, str> {
    let is_lower = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    match text.bytes().all(is_lower) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_texts_of_their_doubles() {
        for (value, text) in [
            (json!(5), "5"),
            (json!(5.0), "5"),
            (json!(1e21), "1000000000000000000000"),
            (json!(1e-7), "0.0000001"),
            (json!(-0.0), "-0"),
            (json!(9_007_199_254_740_993_u64), "9007199254740992"),
        ] {
            assert_eq!(text_of(&value).as_deref(), Some(text));
        }
    }

    #[test]
    fn seconds_become_milliseconds_and_fractions_are_no_time() {
        let ms = |value: Value| View::Json(&value).ms();
        assert_eq!(ms(json!(1_600_000_000)), Some(1_600_000_000_000));
        assert_eq!(ms(json!("1600000000")), Some(1_600_000_000_000));
        assert_eq!(ms(json!(1_600_000_000_000.0)), Some(1_600_000_000_000));
        assert_eq!(ms(json!(1.5)), None);
        assert_eq!(ms(json!("1.5")), None);
        assert_eq!(ms(json!(true)), None);
        assert_eq!(ms(json!(1e300)), None);
        assert_eq!(ms(json!(u64::MAX)), None);
        assert_eq!(ms(json!(9_223_372_036_854_775_808_u64)), Some(i64::MAX));
        assert_eq!(ms(json!(-9_223_372_036_854_775_808.0)), Some(i64::MIN));
    }

    #[test]
    fn lower_casing_is_unicode_s() {
        assert_eq!(lower("İS"), "i\u{307}s");
        assert_eq!(lower("ΑΣ"), "ας");
        assert_eq!(lower("straße"), "straße");
    }
}
