//! Event bodies.

use super::*;
use crate::ruleset::Metric;
use crate::sticky::held::{Held, Origin};
use crate::sticky::memory::MemoryStore;
use std::collections::HashMap;

fn document() -> Document {
    let mut alloc = rule("alloc", &["in h"], json!({}));
    alloc["configDelegate"] = json!("e");
    let mut e = experiment(json!({"v": 1, "w": 2}));
    e["rules"][0]["conditions"] = json!(["in s", "in h"]);
    Document::default()
        .gate("h", json!([rule("r-h", &[], json!(true))]))
        .gate("segment:s", json!([rule("r-s", &["in h"], json!(true))]))
        .condition("in h", json!({"type": "pass_gate", "targetValue": "h"}))
        .condition(
            "in s",
            json!({"type": "pass_gate", "targetValue": "segment:s"}),
        )
        .config("e", e)
        .layer("l", spec("layer", json!({}), json!([alloc])))
}

fn collecting() -> World {
    World {
        collects: true,
        ..World::default()
    }
}

fn whom() -> User {
    user(json!({
        "key": "u", "ids": {"companyID": "c"}, "attributes": {"email": "a@b.c", "plan": "pro"},
        "private_attributes": {"secret": "hidden"}, "environment": {"tier": "dev"}
    }))
}

#[test]
fn an_exposure_of_a_gate_is_what_the_collector_takes() {
    let ruleset = load(
        &document().json(),
        json!({"global_custom_fields": {"plan": "free", "app": "shop"}}),
    );
    let u = whom();
    let (_, events) = collecting().decide(&*ruleset, &ask(Kind::Gate, "segment:s", &u));
    assert_eq!(
        events,
        [json!({
            "eventName": "statsig::gate_exposure",
            "value": null,
            "metadata": {"gate": "segment:s", "gateValue": "true", "ruleID": "r-s", "reason": "Bootstrap:Recognized",
                         "lcut": "1700000000123"},
            "statsigMetadata": {},
            "user": {"userID": "u", "customIDs": {"companyID": "c"}, "email": "a@b.c",
                     "custom": {"plan": "pro", "app": "shop"}, "statsigEnvironment": {"tier": "dev"}},
            "time": NOW,
            "secondaryExposures": [{"gate": "h", "gateValue": "true", "ruleID": "r-h"}],
        })]
    );
}

#[test]
fn a_field_of_the_user_that_is_null_is_left_out_and_a_custom_one_is_not() {
    let u = user(json!({"key": "u", "attributes": {"email": null, "plan": null, "ip": "1.1.1.1"}}));
    let (_, events) = collecting().decide(&*document().load(), &ask(Kind::Gate, "h", &u));
    assert_eq!(
        events[0]["user"],
        json!({"userID": "u", "custom": {"plan": null}, "ip": "1.1.1.1"})
    );
}

#[test]
fn an_experiment_tells_every_gate_that_was_asked_as_often_as_it_was() {
    let u = whom();
    let (_, events) = collecting().decide(&*document().load(), &ask(Kind::Experiment, "e", &u));
    let [event] = &events[..] else {
        panic!("one event: {events:?}");
    };
    assert_eq!(event["eventName"], "statsig::config_exposure");
    assert_eq!(event["metadata"]["config"], "e");
    assert_eq!(event["metadata"]["rulePassed"], "true");
    assert_eq!(event["metadata"]["configVersion"], "3");
    let asked = json!({"gate": "h", "gateValue": "true", "ruleID": "r-h"});
    assert_eq!(event["secondaryExposures"], json!([asked, asked]));
}

#[test]
fn a_layer_tells_each_parameter_and_allocates_by_the_explicit_ones() {
    let u = whom();
    let (_, events) = collecting().decide(&*document().load(), &ask(Kind::Layer, "l", &u));
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let metadata = &event["metadata"];
            let exposures = event["secondaryExposures"].as_array().map_or(0, Vec::len);
            json!([
                event["eventName"],
                metadata["parameterName"],
                metadata["isExplicitParameter"],
                metadata["allocatedExperiment"],
                metadata["ruleID"],
                exposures
            ])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!(["statsig::layer_exposure", "v", "true", "e", "r-g", 3]),
            json!(["statsig::layer_exposure", "w", "false", "", "r-g", 1]),
        ]
    );
}

#[test]
fn a_merged_layer_tells_which_rule_gave_each_parameter() {
    let rules = json!([
        rule("one", &[], json!({"a": 1})),
        rule("two", &[], json!({"a": 2, "b": 2}))
    ]);
    let mut merging = spec("layer", json!({"c": 3}), rules);
    merging["useNewLayerEval"] = json!(true);
    let ruleset = Document::default().layer("l", merging).load();
    let u = whom();
    let (decision, events) = collecting().decide(&*ruleset, &ask(Kind::Layer, "l", &u));
    assert_eq!(
        decision.value.value(),
        Some(&json!({"a": 1, "b": 2, "c": 3}))
    );
    let rules: Vec<_> = events
        .iter()
        .map(|event| event["metadata"]["ruleID"].clone())
        .collect();
    assert_eq!(rules, ["one", "two", "default"]);
}

#[test]
fn a_stored_answer_is_told_with_what_is_stored() {
    let gates = json!([{"gate": "old", "gateValue": "false", "ruleID": "x"}]);
    let record = json!({"value": true, "json_value": {"v": 0}, "rule_id": "oldRule", "secondary_exposures": gates,
                        "time": 5, "config_version": 2});
    let held = Held::Records {
        records: HashMap::from([("e".to_owned(), Arc::new(record))]),
        origin: Origin::Caller,
    };
    let world = World {
        collects: true,
        ..World::with_store(Arc::new(MemoryStore::default()))
    };
    let u = whom();
    let request = Request {
        held: Some(&held),
        ..ask(Kind::Experiment, "e", &u)
    };
    let (decision, events) = world.decide(&*document().load(), &request);
    assert!(decision.sticky);
    let metadata = &events[0]["metadata"];
    assert_eq!(metadata["reason"], "Persisted");
    assert_eq!(
        (
            &metadata["ruleID"],
            &metadata["lcut"],
            &metadata["configVersion"]
        ),
        (&json!("oldRule"), &json!("5"), &json!("2"))
    );
    assert_eq!(events[0]["secondaryExposures"], gates);
}

#[test]
fn what_is_unknown_is_told_too_and_who_only_looks_tells_nothing() {
    let ruleset = document().load();
    let u = whom();
    let (_, events) = collecting().decide(&*ruleset, &ask(Kind::Gate, "nowhere", &u));
    assert_eq!(events[0]["metadata"]["ruleID"], "");
    assert_eq!(events[0]["metadata"]["reason"], "Bootstrap:Unrecognized");
    assert!(
        World::default()
            .decide(&*ruleset, &ask(Kind::Gate, "h", &u))
            .1
            .is_empty()
    );
}

#[test]
fn a_decision_of_all_is_told_when_it_is_looked_at() {
    let ruleset = document().load();
    let u = whom();
    let health = Health::new(Duration::from_secs(1));
    let world = World::default();
    let request = Request {
        details: true,
        ..Request::new("", &u)
    };
    let all = ruleset
        .evaluate_all(&request, &mut world.turn(&health))
        .expect("all of them");
    for (flag, decision) in all {
        let asked = Request { flag, ..request };
        let event = ruleset.exposure(&asked, &decision, NOW);
        let (_, live) =
            collecting().decide(&*ruleset, &ask(decision.kind.expect("a kind"), flag, &u));
        match decision.kind {
            // Which parameter is looked at is not known.
            Some(Kind::Layer) => assert_eq!(event, None),
            _ => assert_eq!(event, live.into_iter().next(), "{flag}"),
        }
    }
}

#[test]
fn events_of_users_have_a_value_and_metadata() {
    let ruleset = document().load();
    let u = whom();
    let health = Health::new(Duration::from_secs(1));
    let world = collecting();
    let track = |value: Option<&Value>, flags: Option<&[String]>| {
        let mut turn = world.turn(&health);
        let properties = json!({"item": "x"}).as_object().cloned();
        let metric = Metric {
            event: "bought",
            user: &u,
            value,
            properties: properties.as_ref(),
            flags,
        };
        let accepted = ruleset.track(&metric, &mut turn);
        accepted.map(|accepted| (accepted, turn.outbox.unwrap_or_default()))
    };
    let (accepted, events) = track(Some(&json!(9.5)), None).expect("it is taken");
    assert!(accepted);
    assert_eq!(events[0]["eventName"], "bought");
    assert_eq!(events[0]["value"], 9.5);
    assert_eq!(events[0]["metadata"], json!({"item": "x"}));
    assert_eq!(events[0]["secondaryExposures"], Value::Null);
    assert!(!events[0].to_string().contains("hidden"));
    assert_eq!(
        track(Some(&json!(true)), None).expect("it is taken").1[0]["value"],
        1.0
    );
    assert!(track(Some(&json!([1])), None).is_err());
    assert!(track(None, Some(&["e".to_owned()])).is_err());
}
