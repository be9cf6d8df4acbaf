//! Portions of users, as featureflag.co and FeatBit cut them: a number made of a text, and ranges of numbers.

use crate::value::Value;
use md5::{Digest, Md5};

/// The number of a text that is put together from pieces, in `[0, 1]`: the first four bytes of its MD5 as a signed
/// little-endian integer, divided by −2³¹, without its sign.
pub fn number(pieces: &[&str]) -> f64 {
    let mut hasher = Md5::new();
    for piece in pieces {
        hasher.update(piece.as_bytes());
    }
    let hash = hasher.finalize();
    let first = [hash[0], hash[1], hash[2], hash[3]];
    (f64::from(i32::from_le_bytes(first)) / -2_147_483_648.0).abs()
}

/// From the lower end to just below the upper one; from 0 to 1 it holds everybody, also who has no number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    low: f64,
    high: f64,
}

impl Range {
    pub fn new(low: f64, high: f64) -> Self {
        Range { low, high }
    }

    /// The first two items of a list of numbers; `None`: something else, in which nobody is.
    pub fn read(value: &Value) -> Option<Range> {
        let list = value.as_array()?;
        Some(Range::new(end(list.first()?)?, end(list.get(1)?)?))
    }

    pub fn width(self) -> f64 {
        self.high - self.low
    }

    /// Asks for the number only where it matters; `None`: the user has none.
    #[inline]
    pub fn holds(self, number: impl FnOnce() -> Option<f64>) -> bool {
        if self.low == 0.0 && self.high == 1.0 {
            return true;
        }
        number().is_some_and(|number| self.low <= number && number < self.high)
    }
}

/// A number; the two booleans are 0 and 1.
pub fn end(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn known_texts_have_their_known_numbers() {
        for (text, expected) in [
            ("test-value", 0.14653629204258323),
            ("qKPKh1S3FolC", 0.9105919692665339),
            ("3eacb184-2d79-49df-9ea7-edd4f10e4c6f", 0.08994403155520558),
            ("  u", 0.9634600882418454),
            ("{}", 0.8492563250474632),
            ("tab\there", 0.38414579443633556),
            ("edge-almfmdka", 0.0),
            ("edge-cogbjkia", 0.125),
            ("edge-hgieiiac", 0.5),
            ("edge-cdcbaokl", 0.75),
            ("edge-lpbcdmnf", 1.0),
            ("flagzoë", 0.753647718578577),
            ("フラグu", 0.18440562533214688),
        ] {
            assert_eq!(number(&[text]), expected, "{text}");
        }
        assert_eq!(number(&[&"x".repeat(100)]), 0.1532032871618867);
        assert_eq!(number(&["fla", "g42"]), number(&["flag", "42"]));
    }

    #[test]
    fn the_upper_end_is_not_in_a_range_and_the_whole_holds_everybody() {
        let range = |value| Range::read(&value).unwrap();
        assert!(range(json!([0, 0.5])).holds(|| Some(0.0)));
        assert!(!range(json!([0, 0.5])).holds(|| Some(0.5)));
        assert!(!range(json!([0.5, 1])).holds(|| Some(1.0)));
        assert!(range(json!([0, 1])).holds(|| Some(1.0)));
        assert!(range(json!([false, true, 7])).holds(|| None));
        assert!(!range(json!([0, 0.9])).holds(|| None));
    }

    #[test]
    fn a_range_of_another_shape_is_none() {
        for value in [
            json!(null),
            json!([]),
            json!([0]),
            json!(["0", "1"]),
            json!([0, null]),
            json!("01"),
            json!({"0": 0, "1": 1}),
        ] {
            assert_eq!(Range::read(&value), None, "{value}");
        }
    }
}
