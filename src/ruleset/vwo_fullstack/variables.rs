//! Values of a feature's variables, cast to their types (section 2.9).

use super::document::Variable;
use crate::ruleset::coerce;
use crate::ruleset::python_repr;
use crate::value::{Map, Number, Prepared, Value};

/// The variables as one object. Of several with one key the first counts; a value that its type cannot hold is null.
pub fn prepare(variables: &[Variable]) -> Prepared {
    let mut values = Map::new();
    for variable in variables {
        values
            .entry(&variable.key)
            .or_insert_with(|| cast(&variable.kind, &variable.value));
    }
    Prepared::new(Value::Object(values))
}

fn cast(kind: &str, value: &Value) -> Value {
    match kind {
        "string" => Value::String(python_repr::text(value)),
        "integer" => integer(value).map_or(Value::Null, Value::Number),
        "double" => double(value).map_or(Value::Null, Value::Number),
        "boolean" if value.is_boolean() => value.clone(),
        "json" => match value {
            Value::Object(_) => value.clone(),
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            _ => Value::Null,
        },
        _ => Value::Null,
    }
}

fn integer(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) if !number.is_f64() => Some(number.clone()),
        Value::Number(number) => {
            let whole = coerce::double(number).trunc();
            // Text of a double without an exponent: an integer of any size.
            coerce::integer(coerce::canonical(whole).as_str())
        }
        Value::Bool(value) => Some(u8::from(*value).into()),
        Value::String(text) => coerce::integer(text),
        _ => None,
    }
}

fn double(value: &Value) -> Option<Number> {
    Number::from_f64(match value {
        Value::Number(number) => coerce::double(number),
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::String(text) => coerce::float(text)?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_what_their_type_says_or_null() {
        for (kind, value, expected) in [
            ("string", json!(12), json!("12")),
            ("string", json!(1.0), json!("1.0")),
            ("string", json!(true), json!("True")),
            ("string", json!({}), json!("{}")),
            ("integer", json!(-12.9), json!(-12)),
            ("integer", json!(" +1_0 "), json!(10)),
            ("integer", json!("12.5"), json!(null)),
            ("integer", json!(true), json!(1)),
            ("integer", json!(1e300), json!(1e300)),
            ("double", json!(3), json!(3.0)),
            ("double", json!("1e2"), json!(100.0)),
            ("double", json!("nan"), json!(null)),
            ("boolean", json!("true"), json!(null)),
            ("boolean", json!(false), json!(false)),
            ("json", json!("[1, null]"), json!([1, null])),
            ("json", json!("{"), json!(null)),
            ("json", json!(5), json!(null)),
            ("colour", json!("red"), json!(null)),
        ] {
            assert_eq!(cast(kind, &value), expected, "{kind} {value}");
        }
    }
}
