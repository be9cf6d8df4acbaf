//! The stored record, as the platform's SDKs write and read it (sections 3.6 to 3.8).

use super::document::Given;
use super::outcome::{Exposure, Json, Outcome};
use crate::value::{Map, Value};
use serde_json::json;

/// A record that can be used, by its members.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    pub value: bool,
    pub json: Option<&'a Value>,
    pub rule_id: &'a str,
    pub group: Option<&'a str>,
    pub exposures: &'a [Value],
    pub undelegated: Option<&'a [Value]>,
    pub delegate: Option<&'a str>,
    pub explicit: Option<&'a [Value]>,
    pub time: Option<u64>,
    pub version: Option<u64>,
}

impl<'a> Stored<'a> {
    /// Reads a record. Types are validated and nothing else; an error says which member is not what it must be.
    pub fn read(record: &'a Value) -> Result<Self, &'static str> {
        let record = record.as_object().ok_or("must be an object")?;
        let get = |name| record.get(name);
        let set = |name| get(name).filter(|value| !value.is_null());
        let text = |name, why| match set(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(why),
        };
        Ok(Stored {
            value: match get("value") {
                None => false,
                Some(Value::Bool(value)) => *value,
                Some(_) => return Err("`value` must be a boolean"),
            },
            json: match set("json_value") {
                None => None,
                Some(object @ Value::Object(_)) => Some(object),
                Some(_) => return Err("`json_value` must be an object"),
            },
            rule_id: text("rule_id", "`rule_id` must be a text")?.unwrap_or_default(),
            group: text("group_name", "`group_name` must be a text")?,
            exposures: match get("secondary_exposures") {
                None => &[],
                Some(list) => {
                    exposures(list).ok_or("`secondary_exposures` must be a list of exposures")?
                }
            },
            undelegated: match set("undelegated_secondary_exposures") {
                None => None,
                Some(list) => Some(
                    exposures(list)
                        .ok_or("`undelegated_secondary_exposures` must be a list of exposures")?,
                ),
            },
            delegate: text("config_delegate", "`config_delegate` must be a text")?,
            explicit: match set("explicit_parameters") {
                None => None,
                Some(Value::Array(list)) if list.iter().all(Value::is_string) => Some(list),
                Some(_) => return Err("`explicit_parameters` must be a list of texts"),
            },
            time: match set("time") {
                None => None,
                Some(value) => {
                    Some(integer(value).ok_or("`time` must be an integer of at least 0")?)
                }
            },
            version: match set("config_version") {
                None => None,
                Some(value) => {
                    let version = integer(value).filter(|version| *version <= u64::from(u32::MAX));
                    Some(version.ok_or("`config_version` must be an integer of 32 bits")?)
                }
            },
        })
    }
}

/// Booleans are integers where the platform's own SDK is written in Python.
fn integer(value: &Value) -> Option<u64> {
    match value {
        Value::Bool(value) => Some(u64::from(*value)),
        other => other.as_u64(),
    }
}

fn exposures(list: &Value) -> Option<&[Value]> {
    let list = list.as_array()?;
    let is_whole = |exposure: &Value| {
        let is_text = |name| exposure.get(name).is_some_and(Value::is_string);
        ["gate", "gateValue", "ruleID"].into_iter().all(is_text)
    };
    list.iter().all(is_whole).then_some(list)
}

/// Exposures in the platform's shape.
pub fn exposures_to_json(exposures: &[Exposure<'_>]) -> Value {
    let one = |exposure: &Exposure<'_>| {
        let mut object = Map::new();
        object.insert("gate".to_owned(), exposure.gate.into());
        object.insert("gateValue".to_owned(), truth(exposure.value).into());
        object.insert("ruleID".to_owned(), exposure.rule.into());
        Value::Object(object)
    };
    exposures.iter().map(one).collect()
}

/// Booleans are texts in exposures.
pub fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// The record of a live evaluation. `undelegated` is a list or null.
pub fn to_record(
    outcome: &Outcome<'_, '_>,
    exposures: Value,
    undelegated: Value,
    time: u64,
) -> Value {
    json!({
        "value": outcome.value,
        "json_value": outcome.json.object(),
        "rule_id": outcome.rule_id.unwrap_or_default(),
        "group_name": outcome.group,
        "secondary_exposures": exposures,
        "undelegated_secondary_exposures": undelegated,
        "config_delegate": outcome.delegate,
        "explicit_parameters": outcome.explicit,
        "time": time,
        "config_version": outcome.version.unwrap_or(0),
    })
}

impl Json<'_, '_> {
    /// The value where it is an object.
    pub fn object(&self) -> Option<&Map<String, Value>> {
        match self {
            Json::Given(Given::Object(object)) => object.value.as_object(),
            Json::Override(value) => value.value.as_object(),
            Json::Merged(value) => Some(value),
            Json::Given(_) | Json::Absent => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: Value) -> Value {
        let mut record = json!({
            "value": true, "json_value": {"v": 1}, "rule_id": "r", "group_name": "G", "secondary_exposures": [],
            "undelegated_secondary_exposures": null, "config_delegate": null, "explicit_parameters": ["v"],
            "time": 5, "config_version": 1,
        });
        record[name] = value;
        record
    }

    #[test]
    fn a_member_of_another_type_makes_a_record_invalid() {
        for (name, value) in [
            ("value", json!(null)),
            ("value", json!(1)),
            ("value", json!("true")),
            ("json_value", json!([])),
            ("json_value", json!(true)),
            ("rule_id", json!(5)),
            ("group_name", json!(5)),
            ("secondary_exposures", json!(null)),
            ("secondary_exposures", json!([null])),
            (
                "secondary_exposures",
                json!([{"gate": "a", "gateValue": true, "ruleID": "x"}]),
            ),
            ("undelegated_secondary_exposures", json!({})),
            ("config_delegate", json!(5)),
            ("explicit_parameters", json!([1])),
            ("explicit_parameters", json!("x")),
            ("time", json!(-5)),
            ("time", json!(1.5)),
            ("time", json!("5")),
            ("config_version", json!(-1)),
            ("config_version", json!("1")),
            ("config_version", json!(4_294_967_296_u64)),
        ] {
            let record = with(name, value);
            let why = Stored::read(&record).expect_err(&record.to_string());
            assert!(why.contains(name), "{why}");
        }
        for record in [json!(null), json!([]), json!(5), json!("garbage")] {
            assert!(Stored::read(&record).is_err());
        }
    }

    #[test]
    fn what_is_missing_or_null_is_none() {
        let empty = json!({});
        let read = Stored::read(&empty).expect("nothing has to be there");
        assert!(
            !read.value
                && read.json.is_none()
                && read.rule_id.is_empty()
                && read.exposures.is_empty()
        );
        for name in [
            "json_value",
            "rule_id",
            "group_name",
            "config_delegate",
            "explicit_parameters",
            "time",
            "config_version",
            "undelegated_secondary_exposures",
        ] {
            assert!(Stored::read(&with(name, json!(null))).is_ok(), "{name}");
        }
        assert_eq!(
            Stored::read(&with("time", json!(true))).map(|read| read.time),
            Ok(Some(1))
        );
        assert_eq!(
            Stored::read(&with("config_version", json!(u32::MAX))).map(|read| read.version),
            Ok(Some(4_294_967_295))
        );
    }
}
