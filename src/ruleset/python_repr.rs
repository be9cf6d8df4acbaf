//! JSON values as Python writes them: `{'a': [1.0, None, True]}`.

use super::coerce::{self, Text};
use crate::value::Value;
use std::fmt::Write;
use std::sync::LazyLock;

/// What Python's `str()` makes of a value.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => {
            let mut text = String::new();
            write(&mut text, other);
            text
        }
    }
}

/// What Python's `str()` makes of a value, borrowed where it is a text already.
pub fn as_text(value: &Value) -> Text<'_> {
    match value {
        Value::String(text) => Text::Borrowed(text),
        Value::Null => Text::Borrowed("None"),
        Value::Bool(true) => Text::Borrowed("True"),
        Value::Bool(false) => Text::Borrowed("False"),
        Value::Number(number) if number.is_f64() => coerce::repr(coerce::double(number)),
        Value::Number(number) => {
            let mut text = coerce::empty();
            // Writing into a text does not fail.
            let _ = write!(text, "{number}");
            text
        }
        list_or_object => Text::Long(text(list_or_object)),
    }
}

/// What `repr()` makes of it.
fn write(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("None"),
        Value::Bool(true) => text.push_str("True"),
        Value::Bool(false) => text.push_str("False"),
        Value::Number(number) if number.is_f64() => {
            text.push_str(coerce::repr(coerce::double(number)).as_str());
        }
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(inner) => quote(text, inner),
        Value::Array(list) => {
            text.push('[');
            for (at, value) in list.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { ", " });
                write(text, value);
            }
            text.push(']');
        }
        Value::Object(object) => {
            text.push('{');
            for (at, (name, value)) in object.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { ", " });
                quote(text, name);
                text.push_str(": ");
                write(text, value);
            }
            text.push('}');
        }
    }
}

fn quote(text: &mut String, inner: &str) {
    let quote = match inner.contains('\'') && !inner.contains('"') {
        true => '"',
        false => '\'',
    };
    text.push(quote);
    for c in inner.chars() {
        // Writing into a string does not fail.
        let _ = match c {
            '\n' => text.write_str("\\n"),
            '\r' => text.write_str("\\r"),
            '\t' => text.write_str("\\t"),
            '\\' => text.write_str("\\\\"),
            c if c == quote => write!(text, "\\{c}"),
            c if is_printable(c) => text.write_char(c),
            c if c as u32 <= 0xff => write!(text, "\\x{:02x}", c as u32),
            c if c as u32 <= 0xffff => write!(text, "\\u{:04x}", c as u32),
            c => write!(text, "\\U{:08x}", c as u32),
        };
    }
    text.push(quote);
}

fn is_printable(c: char) -> bool {
    static UNPRINTABLE: LazyLock<Option<regex::Regex>> =
        LazyLock::new(|| regex::Regex::new(r"[\p{C}\p{Z}]").ok());
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    let unprintable = UNPRINTABLE.as_ref();
    !unprintable.is_some_and(|regex| regex.is_match(c.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_the_texts_that_python_makes_of_them() {
        for (value, expected) in [
            (json!("a"), "a"),
            (json!(30), "30"),
            (json!(30.0), "30.0"),
            (json!(-0.0), "-0.0"),
            (json!(18446744073709551615_u64), "18446744073709551615"),
            (json!(1e22), "1e+22"),
            (json!(5e-324), "5e-324"),
            (json!(0.30000000000000004), "0.30000000000000004"),
            (json!(true), "True"),
            (json!(null), "None"),
            (json!([1.0, "x"]), "[1.0, 'x']"),
        ] {
            assert_eq!(as_text(&value).as_str(), expected);
        }
    }

    #[test]
    fn values_look_as_in_python() {
        for (value, expected) in [
            (json!("it's"), "it's"),
            (json!({}), "{}"),
            (json!({"a": {"b": 1}}), "{'a': {'b': 1}}"),
            (
                json!([1.0, null, true, -0.5e-7]),
                "[1.0, None, True, -5e-08]",
            ),
            (
                json!(["it's", "\"it's\"", "a\\\n\u{7f}"]),
                r#"["it's", '"it\'s"', 'a\\\n\x7f']"#,
            ),
            (
                json!(["é\u{a0}\u{200b}😀\u{e0001}"]),
                r"['é\xa0\u200b😀\U000e0001']",
            ),
        ] {
            assert_eq!(text(&value), expected);
        }
    }
}
