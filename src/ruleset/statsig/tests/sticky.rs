//! What is stored, beyond the vectors: who was first, stores that do not answer, looking without touching.

use super::*;
use crate::host::{Override, Overrides};
use crate::ruleset::Enforce;
use crate::sticky::StoreError;
use crate::sticky::held::{Held, Origin};
use crate::sticky::staged::Staged;
use std::collections::HashMap;

fn document() -> Document {
    let mut alloc = rule("alloc", &[], json!({}));
    alloc["configDelegate"] = json!("e");
    Document::default()
        .config("e", experiment(json!({"v": "new"})))
        .layer("l", spec("layer", json!({}), json!([alloc])))
}

fn old() -> Value {
    json!({"value": true, "json_value": {"v": "old"}, "rule_id": "oldRule", "group_name": "Old",
           "secondary_exposures": [{"gate": "h", "gateValue": "false", "ruleID": "x"}],
           "undelegated_secondary_exposures": null, "config_delegate": null, "explicit_parameters": ["v"],
           "time": 5, "config_version": 2})
}

/// Loaded from the store for a unit.
fn of(unit: &str) -> Origin {
    Origin::Store { unit: unit.into() }
}

fn held(origin: Origin, records: Value) -> Held {
    let records = records.as_object().cloned().unwrap_or_default().into_iter();
    Held::Records {
        records: records
            .map(|(flag, record)| (flag, Arc::new(record)))
            .collect(),
        origin,
    }
}

fn with<'a>(held: &'a Held, user: &'a User) -> Request<'a> {
    Request {
        held: Some(held),
        ..ask(Kind::Experiment, "e", user)
    }
}

#[test]
fn a_new_assignment_has_every_member_that_the_platform_writes() {
    let store = Staged::watched();
    let world = World::with_store(store.clone());
    let u = user(json!({"key": "u"}));
    let nothing = held(of("u:userID"), json!({}));
    let ruleset = document().load();
    let decision = world.decide(&*ruleset, &with(&nothing, &u)).0;
    assert!(!decision.sticky);
    assert_eq!(store.calls(), ["claim u:userID e"]);
    let record = store
        .inner
        .get("u:userID", "e")
        .expect("memory does not fail")
        .expect("it is there");
    assert_eq!(
        *record,
        json!({"value": true, "json_value": {"v": "new"}, "rule_id": "r-g", "group_name": "G",
               "secondary_exposures": [], "undelegated_secondary_exposures": null, "config_delegate": null,
               "explicit_parameters": ["v"], "time": 1_700_000_000_123_u64, "config_version": 3})
    );
    let layer = Request {
        kind: Some(Kind::Layer),
        flag: "l",
        ..with(&nothing, &u)
    };
    world.decide(&*ruleset, &layer);
    let record = store
        .inner
        .get("u:userID", "l")
        .expect("memory does not fail")
        .expect("it is there");
    assert_eq!(record["config_delegate"], "e");
    assert_eq!(record["undelegated_secondary_exposures"], json!([]));
}

#[test]
fn whoever_stores_first_is_the_answer_for_everybody_else() {
    let store = Staged::watched();
    let world = World::with_store(store.clone());
    let u = user(json!({"key": "u"}));
    let nothing = held(of("u:userID"), json!({}));
    let ruleset = document().load();
    // Between loading and deciding another process was here.
    store
        .inner
        .set("u:userID", "e", &old())
        .expect("memory does not fail");
    let request = Request {
        details: true,
        ..with(&nothing, &u)
    };
    let decision = world.decide(&*ruleset, &request).0;
    assert!(decision.sticky);
    assert_eq!(
        (rule_id(&decision), decision.variation.as_deref()),
        ("oldRule", Some("Old"))
    );
    let details = decision.details.expect("details");
    assert_eq!(
        (&details["reason"], &details["lcut"], &details["version"]),
        (&json!("Persisted"), &json!(5), &json!(2))
    );
    assert_eq!(store.calls(), ["claim u:userID e"]);
    // What was put together by the caller, or loaded for somebody else, says nothing about what the store holds for this
    // user: the platform's last writer wins.
    for origin in [Origin::Caller, of("v:userID"), of("u:companyID")] {
        let nothing = held(origin, json!({}));
        assert!(!world.decide(&*ruleset, &with(&nothing, &u)).0.sticky);
        assert_eq!(store.calls(), ["set u:userID e"]);
    }
}

#[test]
fn a_first_record_that_is_garbage_is_left_and_reported() {
    let store = Staged::watched();
    let world = World::with_store(store.clone());
    let u = user(json!({"key": "u"}));
    store
        .inner
        .set("u:userID", "e", &json!([]))
        .expect("memory does not fail");
    let decision = world
        .decide(
            &*document().load(),
            &with(&held(of("u:userID"), json!({})), &u),
        )
        .0;
    assert!(!decision.sticky);
    assert!(matches!(
        decision.store_error.as_deref(),
        Some(StoreError::Garbage(_))
    ));
}

#[test]
fn a_store_that_did_not_answer_is_left_alone_and_the_decision_says_why() {
    let store = Staged::watched();
    let world = World::with_store(store.clone());
    let u = user(json!({"key": "u"}));
    let unknown = Held::Unknown(StoreError::Failed("down".to_owned()));
    let decision = world.decide(&*document().load(), &with(&unknown, &u)).0;
    assert_eq!(decision.value.value(), Some(&json!({"v": "new"})));
    assert_eq!(
        decision.store_error,
        Some(Box::new(StoreError::Failed("down".to_owned())))
    );
    assert_eq!(store.calls(), [""; 0]);
}

#[test]
fn without_a_store_nothing_that_is_passed_counts() {
    let u = user(json!({"key": "u"}));
    let passed = held(Origin::Caller, json!({"e": old()}));
    assert!(
        !World::default()
            .decide(&*document().load(), &with(&passed, &u))
            .0
            .sticky
    );
}

#[test]
fn deciding_for_all_flags_touches_nothing() {
    let store = Staged::watched();
    let world = World::with_store(store.clone());
    let ruleset = document().gate("segment:s", json!([])).load();
    let u = user(json!({"key": "u"}));
    let health = Health::new(Duration::from_secs(1));
    for passed in [
        None,
        Some(held(of("u:userID"), json!({}))),
        Some(held(of("u:userID"), json!({"e": old()}))),
    ] {
        let request = Request {
            held: passed.as_ref(),
            ..Request::new("", &u)
        };
        let mut turn = world.turn(&health);
        turn.outbox = Some(Vec::new());
        let all = ruleset
            .evaluate_all(&request, &mut turn)
            .expect("all of them");
        let sticky: HashMap<_, _> = all
            .iter()
            .map(|(flag, decision)| (*flag, decision.sticky))
            .collect();
        let is_passed = passed.is_some_and(|held| held.get("e").is_some());
        assert_eq!(sticky, HashMap::from([("e", is_passed), ("l", false)]));
        assert_eq!(turn.outbox, Some(Vec::new()));
        assert_eq!(store.calls(), [""; 0]);
    }
}

#[test]
fn gates_and_configs_never_touch_the_store() {
    let store = Staged::watched();
    let world = World::with_store(store.clone());
    let ruleset = document().gate("g", json!([])).load();
    let u = user(json!({"key": "u"}));
    for (kind, flag) in [(Kind::Gate, "g"), (Kind::Config, "e")] {
        world.decide(&*ruleset, &ask(kind, flag, &u));
        assert_eq!(store.calls(), [""; 0]);
    }
    world.decide(&*ruleset, &ask(Kind::Experiment, "e", &u));
    assert_eq!(store.calls(), ["remove u:userID e"]);
}

#[test]
fn who_asks_for_a_group_removes_the_assignment_of_its_experiment() {
    let on =
        json!({"type": "experiment_group", "field": "e", "operator": "any", "targetValue": ["g"]});
    let document = document()
        .gate("g", json!([rule("r", &["in g"], json!(true))]))
        .condition("in g", on);
    let ruleset = document.load();
    let store = Staged::watched();
    let world = World {
        collects: true,
        ..World::with_store(store.clone())
    };
    let u = user(json!({"key": "u"}));
    let (decision, events) = world.decide(&*ruleset, &ask(Kind::Gate, "g", &u));
    assert!(decision.enabled);
    assert_eq!(store.calls(), ["remove u:userID e"]);
    let names: Vec<_> = events
        .iter()
        .map(|event| event["eventName"].clone())
        .collect();
    assert_eq!(
        names,
        ["statsig::config_exposure", "statsig::gate_exposure"]
    );
    // The platform's core asks by itself, and does not say whether the rule passed.
    assert_eq!(events[0]["metadata"].get("rulePassed"), None);
    // Nor is anything touched where only somebody looks.
    world.explain(&*ruleset, &ask(Kind::Gate, "g", &u));
    assert_eq!(store.calls(), [""; 0]);
}

#[test]
fn enforced_rules_drop_the_assignment_and_leave_the_store() {
    let mut spec = experiment(json!({"v": "new"}));
    let rules = spec["rules"].as_array_mut().expect("rules");
    rules.insert(
        0,
        rule("inlineTargetingRules", &["young"], json!({"v": "out"})),
    );
    rules.insert(0, rule("vip override", &["vip"], json!({"v": "vip"})));
    let document = Document::default()
        .config("e", spec)
        .condition(
            "young",
            json!({"type": "user_field", "field": "age", "operator": "lt", "targetValue": 18}),
        )
        .condition(
            "vip",
            json!({"type": "user_field", "field": "vip", "operator": "eq", "targetValue": true}),
        );
    let ruleset = document.load();
    let store = Staged::watched();
    let world = World::with_store(store.clone());
    let passed = held(of("u:userID"), json!({"e": old()}));
    let young = user(json!({"key": "u", "attributes": {"age": 5}}));
    let vip = user(json!({"key": "u", "attributes": {"vip": true, "age": 50}}));
    for (whom, targeting, overrides, rule) in [
        (&young, false, false, "oldRule"),
        (&young, false, true, "oldRule"),
        (&young, true, false, "inlineTargetingRules"),
        (&vip, true, false, "oldRule"),
        (&vip, false, true, "vip override"),
        (&vip, true, true, "vip override"),
    ] {
        let request = Request {
            enforce: Enforce {
                targeting,
                overrides,
            },
            ..with(&passed, whom)
        };
        let decision = world.decide(&*ruleset, &request).0;
        assert_eq!(rule_id(&decision), rule, "{targeting} {overrides}");
        assert_eq!(store.calls(), [""; 0]);
    }
}

#[test]
fn an_enforced_rule_that_asks_for_a_group_removes_the_assignment_of_that_experiment_only() {
    let on = json!({"type": "experiment_group", "field": "other", "operator": "any", "targetValue": ["none"]});
    let mut spec = experiment(json!({"v": "new"}));
    let rules = spec["rules"].as_array_mut().expect("rules");
    rules.push(rule("vip override", &["in other"], json!({"v": "vip"})));
    let ruleset = Document::default()
        .config("e", spec)
        .config("other", experiment(json!({})))
        .condition("in other", on)
        .load();
    let store = Staged::watched();
    let world = World {
        collects: true,
        ..World::with_store(store.clone())
    };
    let u = user(json!({"key": "u"}));
    let passed = held(of("u:userID"), json!({"e": old()}));
    let request = Request {
        enforce: Enforce {
            targeting: false,
            overrides: true,
        },
        ..with(&passed, &u)
    };
    let (decision, events) = world.decide(&*ruleset, &request);
    assert_eq!(rule_id(&decision), "oldRule");
    assert_eq!(store.calls(), ["remove u:userID other"]);
    assert_eq!(events.len(), 1, "the answer's own: {events:?}");
    world.explain(&*ruleset, &request);
    assert_eq!(store.calls(), [""; 0]);
}

#[test]
fn units_are_named_as_the_platform_names_them() {
    let ruleset = document().load();
    let u = user(json!({"key": 5, "ids": {"companyid": "c", "list": [1]}}));
    let unit = |id_type| ruleset.unit(&u, id_type);
    assert_eq!(unit("userID").as_deref(), Some("5:userID"));
    assert_eq!(unit("USERID").as_deref(), Some("5:userID"));
    assert_eq!(unit("user_id").as_deref(), Some("5:userID"));
    assert_eq!(unit("companyID").as_deref(), Some("c:companyID"));
    assert_eq!(unit("stableID"), None);
    assert_eq!(unit("list"), None);
    assert_eq!(
        ruleset.unit(&user(json!({})), "userID").as_deref(),
        Some(":userID")
    );
    let mut odd = experiment(json!({}));
    odd["idType"] = json!("userid");
    let ruleset = Document::default().config("e", odd).load();
    assert_eq!(ruleset.unit(&u, "userid").as_deref(), Some("5:userid"));
}

/// An experiment whose override rule asks a gate; whether an assignment is dropped where overrides are enforced.
fn is_dropped(document: Document, set: impl FnOnce(&mut Overrides)) -> bool {
    let mut spec = experiment(json!({"v": "new"}));
    let rules = spec["rules"].as_array_mut().expect("rules");
    rules.push(rule("vip override", &["asks"], json!({"v": "vip"})));
    let mut world = World::with_store(Staged::watched());
    set(&mut world.host.overrides);
    let u = user(json!({"key": "u"}));
    let passed = held(of("u:userID"), json!({"e": old()}));
    let request = Request {
        enforce: Enforce {
            targeting: false,
            overrides: true,
        },
        ..with(&passed, &u)
    };
    let ruleset = document.config("e", spec).load();
    !world.decide(&*ruleset, &request).0.sticky
}

fn asks_gate(rules: Value) -> Document {
    let asks = json!({"type": "pass_gate", "targetValue": "g"});
    Document::default().gate("g", rules).condition("asks", asks)
}

fn asks_group(rules: Value) -> Document {
    let asks =
        json!({"type": "experiment_group", "field": "o", "operator": "any", "targetValue": ["G"]});
    Document::default()
        .config("o", spec("experiment", json!({}), rules))
        .condition("asks", asks)
}

fn mapped(document: Document, from: &str, to: &str) -> Document {
    let to = json!([{"new_config_name": to, "rules": [{"rule_name": "all"}]}]);
    document.with("overrides", json!({ from: to })).with(
        "override_rules",
        json!({"all": rule("all", &[], json!({}))}),
    )
}

#[test]
fn local_overrides_of_what_an_enforced_rule_asks_for_count() {
    let open = || json!([rule("r", &[], json!(true))]);
    assert!(!is_dropped(asks_gate(json!([])), |_| ()));
    assert!(is_dropped(asks_gate(open()), |_| ()));
    for value in [true, false] {
        let set = |all: &mut Overrides| {
            all.set(Kind::Gate, "g", None, Override::value(value.into()));
        };
        assert_eq!(is_dropped(asks_gate(open()), set), value);
    }
    let mut group = rule("r", &[], json!({}));
    group["groupName"] = json!("G");
    let groups = json!([group]);
    assert!(is_dropped(asks_group(groups.clone()), |_| ()));
    let set = |all: &mut Overrides| {
        all.set(Kind::Experiment, "o", None, Override::value(json!({})));
    };
    assert!(!is_dropped(asks_group(groups), set));
}

#[test]
fn what_an_enforced_rule_asks_for_is_mapped_to_the_rules_of_the_class_alone() {
    let open = || json!([rule("r", &[], json!(true))]);
    let by_override = || json!([rule("t override", &[], json!(true))]);
    for (rules, dropped) in [(open(), false), (by_override(), true)] {
        let document = mapped(asks_gate(open()).gate("t", rules), "g", "t");
        assert_eq!(is_dropped(document, |_| ()), dropped);
    }
    // Of what it is mapped to, no override is looked at.
    let set = |all: &mut Overrides| all.set(Kind::Gate, "t", None, Override::value(true.into()));
    let document = mapped(asks_gate(open()).gate("t", open()), "g", "t");
    assert!(!is_dropped(document, set));
    // A mapping to nowhere leaves the gate as it is; one of an experiment whose group is asked for is an ordinary one.
    assert!(is_dropped(
        mapped(asks_gate(open()), "g", "nowhere"),
        |_| ()
    ));
    let document = asks_group(json!([])).config("t", experiment(json!({})));
    assert!(is_dropped(mapped(document, "o", "t"), |_| ()));
}
