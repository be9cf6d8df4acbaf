//! Values as the platforms whose own SDK is written in Python understand them: what is true, and which texts are
//! numbers.

use crate::value::{Number, Value};
use std::fmt::Write;
use std::sync::LazyLock;

/// A text that is usually borrowed, or short enough for the stack.
pub enum Text<'a> {
    Borrowed(&'a str),
    Short {
        bytes: [u8; Text::SHORT],
        length: usize,
    },
    Long(String),
}

impl Text<'_> {
    const SHORT: usize = 32;

    pub fn as_str(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            // Only whole texts are ever written there.
            Text::Short { bytes, length } => {
                std::str::from_utf8(&bytes[..*length]).unwrap_or_default()
            }
            Text::Long(text) => text,
        }
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, more: &str) -> std::fmt::Result {
        match self {
            Text::Short { bytes, length } if *length + more.len() <= Self::SHORT => {
                bytes[*length..*length + more.len()].copy_from_slice(more.as_bytes());
                *length += more.len();
            }
            Text::Long(text) => text.push_str(more),
            other => {
                let mut text = other.as_str().to_owned();
                text.push_str(more);
                *other = Text::Long(text);
            }
        }
        Ok(())
    }
}

/// What Python takes for true.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
    }
}

/// The canonical text of a number: integral values as their exact integer digits (`-0` is `0`), others as the shortest
/// decimal that reads back as the same double, in exponent form (`1e-07`) where the exponent is below -4; `inf`,
/// `-inf`, `nan`.
pub fn canonical(number: f64) -> Text<'static> {
    let mut text = empty();
    // Writing into a text does not fail.
    let _ = if number.is_nan() {
        text.write_str("nan")
    } else if number.is_infinite() {
        text.write_str(if number > 0.0 { "inf" } else { "-inf" })
    } else if number == 0.0 {
        text.write_str("0")
    } else if number.abs() >= 1e-4 {
        // Shortest digits, never an exponent, no fraction where there is none.
        write_plain(&mut text, number)
    } else {
        write_exponent(&mut text, number)
    };
    text
}

/// From here on doubles are so far apart that two shortest texts may be equally close to one.
const TIES: f64 = (1_u64 << 48) as f64;

pub(super) fn empty() -> Text<'static> {
    Text::Short {
        bytes: [0; Text::SHORT],
        length: 0,
    }
}

fn write_plain(text: &mut Text<'static>, number: f64) -> std::fmt::Result {
    if number.fract() == 0.0 {
        if number.abs() < TIES {
            return write!(text, "{}", number as i64);
        }
        // With a precision, formatting is exact; without, it would fill up with zeros after 17 digits.
        return write!(text, "{number:.0}");
    }
    write!(text, "{number}")?;
    if number.abs() < TIES {
        return Ok(());
    }
    // Of two shortest texts that are equally close, Python takes the even one, which is what a precision gives.
    let digits = text.as_str().rsplit('.').next().map_or(0, str::len);
    let mut even = empty();
    write!(even, "{number:.digits$}")?;
    if even.as_str().parse() == Ok(number) {
        *text = even;
    }
    Ok(())
}

fn write_exponent(text: &mut Text<'_>, number: f64) -> std::fmt::Result {
    let mut shortest = empty();
    write!(shortest, "{number:e}")?;
    match shortest.as_str().split_once("e-") {
        Some((digits, exponent)) => write!(text, "{digits}e-{exponent:0>2}"),
        None => text.write_str(shortest.as_str()),
    }
}

/// The text of a finite double as Python writes it: like [`canonical`], but integral values keep a fraction (`1.0`,
/// `-0.0`) and are in exponent form from `1e+16` on.
pub fn repr(number: f64) -> Text<'static> {
    if number.fract() != 0.0 || !number.is_finite() {
        return canonical(number);
    }
    let mut text = empty();
    // Writing into a text does not fail.
    let _ = if number.abs() < 1e16 {
        write!(text, "{number:.1}")
    } else {
        let shortest = format!("{number:e}");
        write!(text, "{}", shortest.replacen('e', "e+", 1))
    };
    text
}

/// What Python's `round()` makes of a number: the nearest one with so many decimals, of two the one whose last digit is
/// even.
pub fn rounded(number: f64, decimals: usize) -> f64 {
    // From here on doubles have no fraction.
    if !number.is_finite() || number.abs() >= 4_503_599_627_370_496.0 {
        return number;
    }
    let mut text = empty();
    // Writing into a text does not fail, and what was written is a number.
    let _ = write!(text, "{number:.decimals$}");
    text.as_str().parse().unwrap_or(number)
}

/// The double of a JSON number; one that no double can hold is infinite.
pub fn double(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::INFINITY)
}

/// Reads a text as Python's `float()` does: white space around it, a sign, digits with single underscores between
/// them, a fraction, an exponent, or `inf`, `infinity`, `nan` in any case. Every decimal digit of Unicode is a digit.
/// Too large is infinite, too small is zero.
pub fn float(text: &str) -> Option<f64> {
    let text = text.trim_matches(is_float_space);
    let first = text.chars().next()?;
    // Most texts are no numbers and end here.
    if !matches!(first, '0'..='9' | '+' | '-' | '.' | 'i' | 'I' | 'n' | 'N') && first.is_ascii() {
        return None;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let named = ["inf", "infinity", "nan"];
    if named.iter().any(|name| unsigned.eq_ignore_ascii_case(name)) {
        return text.parse().ok();
    }
    let is_plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if text.bytes().all(is_plain) {
        // Of such texts, Rust's grammar is Python's.
        return text.parse().ok();
    }
    let mut plain = String::with_capacity(text.len());
    let mut previous_is_digit = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match digit(c) {
            Some(value) => plain.push(char::from(b'0' + value)),
            None => match c {
                '+' | '-' | '.' | 'e' | 'E' => plain.push(c),
                '_' if previous_is_digit && rest.peek().is_some_and(|c| digit(*c).is_some()) => {}
                _ => return None,
            },
        }
        previous_is_digit = digit(c).is_some();
    }
    plain.parse().ok()
}

/// Reads a text as Python's `int()` does: white space around it, a sign, decimal digits of any script with single
/// underscores between them. An integer beyond 64 bits is the nearest double; `None` where there is none.
pub fn integer(text: &str) -> Option<Number> {
    let text = text.trim_matches(is_float_space);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fits = |c: char| c == '_' || digit(c).is_some();
    if unsigned.is_empty() || !unsigned.chars().all(fits) {
        return None;
    }
    // Where digits and underscores are all there is, both functions have the same grammar.
    let nearest = float(text)?;
    let digits = unsigned.chars().filter_map(digit);
    let size = digits
        .map(i128::from)
        .try_fold(0_i128, |sum, digit| sum.checked_mul(10)?.checked_add(digit));
    let exact = size.map(|size| if text.starts_with('-') { -size } else { size });
    match exact.map(|exact| (i64::try_from(exact), u64::try_from(exact))) {
        Some((Ok(signed), _)) => Some(signed.into()),
        Some((_, Ok(unsigned))) => Some(unsigned.into()),
        _ => Number::from_f64(nearest),
    }
}

/// What `float()` takes off a text: ASCII white space without the separators U+001C to U+001F, and all white space
/// beyond ASCII.
fn is_float_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ') || (!c.is_ascii() && c.is_whitespace())
}

/// Takes white space off both ends as Python's `strip()` does.
pub fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\x1c'..='\x1f'))
}

/// The value of a decimal digit of any script.
pub fn digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    // Every script has its ten digits in one row, zero first, and rows that touch begin at multiples of ten.
    static ROWS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
        let digits = regex_syntax::parse(r"\d").map(regex_syntax::hir::Hir::into_kind);
        match digits {
            Ok(regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class))) => {
                class.iter().map(|row| (row.start(), row.end())).collect()
            }
            _ => Vec::new(),
        }
    });
    let after = ROWS.partition_point(|(first, _)| *first <= c);
    let (first, last) = *ROWS.get(after.checked_sub(1)?)?;
    (c <= last).then(|| ((c as u32 - first as u32) % 10) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(text: &str) -> String {
        float(text).map_or(text.to_owned(), |n| canonical(n).as_str().to_owned())
    }

    #[test]
    fn number_texts_become_canonical_and_others_stay() {
        let known = [
            ("5.0", "5"),
            (" 5 ", "5"),
            ("05", "5"),
            ("1e3", "1000"),
            ("1_000", "1000"),
            ("1__0", "1__0"),
            ("_1", "_1"),
            ("1_", "1_"),
            ("1_e5", "1_e5"),
            ("-0", "0"),
            ("1.50", "1.5"),
            (" .5", "0.5"),
            ("5.", "5"),
            (".", "."),
            ("", ""),
            ("+", "+"),
            ("1.2.3", "1.2.3"),
            ("9007199254740993", "9007199254740992"),
            ("1e22", "10000000000000000000000"),
            ("1e-7", "1e-07"),
            ("-1.25e-10", "-1.25e-10"),
            ("1e-300", "1e-300"),
            ("-660707419531659.25", "-660707419531659.2"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1e400", "inf"),
            ("NaN", "nan"),
            ("-nan", "nan"),
            ("-Infinity", "-inf"),
            ("٤٢", "42"),
            ("１２", "12"),
            ("\u{a0}7\u{2003}", "7"),
            ("\x1c7", "\x1c7"),
            ("0x10", "0x10"),
            ("infinit", "infinit"),
            ("e5", "e5"),
            ("\u{1d7d9}\u{1d7ec}", "10"),
        ];
        for (text, expected) in known {
            assert_eq!(converted(text), expected, "{text:?}");
        }
        assert_eq!(converted("1e300").len(), 301);
    }

    #[test]
    fn doubles_are_written_as_python_writes_them() {
        for (number, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (12.5, "12.5"),
            (0.0001, "0.0001"),
            (1e-5, "1e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (-1.5e300, "-1.5e+300"),
        ] {
            assert_eq!(repr(number).as_str(), text);
        }
    }

    #[test]
    fn rounding_takes_the_exact_value_and_of_two_the_even_one() {
        for (number, expected) in [
            (0.015625, 0.01562),
            (0.046875, 0.04688),
            (-0.015625, -0.01562),
            (18.000001, 18.0),
            (18.00001, 18.00001),
            (2.675, 2.675),
            (0.000005, 0.00001),
            (123456789.123456, 123456789.12346),
            (1e300, 1e300),
            (9007199254740993.0, 9007199254740992.0),
        ] {
            assert_eq!(rounded(number, 5), expected, "{number}");
        }
        assert!(rounded(f64::NAN, 5).is_nan());
        assert_eq!(rounded(f64::NEG_INFINITY, 5), f64::NEG_INFINITY);
    }

    #[test]
    fn integer_texts_are_integers_and_others_are_not() {
        for (text, expected) in [
            (" 12 ", Some("12")),
            ("+7", Some("7")),
            ("1_0", Some("10")),
            ("007", Some("7")),
            ("-٤٢", Some("-42")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("12.5", None),
            ("1e2", None),
            ("1__0", None),
            ("_1", None),
            ("+", None),
            ("", None),
        ] {
            let found = integer(text).map(|number| number.to_string());
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn every_row_of_digits_begins_with_its_zero() {
        for (zero, nine) in [('०', '९'), ('០', '៩'), ('𞥐', '𞥙')] {
            assert_eq!((digit(zero), digit(nine)), (Some(0), Some(9)));
        }
        assert_eq!(digit('½'), None);
    }
}
