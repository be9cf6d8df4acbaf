//! Whatever a document, a user or a store holds: the dialect `vwo-fullstack` answers, and soon.

mod anything;

use anything::{Words, client, put_elsewhere, refusal_names_places, soon};
use flagstay::client::Client;
use flagstay::ruleset::{Metric, Mode, Request};
use flagstay::sticky::Store;
use flagstay::sticky::memory::MemoryStore;
use flagstay::user::User;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const FLAGS: [&str; 5] = ["copy", "cart", "dark", "bandit", "no such flag"];

const GOALS: [&str; 4] = ["signup", "paid", "", "vwo_syncVisitorProp"];

const WORDS: Words = Words {
    texts: &[
        "",
        "u",
        "1",
        "01",
        "5",
        "on",
        "*",
        "a",
        "u,v",
        "regex((a+)+$)",
        "regex([)",
        "regex((?=.*a)b\\1)",
        "regex((.*)*(.*)*x)",
        "wildcard()",
        "wildcard(*)",
        "wildcard(**a*)",
        "lower(X)",
        "lower()",
        "gt(5)",
        "gt()",
        "gte(x)",
        "lt( 5 )",
        "startswith(a",
        "(x)(y)",
        "1e400",
        "-0",
        "NaN",
        " 5 ",
        "١٢",
        "1_0",
        "copy",
        "cart",
        "Control",
        "Short",
        "signup",
        "paid_vwo_signup",
        "_vwo_",
        "_vwo_vwo_",
        "string",
        "integer",
        "double",
        "boolean",
        "json",
        "RUNNING",
        "VISUAL_AB",
    ],
    keys: &[
        "and",
        "or",
        "not",
        "custom_variable",
        "user",
        "_vwo_user_id",
        "a",
        "1",
        "userId",
        "campaignKey",
        "variationName",
        "goalIdentifier",
        "goalIdentifiers",
        "campaigns",
        "accountId",
        "version",
    ],
};

/// Conditions on the user's id, the ones that this dialect has most of.
fn users() -> impl Strategy<Value = Value> {
    WORDS.text().prop_map(|ids| json!({"user": ids}))
}

fn segments() -> impl Strategy<Value = Value> {
    prop_oneof![2 => Just(json!({})), 1 => WORDS.vwo_condition(users().boxed())]
}

fn weight() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        json!(0),
        json!(50),
        json!(33.34),
        json!(100),
        json!(-5),
        json!(1e300),
    ])
}

fn goal() -> impl Strategy<Value = Value> {
    let known = (
        proptest::sample::select(GOALS.to_vec()),
        any::<bool>(),
        -1_i64..2,
        WORDS.scalar(),
    );
    prop_oneof![
        4 => known.prop_map(|(identifier, is_revenue, mca, property)| {
            let kind = if is_revenue { "REVENUE_TRACKING" } else { "CUSTOM_GOAL" };
            json!({"id": 3, "identifier": identifier, "type": kind, "mca": mca, "revenueProp": property})
        }),
        1 => WORDS.json(),
    ]
}

prop_compose! {
    fn variation(id: u32, name: &'static str)(
        weight in weight(),
        segments in segments(),
        is_on in proptest::option::of(any::<bool>()),
        kind in WORDS.text(),
        value in WORDS.scalar(),
    ) -> Value {
        let value = if value.is_null() { json!({}) } else { value };
        let mut variation = json!({"id": id, "name": name, "weight": weight, "segments": segments,
            "variables": [{"id": 1, "key": "v", "type": kind, "value": value}]});
        if let Some(is_on) = is_on {
            variation["isFeatureEnabled"] = json!(is_on);
        }
        variation
    }
}

prop_compose! {
    fn campaign(id: u32, key: &'static str)(
        kind in proptest::sample::select(vec!["VISUAL_AB", "FEATURE_TEST", "FEATURE_ROLLOUT", "OTHER"]),
        is_running in proptest::bool::weighted(0.9),
        segments in segments(),
        variations in (variation(1, "Control").boxed(), variation(2, "Short").boxed()),
        count in 0..3_usize,
        percent in -5..120,
        flags in (any::<bool>(), any::<bool>(), WORDS.scalar(), WORDS.scalar()),
        goals in proptest::collection::vec(goal().boxed(), 0..4),
    ) -> Value {
        let all = [variations.0, variations.1];
        json!({"id": id, "key": key, "type": kind, "status": if is_running { "RUNNING" } else { "PAUSED" },
            "segments": segments, "variations": all[..count], "percentTraffic": percent, "goals": goals,
            "isForcedVariationEnabled": flags.0, "isBucketingSeedEnabled": flags.1, "isOB": flags.2,
            "isOBv2": flags.3, "isMAB": key == "bandit"})
    }
}

prop_compose! {
    /// A document that is always valid.
    fn document()(
        campaigns in (
            campaign(1, "copy").boxed(),
            campaign(2, "cart").boxed(),
            campaign(3, "dark").boxed(),
            campaign(4, "bandit").boxed(),
        ),
        members in proptest::sample::subsequence(vec![1, 2, 3, 9], 0..4),
        in_group in proptest::sample::subsequence(vec!["1", "2", "3"], 0..4),
        group_of in proptest::sample::select(vec![0, 5, 7]),
        et in proptest::option::of(0..4),
        priority in proptest::sample::subsequence(vec![2, 9], 0..3),
        account in (WORDS.scalar(), WORDS.scalar(), WORDS.scalar()),
    ) -> Value {
        let mut group = json!({"name": "g", "campaigns": members, "p": priority, "wt": {"1": 30, "3": 70, "x": []}});
        if let Some(et) = et {
            group["et"] = json!(et);
        }
        let groups: Map<String, Value> = in_group.iter().map(|id| (id.to_string(), json!(group_of))).collect();
        json!({"version": 1, "accountId": 12, "sdkKey": "k",
            "isNB": account.0, "isNBv2": account.1, "isEventArchEnabled": account.2,
            "campaigns": [campaigns.0, campaigns.1, campaigns.2, campaigns.3],
            "groups": {"0": group, "5": group}, "campaignGroups": groups})
    }
}

fn user() -> impl Strategy<Value = Value> {
    let part = || {
        prop_oneof![3 => proptest::collection::vec((WORDS.key(), WORDS.scalar()), 0..4)
        .prop_map(|entries| Value::Object(entries.into_iter().collect())), 1 => WORDS.json()]
    };
    (WORDS.text(), part(), part(), WORDS.json()).prop_map(|(key, attributes, targeting, context)| {
        json!({"key": key, "attributes": attributes, "targeting": targeting, "context": context})
    })
}

/// Records that name what may be there, and any JSON.
fn record() -> impl Strategy<Value = Value> {
    let fields = (
        WORDS.text(),
        WORDS.text(),
        proptest::option::of(WORDS.scalar()),
        proptest::option::of(WORDS.scalar()),
    );
    prop_oneof![
        1 => WORDS.json(),
        2 => fields.prop_map(|(campaign, variation, goal, goals)| {
            let mut record = json!({"userId": "u", "campaignKey": campaign, "variationName": variation, "more": [1]});
            for (name, value) in [("goalIdentifier", goal), ("goalIdentifiers", goals)] {
                if let Some(value) = value {
                    record[name] = value;
                }
            }
            record
        }),
    ]
}

/// Every verb once; what it answers is another test's.
fn use_all(client: &Client, user: &User) {
    for flag in FLAGS {
        for mode in [Mode::Expose, Mode::Read] {
            let request = Request {
                mode,
                ..Request::new(flag, user)
            };
            soon("explaining", || client.explain(&request));
            soon("deciding", || client.evaluate(&request, |_| ()));
        }
    }
    let properties = Map::from_iter([("amount".to_owned(), json!(3))]);
    let some = ["cart".to_owned(), "copy".to_owned(), "cart".to_owned()];
    for event in GOALS {
        for (value, properties, flags) in [
            (None, Some(&properties), None),
            (Some(&json!(2.5)), None, Some(&some[..])),
            (Some(&json!([])), None, None),
        ] {
            let metric = Metric {
                event,
                user,
                value,
                properties,
                flags,
            };
            soon("tracking", || client.track(&metric)).expect("a metric event is taken or not");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_a_ruleset_or_refused_with_paths(document in WORDS.json()) {
        let client = client("vwo-fullstack", None);
        if let Err(error) = soon("loading", || client.update(&document.to_string())) {
            refusal_names_places(&error.message);
        }
    }

    #[test]
    fn a_valid_document_with_something_else_in_it_is_a_ruleset_or_refused_with_paths(
        mut document in document().boxed(),
        path in proptest::collection::vec(0..8_usize, 1..7),
        other in WORDS.json(),
        user in user().boxed(),
    ) {
        put_elsewhere(&mut document, &path, other);
        let client = client("vwo-fullstack", None);
        match soon("loading", || client.update(&document.to_string())) {
            Err(error) => refusal_names_places(&error.message),
            Ok(()) => use_all(&client, &User::from_value(user).expect("a user of this shape is one")),
        }
    }

    #[test]
    fn everybody_gets_an_answer_and_the_one_that_the_explanation_says(
        document in document().boxed(),
        user in user().boxed(),
        records in proptest::collection::vec((proptest::sample::select(FLAGS.to_vec()), record().boxed()), 0..5),
    ) {
        let store = Arc::new(MemoryStore::default());
        let key = user["key"].as_str().unwrap_or_default().to_owned();
        for (flag, record) in &records {
            store.set(&key, flag, record).expect("memory does not fail");
        }
        let client = client("vwo-fullstack", Some(store));
        client.update(&document.to_string()).expect("the document is valid");
        let user = User::from_value(user).expect("a user of this shape is one");
        for flag in FLAGS {
            for mode in [Mode::Read, Mode::Expose] {
                let request = Request { mode, ..Request::new(flag, &user) };
                let explained = soon("explaining", || client.explain(&request));
                let decided = soon("deciding", || client.evaluate(&request, |decision| decision.to_json()));
                prop_assert_eq!(&explained["decision"], &decided);
                prop_assert_eq!(decided["error"].is_string(), decided["reason"] == "ERROR");
                if decided["variation"].is_null() {
                    prop_assert_eq!(&decided["enabled"], &json!(false));
                }
                // Whoever has no record and only looks is in no campaign but by whitelisting.
                if mode == Mode::Read && records.iter().all(|(known, _)| *known != flag) {
                    prop_assert!(decided["variation"].is_null() || decided["reason"] == "TARGET_MATCH", "{}", decided);
                }
                // Whoever has been exposed by their bucket stays, whoever reads.
                if mode == Mode::Expose && decided["variation"].is_string() {
                    let read = Request { mode: Mode::Read, ..request };
                    let again = client.evaluate(&read, |decision| decision.to_json());
                    prop_assert_eq!(&again["variation"], &decided["variation"]);
                    prop_assert_eq!(again["sticky"].as_bool(), Some(decided["reason"] != "TARGET_MATCH"));
                }
            }
        }
        use_all(&client, &user);
        for event in client.drain_events(usize::MAX) {
            prop_assert!(event["d"]["event"]["name"].is_string() || event["eT"].is_number(), "{}", event);
        }
    }
}
