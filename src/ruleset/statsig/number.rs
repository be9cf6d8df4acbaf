//! Numbers and their texts (section 2.3).
//!
//! The platform keeps every number as a double and writes it without exponent; ids that are numbers go through the same
//! text, and lose the digits that a double does not hold.

use crate::value::Value;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use std::io;

/// The shortest decimal that reads back as this number, never with an exponent: `5`, `-0`, `0.0000001`.
pub fn to_text(number: f64) -> String {
    // This is what the standard library promises for `Display`, and one of the tests below holds it to that.
    number.to_string()
}

/// Optional sign, ASCII digits with an optional point on either side, optional exponent; or `inf`, `infinity`, `nan` in
/// any case. No blanks, nothing hexadecimal.
pub fn parse_f64(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// Optional sign and ASCII digits, within 64 bits.
pub fn parse_i64(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// The compact JSON of a condition's value, as the platform writes it: no plus sign in exponents.
pub fn target_json(value: &Value) -> String {
    json(value, Numbers { wide: true })
}

/// The same of a user's value, in which integers that need all 64 bits are doubles.
pub fn user_json(value: &Value) -> String {
    json(value, Numbers { wide: false })
}

fn json(value: &Value, numbers: Numbers) -> String {
    let mut text = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut text, numbers));
    debug_assert!(written.is_ok(), "memory takes all of it");
    String::from_utf8(text).unwrap_or_default()
}

/// How numbers are written within JSON.
struct Numbers {
    /// Whether integers beyond 63 bits are integers.
    wide: bool,
}

impl Formatter for Numbers {
    fn write_f64<W: io::Write + ?Sized>(&mut self, to: &mut W, number: f64) -> io::Result<()> {
        let mut text = Vec::with_capacity(24);
        CompactFormatter.write_f64(&mut text, number)?;
        text.retain(|byte| *byte != b'+');
        to.write_all(&text)
    }

    fn write_u64<W: io::Write + ?Sized>(&mut self, to: &mut W, number: u64) -> io::Result<()> {
        match self.wide || i64::try_from(number).is_ok() {
            true => CompactFormatter.write_u64(to, number),
            false => self.write_f64(to, number as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_within_json_are_written_as_the_platform_writes_them() {
        for (value, text) in [
            (
                json!([1e308, 1e21, 1.5e16, 1e16]),
                "[1e308,1e21,1.5e16,1e16]",
            ),
            (
                json!([1e15, 5.0, -0.0, 5]),
                "[1000000000000000.0,5.0,-0.0,5]",
            ),
            (
                json!([1e-7, 1e-6, 1e-5, 0.0001]),
                "[1e-7,1e-6,0.00001,0.0001]",
            ),
            (json!([9_007_199_254_740_993_u64]), "[9007199254740993]"),
            (
                json!([["1e+308", null, true, {"a": 1e300}]]),
                r#"[["1e+308",null,true,{"a":1e300}]]"#,
            ),
        ] {
            assert_eq!(user_json(&value), text);
            assert_eq!(target_json(&value), text);
        }
        let wide = json!([9_223_372_036_854_775_808_u64]);
        assert_eq!(user_json(&wide), "[9.223372036854776e18]");
        assert_eq!(target_json(&wide), "[9223372036854775808]");
    }

    #[test]
    fn numbers_are_written_in_full_and_as_short_as_they_can_be() {
        for (number, text) in [
            (5.0, "5"),
            (-1.0, "-1"),
            (0.0, "0"),
            (-0.0, "-0"),
            (5.5, "5.5"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e21, "1000000000000000000000"),
            (1e-7, "0.0000001"),
            (1.5e300, &format!("15{}", "0".repeat(299))),
            (5e-324, &format!("0.{}5", "0".repeat(323))),
            (9007199254740993_u64 as f64, "9007199254740992"),
            (u64::MAX as f64, "18446744073709552000"),
        ] {
            assert_eq!(to_text(number), text);
        }
    }

    #[test]
    fn doubles_are_read_as_the_page_says_and_nothing_else_is() {
        for (text, number) in [
            ("5", 5.0),
            ("+1", 1.0),
            ("-1.5", -1.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1E+3", 1000.0),
            ("-.5e-1", -0.05),
            ("05", 5.0),
            ("1e400", f64::INFINITY),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("+INF", f64::INFINITY),
        ] {
            assert_eq!(parse_f64(text), Some(number), "{text}");
        }
        assert!(parse_f64("NaN").unwrap().is_nan() && parse_f64("-nan").unwrap().is_nan());
        for text in [
            "", " 1", "1 ", "0x10", "1_000", ".", "+", "-", "e5", "1e", "1e+", "++1", "1,5", "٣",
            "infin", "1f",
        ] {
            assert_eq!(parse_f64(text), None, "{text:?}");
        }
    }

    #[test]
    fn integers_are_a_sign_and_ascii_digits() {
        for (text, number) in [
            ("5", 5),
            ("+5", 5),
            ("-05", -5),
            ("-0", 0),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse_i64(text), Some(number), "{text}");
        }
        for text in [
            "",
            "+",
            "-",
            "5.0",
            "1e3",
            " 5",
            "5 ",
            "9223372036854775808",
            "٣",
            "1_0",
        ] {
            assert_eq!(parse_i64(text), None, "{text:?}");
        }
    }
}
