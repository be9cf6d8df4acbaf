//! What counts as the same answer.

use flagstay::value::{Map, Value, equal};

/// The keys that a decision answers by.
const DECISION: [&str; 9] = [
    "found",
    "enabled",
    "value",
    "variation",
    "variation_id",
    "rule_id",
    "reason",
    "sticky",
    "error",
];

/// Where two answers part: what was looked at, what was expected, what came.
#[derive(Debug, PartialEq)]
pub struct Difference {
    pub place: String,
    pub expected: String,
    pub got: String,
}

impl Difference {
    fn new(place: &str, expected: impl ToString, got: impl ToString) -> Self {
        Difference {
            place: place.to_owned(),
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }
}

/// Compares the keys that `expected` has, and no others.
pub fn decision(expected: &Value, got: &Value) -> Vec<Difference> {
    let Value::Object(expected) = expected else {
        return vec![Difference::new("expect", expected, "a decision")];
    };
    let mut differences = Vec::new();
    for (key, expected) in expected {
        if !DECISION.contains(&key.as_str()) {
            differences.push(Difference::new(key, expected, "no such decision key"));
        } else if !equal(expected, &got[key.as_str()]) {
            differences.push(Difference::new(key, expected, &got[key.as_str()]));
        }
    }
    differences
}

/// Compares the decisions of all flags; the flags must be the same ones.
pub fn decisions(expected: &Value, got: &Map<String, Value>) -> Vec<Difference> {
    let Value::Object(expected) = expected else {
        return vec![Difference::new("expect", expected, "decisions")];
    };
    let mut differences = Vec::new();
    for (flag, expected) in expected {
        match got.get(flag) {
            None => differences.push(Difference::new(flag, expected, "no decision")),
            Some(got) => {
                differences.extend(decision(expected, got).into_iter().map(|found| Difference {
                    place: format!("{flag}.{}", found.place),
                    ..found
                }))
            }
        }
    }
    for (flag, got) in got {
        if !expected.contains_key(flag) {
            differences.push(Difference::new(flag, "no decision", got));
        }
    }
    differences
}

/// Compares two values as a whole.
pub fn whole(place: &str, expected: &Value, got: &Value) -> Vec<Difference> {
    if equal(expected, got) {
        return Vec::new();
    }
    vec![Difference::new(place, expected, got)]
}

/// Compares two lists whose order does not matter, each member counted.
pub fn set(place: &str, expected: &Value, got: &[Value]) -> Vec<Difference> {
    let Value::Array(expected) = expected else {
        return vec![Difference::new("expect", expected, "a list")];
    };
    let mut surplus: Vec<&Value> = got.iter().collect();
    let mut differences = Vec::new();
    for wanted in expected {
        match surplus.iter().position(|got| equal(wanted, got)) {
            Some(at) => drop(surplus.swap_remove(at)),
            None => differences.push(Difference::new(place, wanted, "not there")),
        }
    }
    let unexpected = surplus.iter();
    differences.extend(unexpected.map(|got| Difference::new(place, "not there", got)));
    differences
}

/// Removes the keys named `timestamp` at every depth: the one thing about an event that no vector can know.
pub fn forget_timestamps(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.shift_remove("timestamp");
            members.values_mut().for_each(forget_timestamps);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_timestamps),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn places(differences: &[Difference]) -> Vec<&str> {
        differences.iter().map(|d| d.place.as_str()).collect()
    }

    #[test]
    fn only_the_expected_keys_of_a_decision_are_compared() {
        let got = json!({"found": true, "value": 2, "reason": "OFF"});
        assert_eq!(decision(&json!({"value": 2}), &got), []);
        let found = decision(&json!({"value": 3, "reason": "OFF"}), &got);
        assert_eq!(places(&found), ["value"]);
        assert_eq!((&*found[0].expected, &*found[0].got), ("3", "2"));
    }

    #[test]
    fn numbers_are_compared_by_value() {
        let got = json!({"value": {"a": 1.0, "b": 9007199254740993_u64}});
        let same = json!({"value": {"b": 9007199254740993_u64, "a": 1}});
        let other = json!({"value": {"b": 9007199254740992_u64, "a": 1}});
        assert_eq!(decision(&same, &got), []);
        assert_eq!(places(&decision(&other, &got)), ["value"]);
    }

    #[test]
    fn an_expected_null_is_not_met_by_something_else() {
        let expected = json!({"variation": null});
        assert_eq!(decision(&expected, &json!({"variation": null})), []);
        let found = decision(&expected, &json!({"variation": "a"}));
        assert_eq!(places(&found), ["variation"]);
    }

    #[test]
    fn an_expected_key_that_no_decision_has_is_a_difference() {
        let found = decision(&json!({"colour": "blue"}), &json!({"colour": "blue"}));
        assert_eq!(places(&found), ["colour"]);
    }

    #[test]
    fn all_decisions_must_be_of_the_same_flags() {
        let got = json!({"a": {"value": 1}, "b": {"value": 2}});
        let got = got.as_object().unwrap();
        let same = json!({"b": {"value": 2}, "a": {}});
        assert_eq!(decisions(&same, got), []);
        let fewer = json!({"a": {"value": 1}});
        assert_eq!(places(&decisions(&fewer, got)), ["b"]);
        let more = json!({"a": {"value": 0}, "b": {}, "c": {}});
        assert_eq!(places(&decisions(&more, got)), ["a.value", "c"]);
    }

    #[test]
    fn records_are_a_set_in_which_every_record_counts() {
        let a = json!({"unit": "u", "flag": "f", "record": {"x": 1, "y": 2}});
        let a_again = json!({"flag": "f", "unit": "u", "record": {"y": 2.0, "x": 1}});
        let b = json!({"unit": "v", "flag": "f", "record": null});
        assert_eq!(set("records", &json!([a, b]), &[b.clone(), a_again]), []);
        let twice = [b.clone(), b.clone()];
        let found = set("records", &json!([a, b]), &twice);
        assert_eq!(found.len(), 2, "one is missing and one is too many");
    }

    #[test]
    fn events_are_compared_in_order_and_without_timestamps() {
        let mut got = json!([{"timestamp": 5, "e": {"timestamp": 6, "n": 1}}, {"n": 2}]);
        forget_timestamps(&mut got);
        assert_eq!(
            whole("events", &json!([{"e": {"n": 1}}, {"n": 2}]), &got),
            []
        );
        let swapped = json!([{"n": 2}, {"e": {"n": 1}}]);
        assert_eq!(whole("events", &swapped, &got).len(), 1);
    }
}
