//! Whatever a document, a user or a store holds: the dialect `vwo-fme` answers, and soon.

use flagstay::client::Client;
use flagstay::config::Config;
use flagstay::ruleset::python_regex::{Options, PythonRegex};
use flagstay::ruleset::{Mode, Request};
use flagstay::sticky::Store;
use flagstay::sticky::memory::MemoryStore;
use flagstay::user::User;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// No call takes as long as this, in whatever build on whatever machine.
const SOON: Duration = Duration::from_secs(10);

fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    assert!(began.elapsed() < SOON, "{what} took {:?}", began.elapsed());
    done
}

/// Texts that mean something somewhere, and any others.
fn text() -> impl Strategy<Value = String> {
    let known = vec![
        "",
        "u",
        "1",
        "01",
        "5",
        "5_1",
        "on",
        "off",
        "*",
        "x",
        "a",
        "inlist(1)",
        "regex((a+)+$)",
        "regex([)",
        "regex((?=.*a)b\\1)",
        "regex((.*)*(.*)*x)",
        "wildcard(*)",
        "wildcard(**a*)",
        "lower(X)",
        "lower()",
        "gt(5)",
        "gt(1..2)",
        "gte(.)",
        "lt(5)\n",
        "1e400",
        "-0",
        "NaN",
        " 5 ",
        "١٢",
        "1_0",
        "!100",
        "100_!2",
        "Incorrect data",
        "No data found",
        "flag-a",
        "flag-a_rollout",
        "key-2",
        "test",
        "personal",
    ];
    prop_oneof![
        4 => proptest::sample::select(known).prop_map(str::to_owned),
        1 => ".{0,8}",
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..8).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(u64::MAX)),
        text().prop_map(Value::from),
    ]
}

fn key() -> impl Strategy<Value = String> {
    let known = vec![
        "and",
        "or",
        "not",
        "custom_variable",
        "user",
        "ua",
        "ip_address",
        "browser_version",
        "os_version",
        "campaignVariation",
        "featureId",
        "country",
        "region",
        "city",
        "os",
        "device",
        "device_type",
        "browser_string",
        "_vwoUserId",
        "a",
        "1",
        "x",
        "status",
        "id",
        "key",
        "userAgent",
    ];
    prop_oneof![
        6 => proptest::sample::select(known).prop_map(str::to_owned),
        1 => text(),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Conditions as they should be, and as they should not.
fn condition() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (key(), scalar()).prop_map(|(name, operand)| json!({"custom_variable": {name: operand}})),
        (key(), any_json()).prop_map(|(word, operand)| json!({word: operand})),
        text().prop_map(|ids| json!({"user": ids})),
        (text(), text()).prop_map(|(id, wanted)| json!({"featureId": {id: wanted}})),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|nodes| json!({"and": nodes})),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|nodes| json!({"or": nodes})),
            inner.prop_map(|node| json!({"not": node})),
        ]
    })
}

fn segments() -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(json!({})), 2 => condition()]
}

fn weight() -> impl Strategy<Value = Value> {
    prop_oneof![3 => Just(json!(100)), 1 => Just(json!(33.34)), 1 => Just(json!(-5)), 1 => (0..200).prop_map(Value::from)]
}

prop_compose! {
    fn variation(id: u32)(weight in weight(), segments in segments(), value in scalar()) -> Value {
        let value = if value.is_null() { json!(0) } else { value };
        json!({"id": id, "name": format!("v{id}"), "weight": weight, "segments": segments,
               "variables": [{"id": 1, "key": "v", "type": "string", "value": value}]})
    }
}

prop_compose! {
    fn campaign()(
        kind in proptest::sample::select(vec!["FLAG_ROLLOUT", "FLAG_TESTING", "FLAG_PERSONALIZE", "OTHER"]),
        segments in segments(),
        variations in (variation(1).boxed(), variation(2).boxed(), variation(3).boxed()),
        count in 0..4_usize,
        percent in proptest::option::of(0..120),
        forced in any::<bool>(),
        salt in scalar(),
    ) -> Value {
        let all = [variations.0, variations.1, variations.2];
        let mut campaign = json!({"name": "n", "type": kind, "status": "RUNNING",
            "segments": segments, "variations": all[..count], "isForcedVariationEnabled": forced, "salt": salt});
        if let Some(percent) = percent {
            campaign["percentTraffic"] = json!(percent);
        }
        campaign
    }
}

prop_compose! {
    fn feature(id: u32, key: &'static str)(
        campaigns in proptest::collection::vec((1..7_u32, proptest::option::of(1..4_u32)), 0..4),
    ) -> Value {
        let rule = |(at, (campaign, variation)): (usize, (u32, Option<u32>))| {
            let key = ["rollout", "test", "personal", ""][at];
            let mut rule = json!({"type": "T", "ruleKey": key, "campaignId": campaign});
            if let Some(variation) = variation {
                rule["variationId"] = json!(variation);
            }
            rule
        };
        let rules: Vec<_> = campaigns.into_iter().enumerate().map(rule).collect();
        json!({"id": id, "key": key, "name": key, "type": "F", "status": "ON", "rules": rules,
               "metrics": [{"id": 1, "type": "G", "identifier": "bought"}], "impactCampaign": {"campaignId": 9}})
    }
}

prop_compose! {
    /// A document that is always valid.
    fn document()(
        features in (feature(1, "flag-a").boxed(), feature(2, "flag-b").boxed(), feature(3, "flag-c").boxed()),
        campaigns in proptest::collection::vec(campaign().boxed(), 6),
        members in proptest::sample::subsequence(vec!["1", "2", "3", "4_1", "5_2", "6", "9", "_"], 0..6),
        et in proptest::option::of(0..3),
        priority in proptest::sample::subsequence(vec!["2", "4_1", "nobody"], 0..3),
        group_of in proptest::sample::select(vec![1, 2]),
        holdout in (segments(), 0..100, any::<bool>()),
        with_holdout in any::<bool>(),
    ) -> Value {
        let mut campaigns = campaigns;
        for (campaign, id) in campaigns.iter_mut().zip(1..) {
            campaign["id"] = json!(id);
            campaign["key"] = json!(format!("key-{id}"));
        }
        let groups: Map<String, Value> = members.iter().map(|m| (m.to_string(), json!(group_of))).collect();
        let mut group = json!({"name": "g", "campaigns": members, "p": priority, "wt": {"1": 30, "3": 70, "4_1": 5}});
        if let Some(et) = et {
            group["et"] = json!(et);
        }
        let holdouts = if with_holdout {
            json!([{"id": 501, "name": "h", "percentTraffic": holdout.1, "isGlobal": holdout.2, "featureIds": [1, 2],
                    "segments": holdout.0, "metrics": []}])
        } else {
            json!({})
        };
        json!({"version": 1, "accountId": 12, "sdkKey": "k", "isMAU": true,
            "features": [features.0, features.1, features.2],
            "campaigns": campaigns,
            "groups": {"1": group}, "campaignGroups": groups, "holdouts": holdouts})
    }
}

fn user() -> impl Strategy<Value = Value> {
    (text(), any_json(), any_json(), any_json()).prop_map(|(key, attributes, targeting, context)| {
        json!({"key": key, "attributes": attributes, "targeting": targeting, "context": context})
    })
}

/// Records that name what may be there, and any JSON.
fn record() -> impl Strategy<Value = Value> {
    let ids = || {
        prop_oneof![
            Just(json!([])),
            Just(json!([501])),
            Just(json!([501, "x", null])),
            any_json()
        ]
    };
    let fields = (
        (scalar(), text(), scalar()),
        (scalar(), text(), scalar()),
        ids(),
        ids(),
    );
    prop_oneof![
        any_json(),
        fields.prop_map(|(rollout, experiment, held, not_held)| json!({
            "rolloutId": rollout.0, "rolloutKey": rollout.1, "rolloutVariationId": rollout.2,
            "experimentId": experiment.0, "experimentKey": experiment.1, "experimentVariationId": experiment.2,
            "isInHoldoutId": held, "notInHoldoutId": not_held,
        })),
    ]
}

fn client(store: Option<Arc<dyn Store>>) -> Client {
    let config = json!({"dialect": "vwo-fme", "now_ms": 1_790_000_000_000_i64, "events": {"exposures": true}});
    let config = Config::from_json(&config.to_string()).expect("the configuration is in order");
    Client::new(config, store).expect("the client is made")
}

fn refusal_names_places(message: &str) {
    for violation in message.split("; ") {
        let place = violation.split(": ").next().unwrap_or_default();
        assert!(!place.is_empty() && violation.contains(": "), "{message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_a_ruleset_or_refused_with_paths(document in any_json()) {
        let client = client(None);
        if let Err(error) = soon("loading", || client.update(&document.to_string())) {
            refusal_names_places(&error.message);
        }
    }

    #[test]
    fn a_valid_document_with_something_else_in_it_is_a_ruleset_or_refused_with_paths(
        mut document in document().boxed(),
        path in proptest::collection::vec(0..6_usize, 1..7),
        other in any_json(),
    ) {
        let mut place = &mut document;
        for step in path {
            let length = match &*place {
                Value::Array(list) => list.len(),
                Value::Object(object) => object.len(),
                _ => 0,
            };
            if length == 0 {
                break;
            }
            place = match place {
                Value::Array(list) => &mut list[step % length],
                Value::Object(object) => object.values_mut().nth(step % length).expect("it is there"),
                _ => unreachable!("it has a length"),
            };
        }
        *place = other;
        let client = client(None);
        match soon("loading", || client.update(&document.to_string())) {
            Err(error) => refusal_names_places(&error.message),
            Ok(()) => {
                let user = User::new("u");
                for flag in ["flag-a", "flag-b", "flag-c"] {
                    let request = Request::new(flag, &user);
                    soon("deciding", || client.evaluate(&request, |_| ()));
                }
            }
        }
    }

    #[test]
    fn everybody_gets_an_answer_and_the_same_as_the_explanation_says(
        document in document().boxed(),
        user in user().boxed(),
        records in proptest::collection::vec((text(), record().boxed()), 0..5),
        meta in proptest::option::of(record().boxed()),
    ) {
        let store = Arc::new(MemoryStore::default());
        let key = user["key"].as_str().unwrap_or_default().to_owned();
        for (flag, record) in records.iter().chain(&meta.map(|record| ("_vwo_meta_meg_1".to_owned(), record))) {
            store.set(&key, flag, record).expect("memory does not fail");
        }
        let client = client(Some(store));
        client.update(&document.to_string()).expect("the document is valid");
        let user = User::from_value(user).expect("a user of this shape is one");
        for flag in ["flag-a", "flag-b", "flag-c", "flag-a", "no such flag"] {
            let read = Request { mode: Mode::Read, ..Request::new(flag, &user) };
            let read_one = soon("deciding", || client.evaluate(&read, |decision| decision.to_json()));
            let explained = soon("explaining", || client.explain(&read));
            prop_assert_eq!(&explained["decision"], &read_one);
            let expose = Request { mode: Mode::Expose, ..read };
            let exposed = soon("deciding", || client.evaluate(&expose, |decision| decision.to_json()));
            prop_assert_eq!(&exposed, &read_one);
            prop_assert!(exposed["value"].is_object());
            prop_assert_eq!(exposed["enabled"].as_bool(), Some(exposed["variation"].is_string()));
            prop_assert_eq!(exposed["error"].is_string(), exposed["reason"] == "ERROR");
        }
        for event in client.drain_events(usize::MAX) {
            prop_assert!(event["d"]["event"]["name"].is_string());
        }
    }

    #[test]
    fn a_pattern_is_found_or_not_and_soon(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "a", "b", ".", "^", "$", "(", ")", "(?:", "(?=", "(?!", "(?<=", "(?>", "(?P<n>", "(?P=n)", "\\1", "[", "]",
            "[^a]", "*", "+", "?", "{2,}", "{,3}", "{50}", "|", "\\w", "\\b", "\\s", "(a+)+", "(a|aa)*", "(.*)*", "-",
            "(?i)", "(?x)", "(?(1)", "\\x4", "é",
        ]), 0..12),
        text in "[ab\n é]{0,60}",
    ) {
        let pattern = pieces.concat();
        let compiled = soon("compiling", || PythonRegex::new(&pattern, Options::default()));
        if let Ok(regex) = compiled {
            soon("searching", || regex.is_match(&text));
        }
    }
}
