//! Shapes that leave the process: the stored record and the events.

use super::identity::as_id;
use crate::decision::Reason;
use crate::ruleset::Metric;
use crate::user::User;
use crate::value::{Map, Number, Value, member};
use serde_json::json;
use std::borrow::Cow;

/// What a record remembers of one split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'r> {
    pub variation: &'r str,
    pub version: u64,
}

/// The entry of a split; `None` where the record has none, and a sentence where the record makes no sense.
pub fn entry<'r>(record: &'r Value, split: &str) -> Result<Option<Entry<'r>>, &'static str> {
    let record = record.as_object().ok_or("it is not an object")?;
    let splits = member(record, "splits").and_then(Value::as_object);
    let splits = splits.ok_or("it has no object `splits`")?;
    let Some(entry) = member(splits, split) else {
        return Ok(None);
    };
    let part = |name| entry.as_object().and_then(|entry| member(entry, name));
    let variation = part("variation").and_then(Value::as_str);
    let version = part("version").and_then(Value::as_number);
    match (variation, version.and_then(version_of)) {
        (Some(variation), Some(version)) => Ok(Some(Entry { variation, version })),
        _ => Err("the split's entry is not a `variation` and a `version`"),
    }
}

/// A whole number of at least 1, however it is spelt: a store may have rewritten the JSON.
fn version_of(number: &Number) -> Option<u64> {
    let whole = number.as_u64().or_else(|| {
        let double = number.as_f64()?;
        (double.fract() == 0.0 && double > 0.0).then_some(double as u64)
    })?;
    (whole >= 1).then_some(whole)
}

/// The record with the entry in it; everything else stays as it is.
pub fn with_entry(record: Option<&Value>, split: &str, entry: Entry<'_>) -> Value {
    let mut record = match record {
        Some(Value::Object(record)) => record.clone(),
        _ => Map::new(),
    };
    let entry = json!({"variation": entry.variation, "version": entry.version});
    match record.get_mut("splits") {
        Some(Value::Object(splits)) => {
            splits.insert(split.to_owned(), entry);
        }
        _ => {
            record.insert("splits".to_owned(), json!({split: entry}));
        }
    }
    Value::Object(record)
}

/// An exposure. Attributes never appear in it.
pub struct Exposure<'e> {
    pub flag: &'e str,
    pub variation: &'e str,
    pub rule: Option<&'e str>,
    pub reason: Reason,
    pub user: &'e User,
    pub unit: Option<Cow<'e, str>>,
    pub now_ms: i64,
}

pub fn exposure(exposure: Exposure<'_>) -> Value {
    json!({
        "kind": "exposure",
        "flag": exposure.flag,
        "variation": exposure.variation,
        "rule": exposure.rule,
        "reason": exposure.reason.as_str(),
        "sticky": exposure.reason == Reason::Sticky,
        "user": exposure.user.key(),
        "unit": exposure.unit,
        "timestamp": exposure.now_ms,
    })
}

/// A metric event; `None` for one without a name or without anybody who did it.
pub fn metric(metric: &Metric<'_>, now_ms: i64) -> Option<Value> {
    let ids: Map<String, Value> = metric
        .user
        .ids()
        .iter()
        .filter_map(|(name, value)| Some((name.to_owned(), as_id(value)?.into())))
        .collect();
    let key = metric.user.key().filter(|key| !key.is_empty());
    if metric.event.is_empty() || (key.is_none() && ids.is_empty()) {
        return None;
    }
    Some(json!({
        "kind": "metric",
        "event": metric.event,
        "value": metric.value,
        "properties": metric.properties,
        "flags": metric.flags,
        "user": key,
        "ids": ids,
        "timestamp": now_ms,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_another_shape_is_garbage() {
        for record in [
            json!(null),
            json!("blue"),
            json!([]),
            json!({}),
            json!({"splits": []}),
            json!({"splits": {"s": null}}),
            json!({"splits": {"s": "blue"}}),
            json!({"splits": {"s": {"variation": "blue"}}}),
            json!({"splits": {"s": {"variation": 1, "version": 1}}}),
            json!({"splits": {"s": {"variation": "blue", "version": 0}}}),
            json!({"splits": {"s": {"variation": "blue", "version": 1.5}}}),
            json!({"splits": {"s": {"variation": "blue", "version": -1}}}),
            json!({"splits": {"s": {"variation": "blue", "version": "1"}}}),
        ] {
            assert!(entry(&record, "s").is_err(), "{record}");
        }
    }

    #[test]
    fn an_entry_is_found_and_a_missing_one_is_no_mistake() {
        let record = json!({"splits": {"s": {"variation": "blue", "version": 2.0}, "broken": 1}});
        let found = Entry {
            variation: "blue",
            version: 2,
        };
        assert_eq!(entry(&record, "s"), Ok(Some(found)));
        assert_eq!(entry(&record, "t"), Ok(None));
    }

    #[test]
    fn a_rewritten_record_keeps_what_it_had() {
        let record = json!({"note": [1], "splits": {"a": {"variation": "x", "version": 1, "odd": true},
                                                    "b": {"variation": "y", "version": 1, "odd": true}}});
        let drawn = Entry {
            variation: "z",
            version: 3,
        };
        assert_eq!(
            with_entry(Some(&record), "a", drawn),
            json!({"note": [1], "splits": {"a": {"variation": "z", "version": 3},
                                           "b": {"variation": "y", "version": 1, "odd": true}}})
        );
        assert_eq!(
            with_entry(None, "a", drawn),
            json!({"splits": {"a": {"variation": "z", "version": 3}}})
        );
    }
}
