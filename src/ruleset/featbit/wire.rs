//! Events in the platform's shape (section 6).

use super::evaluate::Answered;
use crate::ruleset::data_sync::reason_words;
use crate::ruleset::person::Person;
use crate::value::Value;
use serde_json::json;

/// The event of one evaluation.
pub fn evaluation(person: &Person<'_>, answer: &Answered<'_>, now_ms: i64) -> Value {
    json!({
        "user": user(person),
        "variations": [{
            "featureFlagKey": answer.works.key,
            "sendToExperiment": answer.sent(person),
            "timestamp": now_ms,
            "variation": {
                "id": answer.variation.id,
                "value": answer.variation.stored,
                "reason": reason_words(answer.reason),
            },
        }],
    })
}

/// The event of something that a user did.
pub fn metric(person: &Person<'_>, name: &str, value: &Value, now_ms: i64) -> Value {
    json!({
        "user": user(person),
        "metrics": [{
            "eventName": name,
            "numericValue": value,
            "route": "index/metric",
            "type": "CustomEvent",
            "appType": "pythonserverside",
            "timestamp": now_ms,
        }],
    })
}

/// The event that makes a user known.
pub fn identity(person: &Person<'_>) -> Value {
    json!({"user": user(person)})
}

fn user(person: &Person<'_>) -> Value {
    let customs = person.customs();
    let customs: Vec<_> = customs
        .map(|(name, text)| json!({"name": name, "value": text.as_str()}))
        .collect();
    json!({
        "keyId": person.key,
        "name": person.name.unwrap_or_default(),
        "customizedProperties": customs,
    })
}
