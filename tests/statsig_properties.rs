//! Whatever a document, a user or a store holds: the dialect `statsig` answers, and soon.

mod anything;

use anything::{Words, client, put_elsewhere, refusal_names_places, soon};
use flagstay::client::Client;
use flagstay::decision::Decision;
use flagstay::ruleset::{Enforce, Kind, Metric, Mode, Request};
use flagstay::sticky::Store;
use flagstay::sticky::held::{Held, Origin};
use flagstay::sticky::memory::MemoryStore;
use flagstay::user::User;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const NAMES: [&str; 6] = ["a", "b", "c", "segment:d", "e", "no such name"];

const CONDITIONS: [&str; 6] = ["1", "2", "3", "4", "5", "6"];

const KINDS: [Kind; 4] = [Kind::Gate, Kind::Config, Kind::Experiment, Kind::Layer];

const WORDS: Words = Words {
    texts: &[
        "",
        "u",
        "a",
        "b",
        "e",
        "segment:d",
        "1",
        "5",
        "1.5",
        "-0",
        "1e400",
        "NaN",
        " 5 ",
        "+1",
        "1.2.3",
        "1.2.x",
        "true",
        "null",
        "userID",
        "companyID",
        "ß",
        "İ",
        "ſ",
        "2023-01-01T00:00:00Z",
        "2023-1-1 0:0:0",
        "1600000000",
        "(a+)+$",
        "(?=.*a)b\\1",
        "[",
        "(.*)*(.*)*x",
        "1.1.1.1",
        "300.1.1.1",
        "US",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Version/16.6 Mobile/15E148",
    ],
    keys: &[
        "id",
        "type",
        "name",
        "rules",
        "conditions",
        "idType",
        "targetValue",
        "operator",
        "field",
        "salt",
        "value",
        "json_value",
        "config_delegate",
        "email",
        "ip",
        "country",
        "userAgent",
        "custom",
        "plan",
        "tier",
        "Plan",
        "passPercentage",
        "returnValue",
        "a",
        "b",
        "e",
        "companyID",
        "companyid",
    ],
};

fn condition() -> impl Strategy<Value = Value> {
    let types = vec![
        "public",
        "public",
        "public",
        "public",
        "public",
        "pass_gate",
        "fail_gate",
        "user_field",
        "environment_field",
        "current_time",
        "user_bucket",
        "unit_id",
        "ip_based",
        "ua_based",
        "target_app",
        "experiment_group",
        "multi_pass_gate",
    ];
    let operators = vec![
        "gt",
        "gte",
        "lt",
        "lte",
        "version_gt",
        "version_lte",
        "version_eq",
        "version_neq",
        "any",
        "none",
        "any_case_sensitive",
        "none_case_sensitive",
        "str_starts_with_any",
        "str_ends_with_any",
        "str_contains_any",
        "str_contains_none",
        "str_matches",
        "before",
        "after",
        "on",
        "eq",
        "neq",
        "in_segment_list",
        "not_in_segment_list",
        "array_contains_any",
        "array_contains_none",
        "array_contains_all",
        "not_array_contains_all",
        "like",
    ];
    let fields = vec![
        "email",
        "plan",
        "Plan",
        "ip",
        "country",
        "userAgent",
        "os_name",
        "browser_version",
        "user_id",
        "userID",
        "a",
        "e",
        "tier",
    ];
    let target = prop_oneof![
        2 => proptest::sample::select(NAMES.to_vec()).prop_map(Value::from),
        2 => WORDS.scalar(),
        1 => WORDS.json(),
        1 => proptest::collection::vec(WORDS.scalar(), 0..5).prop_map(Value::from),
    ];
    let parts = (
        proptest::sample::select(types),
        proptest::option::weighted(0.9, proptest::sample::select(operators)),
        proptest::option::weighted(0.9, proptest::sample::select(fields)),
        target,
        id_type(),
        proptest::option::of(WORDS.text()),
    );
    parts.prop_map(|(kind, operator, field, target, id_type, salt)| {
        let values: Map<String, Value> = salt.map(|salt| ("salt".to_owned(), json!(salt))).into_iter().collect();
        json!({"type": kind, "operator": operator, "field": field, "targetValue": target, "idType": id_type,
               "additionalValues": values})
    })
}

fn id_type() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["userID", "userid", "companyID", "stableID"])
}

fn given() -> impl Strategy<Value = Value> {
    let object = proptest::collection::vec(
        (
            proptest::sample::select(vec!["v", "w", "x"]),
            WORDS.scalar(),
        ),
        0..3,
    );
    prop_oneof![
        4 => object.prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        2 => any::<bool>().prop_map(Value::from),
        1 => WORDS.json(),
    ]
}

fn rule() -> impl Strategy<Value = Value> {
    let ids = vec![
        "r1",
        "r2",
        "targetingGate",
        "inlineTargetingRules",
        "x override",
        "",
    ];
    let parts = (
        proptest::sample::select(ids),
        prop_oneof![3 => Just(100.0), 1 => 0.0..100.0, 1 => Just(0.0)],
        given(),
        proptest::collection::vec(proptest::sample::select(CONDITIONS.to_vec()), 0..3),
        id_type(),
        proptest::option::of(proptest::sample::select(vec!["G", "H"])),
        proptest::option::of(proptest::bool::weighted(0.8)),
        proptest::option::weighted(0.3, proptest::sample::select(NAMES.to_vec())),
    );
    parts.prop_map(|(id, percentage, value, conditions, id_type, group, is_group, delegate)| {
        json!({"name": "n", "id": id, "passPercentage": percentage, "returnValue": value, "conditions": conditions,
               "idType": id_type, "groupName": group, "isExperimentGroup": is_group, "configDelegate": delegate})
    })
}

fn spec() -> impl Strategy<Value = Value> {
    let entities = vec![
        "feature_gate",
        "segment",
        "experiment",
        "dynamic_config",
        "layer",
    ];
    let parts = (
        any::<bool>(),
        given(),
        proptest::collection::vec(rule(), 0..4),
        id_type(),
        proptest::sample::select(entities),
        proptest::option::weighted(0.9, proptest::bool::weighted(0.8)),
        proptest::option::of(0..9_u32),
        proptest::bool::weighted(0.4),
    );
    parts.prop_map(|(enabled, default, rules, id_type, entity, active, version, merges)| {
        json!({"type": "t", "salt": "s", "enabled": enabled, "defaultValue": default, "rules": rules,
               "idType": id_type, "entity": entity, "isActive": active, "version": version,
               "useNewLayerEval": merges, "explicitParameters": ["v"]})
    })
}

fn specs() -> impl Strategy<Value = Value> {
    let all = proptest::collection::vec(spec(), 5);
    all.prop_map(|specs| {
        NAMES
            .iter()
            .map(|name| (*name).to_owned())
            .zip(specs)
            .collect()
    })
}

fn mappings() -> impl Strategy<Value = Value> {
    let rules =
        || proptest::collection::vec(proptest::sample::select(vec!["o1", "o2", "gone"]), 0..3);
    let name = || proptest::sample::select(NAMES.to_vec());
    let entry = (name(), proptest::collection::vec((name(), rules()), 0..3)).prop_map(
        |(name, mappings)| {
            let to = |(new, rules): (&str, Vec<&str>)| {
                let rules: Vec<_> = rules
                    .into_iter()
                    .map(|rule| json!({"rule_name": rule}))
                    .collect();
                json!({"new_config_name": new, "rules": rules})
            };
            (
                name.to_owned(),
                mappings.into_iter().map(to).collect::<Value>(),
            )
        },
    );
    proptest::collection::vec(entry, 0..3).prop_map(|entries| entries.into_iter().collect())
}

prop_compose! {
    /// A document that is always taken.
    fn document()(
        gates in specs(),
        configs in specs(),
        layers in specs(),
        conditions in proptest::collection::vec(condition(), 5),
        mappings in proptest::option::of(mappings()),
        rules in (rule(), rule()),
        tier in proptest::option::of(WORDS.text()),
    ) -> Value {
        let conditions: Map<String, Value> = CONDITIONS.iter().map(|id| (*id).to_owned()).zip(conditions).collect();
        json!({"has_updates": true, "time": 1_700_000_000_123_u64, "feature_gates": gates, "dynamic_configs": configs,
               "layer_configs": layers, "condition_map": conditions, "experiment_to_layer": {}, "app_id": "a",
               "default_environment": tier, "overrides": mappings, "override_rules": {"o1": rules.0, "o2": rules.1}})
    }
}

fn user() -> impl Strategy<Value = Value> {
    let part = || {
        prop_oneof![
            3 => proptest::collection::vec((WORDS.key(), WORDS.scalar()), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            1 => WORDS.json(),
        ]
    };
    let key = prop_oneof![3 => WORDS.text().prop_map(Value::from), 1 => WORDS.json()];
    (key, part(), part(), part(), part()).prop_map(
        |(key, ids, attributes, private, environment)| {
            json!({"key": key, "ids": ids, "attributes": attributes, "private_attributes": private,
               "environment": environment})
        },
    )
}

/// Records as they should be, and any JSON.
fn record() -> impl Strategy<Value = Value> {
    let fields = (
        any::<bool>(),
        given(),
        WORDS.text(),
        proptest::option::of(proptest::sample::select(NAMES.to_vec())),
    );
    prop_oneof![
        1 => WORDS.json(),
        3 => fields.prop_map(|(value, json, rule, delegate)| json!({
            "value": value, "json_value": json, "rule_id": rule, "group_name": "Old", "secondary_exposures": [],
            "undelegated_secondary_exposures": null, "config_delegate": delegate, "explicit_parameters": null,
            "time": 5, "config_version": 1,
        })),
    ]
}

fn held() -> impl Strategy<Value = Option<Held>> {
    let records =
        proptest::collection::vec((proptest::sample::select(NAMES.to_vec()), record()), 0..4);
    proptest::option::of(records.prop_map(|records| {
        Held::Records {
            records: records
                .into_iter()
                .map(|(name, record)| (name.to_owned(), Arc::new(record)))
                .collect(),
            origin: Origin::Caller,
        }
    }))
}

fn is_whole(decision: &Decision<'_>) -> bool {
    let value = decision.value.value();
    let is_of_kind = match decision.kind {
        Some(Kind::Gate) => value.is_some_and(Value::is_boolean),
        Some(_) => value.is_some_and(Value::is_object),
        None => value.is_none(),
    };
    is_of_kind
        && decision.rule_id.is_some()
        && decision.sticky == (decision.reason.as_str() == "STICKY")
}

/// Every verb once; what it answers is another test's.
fn use_all(client: &Client, user: &User) {
    for flag in NAMES {
        for kind in KINDS.map(Some).into_iter().chain([None]) {
            let request = Request {
                kind,
                details: true,
                ..Request::new(flag, user)
            };
            soon("explaining", || client.explain(&request));
            let whole = soon("deciding", || {
                client.evaluate(&request, |decision| is_whole(decision))
            });
            assert!(whole, "{flag} {kind:?}");
        }
    }
    let metric = Metric {
        event: "e",
        user,
        value: Some(&json!(2)),
        properties: None,
        flags: None,
    };
    client.track(&metric).expect("a metric event is taken");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_a_ruleset_or_refused_with_paths(document in WORDS.json()) {
        let client = client("statsig", None);
        if let Err(error) = soon("loading", || client.update(&document.to_string())) {
            prop_assert!(!error.message.is_empty());
        }
    }

    #[test]
    fn a_document_with_something_else_in_it_is_a_ruleset_or_refused_with_paths(
        mut document in document().boxed(),
        path in proptest::collection::vec(0..16_usize, 1..7),
        other in WORDS.json(),
        user in user().boxed(),
    ) {
        put_elsewhere(&mut document, &path, other);
        let client = client("statsig", None);
        match soon("loading", || client.update(&document.to_string())) {
            Err(error) if document.is_object() => refusal_names_places(&error.message),
            Err(_) => {}
            Ok(()) => use_all(&client, &User::from_value(user).expect("a user of this shape is one")),
        }
    }

    #[test]
    fn everybody_gets_an_answer_and_the_one_that_the_explanation_says(
        document in document().boxed(),
        user in user().boxed(),
        held in held(),
        enforce in (any::<bool>(), any::<bool>()),
    ) {
        let store = Arc::new(MemoryStore::default());
        let client = client("statsig", Some(Arc::clone(&store) as Arc<dyn Store>));
        client.update(&document.to_string()).expect("the document is taken");
        let user = User::from_value(user).expect("a user of this shape is one");
        for flag in NAMES {
            for kind in KINDS.map(Some).into_iter().chain([None]) {
                for details in [false, true] {
                    let request = Request {
                        kind,
                        held: held.as_ref(),
                        enforce: Enforce { targeting: enforce.0, overrides: enforce.1 },
                        details,
                        ..Request::new(flag, &user)
                    };
                    let explained = soon("explaining", || client.explain(&request));
                    let (decided, whole) = soon("deciding", || {
                        client.evaluate(&request, |decision| (decision.to_json(), is_whole(decision)))
                    });
                    prop_assert_eq!(&explained["decision"], &decided);
                    prop_assert!(whole, "{}", decided);
                    prop_assert_eq!(decided["error"].is_string(), decided["reason"] == "ERROR");
                    prop_assert_eq!(decided["details"].is_object(), details && kind_of(&decided).is_some());
                    // Nobody looks at exposures here, and the answer is the same.
                    let quiet = Request { mode: Mode::Read, ..request };
                    let again = client.evaluate(&quiet, |decision| decision.to_json());
                    prop_assert_eq!(&again, &decided);
                }
            }
        }
        for event in client.drain_events(usize::MAX) {
            prop_assert!(event["eventName"].is_string());
            prop_assert!(event["metadata"].as_object().is_some_and(|map| map.values().all(Value::is_string)));
            prop_assert!(event["user"].get("privateAttributes").is_none());
        }
    }

    #[test]
    fn an_assignment_that_was_made_is_kept_while_the_experiment_runs(
        document in document().boxed(),
        user in user().boxed(),
    ) {
        let store = Arc::new(MemoryStore::default());
        let client = client("statsig", Some(Arc::clone(&store) as Arc<dyn Store>));
        client.update(&document.to_string()).expect("the document is taken");
        let user = User::from_value(user).expect("a user of this shape is one");
        for (kind, flag) in [Kind::Experiment, Kind::Layer].into_iter().flat_map(|kind| NAMES.map(|flag| (kind, flag))) {
            for id_type in ["userID", "userid", "companyID", "stableID"] {
                let load = || client.load_assignments(&user, id_type).expect("the client is open");
                let Some(before) = load() else {
                    continue;
                };
                let request = Request { kind: Some(kind), held: Some(&before), details: true, ..Request::new(flag, &user) };
                let first = client.evaluate(&request, |decision| decision.to_json());
                let after = load().expect("the user has the id");
                if first["sticky"] == true || after.get(flag).is_none() || first["details"]["id_type"] != id_type {
                    continue;
                }
                let request = Request { held: Some(&after), ..request };
                let second = client.evaluate(&request, |decision| decision.to_json());
                prop_assert_eq!(&second["sticky"], &json!(true));
                for member in ["value", "rule_id", "variation", "enabled"] {
                    prop_assert_eq!(&second[member], &first[member]);
                }
            }
        }
    }
}

fn kind_of(decision: &Value) -> Option<&str> {
    decision["kind"].as_str()
}
