//! Data-sync messages, for the rows about documents that arrive in pieces.

use flagstay::user::{Part, User};
use serde_json::json;

/// Flags of FeatBit as a data-sync message, `full` or `patch`, each with the three rules of `three-rules.json`;
/// `second` is when they were last changed.
pub fn data_sync(event: &str, flags: std::ops::Range<usize>, second: usize) -> String {
    let split = |first: usize| {
        let range = |n: usize| {
            json!({"id": format!("v{n}"), "exptRollout": 1,
                                      "rollout": [(n - first) as f64 / 3.0, (n - first + 1) as f64 / 3.0]})
        };
        json!([range(first), range(first + 1), range(first + 2)])
    };
    let rule = |country: &str, plan: &str| {
        json!({"dispatchKey": null, "includedInExpt": false, "variations": split(0), "conditions": [
            {"property": "country", "op": "Equal", "value": country},
            {"property": "plan", "op": "IsOneOf", "value": format!("[\"{plan}\", \"none\"]")},
        ]})
    };
    let (minute, second) = (second / 60, second % 60);
    let updated = format!(
        "2026-11-{:02}T{:02}:{:02}:{second:02}Z",
        1 + minute / 1440,
        minute / 60 % 24,
        minute % 60
    );
    let flag = |n: usize| {
        let variation = |n: usize| json!({"id": format!("v{n}"), "value": format!("text {n}")});
        json!({
            "id": format!("id-{n}"), "key": format!("flag-{n}"), "name": format!("flag {n}"), "isArchived": false,
            "updatedAt": updated, "variationType": "string", "variations": [variation(0), variation(1), variation(2)],
            "isEnabled": true, "disabledVariationId": "v0", "targetUsers": [],
            "rules": [rule("DE", "basic"), rule("FR", "pro"), rule("DE", "pro")],
            "fallthrough": {"dispatchKey": null, "includedInExpt": false, "variations": split(0)},
            "exptIncludeAllTargets": false,
        })
    };
    let flags: Vec<_> = flags.map(flag).collect();
    let data = json!({"eventType": event, "featureFlags": flags, "segments": []});
    json!({"messageType": "data-sync", "data": data}).to_string()
}

/// A user with a name, without whom FeatBit decides nothing.
pub fn named_user() -> User {
    let mut user = crate::scene::user();
    user.part_mut(Part::Attributes).set("name", json!("Ute"));
    user
}
