//! Numbers and their texts (section 2.3).
//!
//! The platform keeps every number as a double and writes it without exponent; ids that are numbers go through the same
//! text, and lose the digits that a double does not hold.

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

#[cfg(test)]
mod tests {
    use super::*;

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
