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
    serde_json::from_str(value?.as_str()?).ok()
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
