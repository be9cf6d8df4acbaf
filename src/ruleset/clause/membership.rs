//! Lists that stand in a condition as JSON within a text.

use crate::ruleset::coerce::truthy;
use crate::value::Value;
use std::collections::HashSet;

/// What a value is looked for in.
#[derive(Debug)]
pub enum Members {
    None,
    Texts(HashSet<Box<str>>),
    /// Any part of a text.
    PartsOf(Box<str>),
}

/// The JSON in a condition's value; `None`: the value is no text, or the text no JSON.
pub fn parse(value: Option<&Value>) -> Option<Value> {
    let text = value?.as_str()?;
    let parsed = serde_json::from_str(text);
    parsed.or_else(|_| serde_json::from_str(&strict(text))).ok()
}

/// A text that Python takes for JSON as one that is: `NaN`, `Infinity`, numbers that no double holds and halves of
/// surrogate pairs are no text that anybody could be looked up by, so something else may stand in their place.
fn strict(text: &str) -> String {
    let mut strict = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => {
                let length = string_length(rest);
                strict.push_str(&whole_characters(&rest[..length]));
                length
            }
            c if c.is_ascii_alphanumeric() || c == '-' => {
                let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let word = &rest[..length];
                let is_number = serde_json::from_str::<Value>(word).is_ok();
                let is_odd = matches!(word, "NaN" | "Infinity" | "-Infinity");
                let is_large =
                    !is_odd && word.parse().is_ok_and(f64::is_infinite) && !word.contains("inf");
                strict.push_str(if !is_number && (is_odd || is_large) {
                    "null"
                } else {
                    word
                });
                length
            }
            c => {
                strict.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    strict
}

/// How long the string at the beginning of a text is, with its quotes.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// A string without halves of surrogate pairs among its escapes.
fn whole_characters(string: &str) -> String {
    let unit = |at: usize| {
        let digits = string.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut whole = String::with_capacity(string.len());
    let mut at = 0;
    while let Some(c) = string[at..].chars().next() {
        let length = match (c, unit(at)) {
            ('\\', Some(0xd800..0xdc00)) if matches!(unit(at + 6), Some(0xdc00..0xe000)) => 12,
            ('\\', Some(0xd800..0xe000)) => {
                whole.push_str("\\ufffd");
                at += 6;
                continue;
            }
            // An escaped backslash begins nothing.
            ('\\', None) => string[at..].chars().take(2).map(char::len_utf8).sum(),
            (c, _) => c.len_utf8(),
        };
        whole.push_str(&string[at..at + length]);
        at += length;
    }
    whole
}

impl Members {
    /// `empty_is_missing`: nobody is in a text that is empty, though every text has the empty one as its part.
    pub fn read(list: &Value, empty_is_missing: bool) -> Self {
        if empty_is_missing && !truthy(list) {
            return Members::None;
        }
        match list {
            Value::Array(list) => {
                let texts = list.iter().filter_map(Value::as_str);
                Members::Texts(texts.map(Into::into).collect())
            }
            Value::Object(object) => {
                Members::Texts(object.keys().map(|name| name.as_str().into()).collect())
            }
            Value::String(text) => Members::PartsOf(text.as_str().into()),
            Value::Null | Value::Bool(_) | Value::Number(_) => Members::None,
        }
    }

    pub fn have(&self, text: &str) -> bool {
        match self {
            Members::None => false,
            Members::Texts(texts) => texts.contains(text),
            Members::PartsOf(whole) => whole.contains(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(text: &str) -> Option<Value> {
        parse(Some(&json!(text)))
    }

    #[test]
    fn what_python_takes_for_json_is_json() {
        for (text, expected) in [
            ("[NaN, \"pro\"]", json!([null, "pro"])),
            (
                "[-Infinity, Infinity, 1e999, -1e999]",
                json!([null, null, null, null]),
            ),
            (
                r#"["\ud83d", "a\ud83d\ude00b", "\\ud83d", "NaN"]"#,
                json!(["\u{fffd}", "a😀b", "\\ud83d", "NaN"]),
            ),
            (r#"["\udc00\"x", NaN]"#, json!(["\u{fffd}\"x", null])),
            (" {\"a\": NaN}\n", json!({"a": null})),
        ] {
            assert_eq!(parsed(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_python_does_not_take_is_none() {
        for text in [
            "",
            "pro",
            "[nan]",
            "[inf]",
            "['a']",
            "[1,]",
            "[\"a",
            "[\"\\",
            "[+1]",
            "[NaN",
            "[\"\\ud8\"]",
            "\u{feff}[]",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
        assert_eq!(parse(Some(&json!(["a"]))), None);
        assert_eq!(parse(None), None);
    }
}
