//! Values of variations: text on the wire, and what a flag's type makes of it (section 2.6).

use super::flag::Variation;
use crate::error::Error;
use crate::ruleset::coerce;
use crate::ruleset::data_sync::{at, required};
use crate::ruleset::id::Id;
use crate::ruleset::path::Path;
use crate::ruleset::python_repr;
use crate::ruleset::raised::{Findings, items};
use crate::ruleset::switch::is_on;
use crate::value::{Number, Prepared, Value, kind_of};
use std::collections::HashMap;

/// The variations of a flag, before its type is known.
pub struct Variations {
    stored: Vec<(Value, Value)>,
    places: HashMap<Id, usize>,
}

impl Variations {
    /// An error: the whole message does not count (section 1).
    pub fn read(flag: &Value, path: &Path<'_>) -> Result<Self, Error> {
        let list = required(flag, "variations", path)?;
        let path = path.key("variations");
        let list = items(list, &path, &mut Findings::default())
            .map_err(|_| at(path, format_args!("must be a list, is {}", kind_of(list))))?;
        let mut variations = Variations {
            stored: Vec::new(),
            places: HashMap::new(),
        };
        for (index, variation) in list.enumerate() {
            let path = path.index(index);
            let id = required(&variation, "id", &path)?;
            let value = required(&variation, "value", &path)?;
            let key = Id::read(id).ok_or_else(|| {
                at(
                    path.key("id"),
                    format_args!("must be a text, is {}", kind_of(id)),
                )
            })?;
            // Of equal ids the last counts.
            variations.places.insert(key, variations.stored.len());
            variations.stored.push((id.clone(), value.clone()));
        }
        Ok(variations)
    }

    /// The place of an id.
    pub fn place(&self, id: &Value) -> Option<usize> {
        self.places.get(&Id::read(id)?).copied()
    }

    pub fn of_type(self, kind: &Value) -> Vec<Variation> {
        let variation = |(id, stored): (Value, Value)| {
            let value = cast(kind, &stored);
            Variation {
                id_text: python_repr::text(&id).into(),
                id,
                stored,
                is_on: is_on(&value),
                value: Prepared::new(value),
            }
        };
        self.stored.into_iter().map(variation).collect()
    }
}

fn cast(kind: &Value, stored: &Value) -> Value {
    let cast = match kind.as_str() {
        Some("boolean" | "json") => stored
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok()),
        Some("number") => number(stored),
        _ => None,
    };
    cast.unwrap_or_else(|| stored.clone())
}

/// An integer where the number is integral.
fn number(stored: &Value) -> Option<Value> {
    let double = match stored {
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Number(number) => coerce::double(number),
        Value::String(text) => coerce::float(text)?,
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    // Beyond these a double is an integer that a JSON number of 64 bits may not hold.
    if double.fract() == 0.0 && double.abs() < 9e18 {
        return Some(Value::from(double as i64));
    }
    Number::from_f64(double).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::equal;
    use serde_json::json;

    #[test]
    fn the_type_says_what_becomes_of_the_text() {
        for (kind, stored, expected) in [
            (json!("boolean"), json!("true"), json!(true)),
            (json!("boolean"), json!(" true "), json!(true)),
            (json!("boolean"), json!("True"), json!("True")),
            (json!("boolean"), json!("1"), json!(1)),
            (json!("boolean"), json!(true), json!(true)),
            (json!("json"), json!("{\"a\":1,\"a\":2}"), json!({"a": 2})),
            (json!("json"), json!("{bad"), json!("{bad")),
            (json!("json"), json!(null), json!(null)),
            (json!("number"), json!("1e3"), json!(1000)),
            (json!("number"), json!(" 1_000 "), json!(1000)),
            (json!("number"), json!("１２"), json!(12)),
            (json!("number"), json!("-0"), json!(0)),
            (
                json!("number"),
                json!("9007199254740993"),
                json!(9007199254740992_i64),
            ),
            (json!("number"), json!("1e300"), json!(1e300)),
            (json!("number"), json!("2.5"), json!(2.5)),
            (json!("number"), json!("inf"), json!("inf")),
            (json!("number"), json!(true), json!(1)),
            (json!("number"), json!([1]), json!([1])),
            (json!("string"), json!("12"), json!("12")),
            (json!("Boolean"), json!("true"), json!("true")),
            (json!(null), json!("12"), json!("12")),
        ] {
            let value = cast(&kind, &stored);
            assert!(equal(&value, &expected), "{kind} {stored}: {value}");
        }
        assert!(cast(&json!("number"), &json!("1.0")).is_i64());
    }

    #[test]
    fn of_two_variations_with_one_id_the_last_counts() {
        let flag = json!({"variations": [{"id": "a", "value": "1"}, {"id": 5, "value": "2"}, {"id": "a", "value": "3"}]});
        let variations = Variations::read(&flag, &Path::root("x")).unwrap();
        assert_eq!(variations.place(&json!("a")), Some(2));
        assert_eq!(variations.place(&json!(5.0)), Some(1));
        assert_eq!(variations.place(&json!([])), None);
    }
}
