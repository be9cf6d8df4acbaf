//! Whatever a document, a user or a store holds: the dialect `vwo-fme` answers, and soon.

mod anything;

use anything::{Words, client, put_elsewhere, refusal_names_places, soon};
use flagstay::ruleset::python_regex::{Options, PythonRegex};
use flagstay::ruleset::{Mode, Request};
use flagstay::sticky::Store;
use flagstay::sticky::memory::MemoryStore;
use flagstay::user::User;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const WORDS: Words = Words {
    texts: &[
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
    ],
    keys: &[
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
    ],
};

/// Conditions on other flags.
fn other_flags() -> impl Strategy<Value = Value> {
    (WORDS.text(), WORDS.text()).prop_map(|(id, wanted)| json!({"featureId": {id: wanted}}))
}

fn segments() -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(json!({})), 2 => WORDS.vwo_condition(other_flags().boxed())]
}

fn weight() -> impl Strategy<Value = Value> {
    prop_oneof![3 => Just(json!(100)), 1 => Just(json!(33.34)), 1 => Just(json!(-5)), 1 => (0..200).prop_map(Value::from)]
}

prop_compose! {
    fn variation(id: u32)(weight in weight(), segments in segments(), value in WORDS.scalar()) -> Value {
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
        salt in WORDS.scalar(),
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
    (WORDS.text(), WORDS.json(), WORDS.json(), WORDS.json()).prop_map(|(key, attributes, targeting, context)| {
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
            WORDS.json()
        ]
    };
    let fields = (
        (WORDS.scalar(), WORDS.text(), WORDS.scalar()),
        (WORDS.scalar(), WORDS.text(), WORDS.scalar()),
        ids(),
        ids(),
    );
    prop_oneof![
        WORDS.json(),
        fields.prop_map(|(rollout, experiment, held, not_held)| json!({
            "rolloutId": rollout.0, "rolloutKey": rollout.1, "rolloutVariationId": rollout.2,
            "experimentId": experiment.0, "experimentKey": experiment.1, "experimentVariationId": experiment.2,
            "isInHoldoutId": held, "notInHoldoutId": not_held,
        })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_a_ruleset_or_refused_with_paths(document in WORDS.json()) {
        let client = client("vwo-fme", None);
        if let Err(error) = soon("loading", || client.update(&document.to_string())) {
            refusal_names_places(&error.message);
        }
    }

    #[test]
    fn a_valid_document_with_something_else_in_it_is_a_ruleset_or_refused_with_paths(
        mut document in document().boxed(),
        path in proptest::collection::vec(0..6_usize, 1..7),
        other in WORDS.json(),
    ) {
        put_elsewhere(&mut document, &path, other);
        let client = client("vwo-fme", None);
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
        records in proptest::collection::vec((WORDS.text(), record().boxed()), 0..5),
        meta in proptest::option::of(record().boxed()),
    ) {
        let store = Arc::new(MemoryStore::default());
        let key = user["key"].as_str().unwrap_or_default().to_owned();
        for (flag, record) in records.iter().chain(&meta.map(|record| ("_vwo_meta_meg_1".to_owned(), record))) {
            store.set(&key, flag, record).expect("memory does not fail");
        }
        let client = client("vwo-fme", Some(store));
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
