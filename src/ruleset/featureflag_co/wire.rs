//! Events in the platform's shape (section 6.2).

use super::evaluate::{Answered, Call};
use crate::ruleset::data_sync::reason_words;
use crate::ruleset::person::Person;
use crate::ruleset::trace::Trace;
use crate::value::Value;
use serde_json::json;

/// The event of one evaluation: every flag that was evaluated on the way, the one that was asked for last.
pub fn evaluations<'r: 'p, 'p, T: Trace>(
    call: &Call<'r, 'p, T>,
    answer: &Answered<'r>,
    now_ms: i64,
) -> Value {
    let variations = call.before.iter().chain([answer]).map(|answer| {
        json!({
            "featureFlagKeyName": answer.flag.key_name,
            "sendToExperiment": call.sent(answer),
            "timestamp": now_ms,
            "variation": {
                "localId": answer.choice.local_id,
                "variationValue": answer.choice.value.value,
                "reason": reason_words(answer.reason),
            },
        })
    });
    let variations: Vec<_> = variations.collect();
    json!({"user": user(call.person), "userVariations": variations})
}

/// The event of something that a user did.
pub fn metric(person: &Person<'_>, name: &str, value: &Value) -> Value {
    json!({
        "user": user(person),
        "metrics": [{
            "eventName": name,
            "numericValue": value,
            "route": "index/metric",
            "type": "CustomEvent",
            "appType": "pythonserverside",
        }],
    })
}

fn user(person: &Person<'_>) -> Value {
    let customs = person.customs();
    let customs: Vec<_> = customs
        .map(|(name, text)| json!({"name": name, "value": text.as_str()}))
        .collect();
    json!({
        "keyId": person.key,
        "userName": person.name.unwrap_or_default(),
        "email": person.email.unwrap_or_default(),
        "country": person.country.unwrap_or_default(),
        "customizedProperties": customs,
    })
}
