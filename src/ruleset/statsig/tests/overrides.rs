//! Local overrides (section 4.5).

use super::*;
use crate::decision::Reason;
use crate::host::Override;

fn world(set: impl FnOnce(&mut crate::host::Overrides)) -> World {
    let mut world = World::default();
    set(&mut world.host.overrides);
    world
}

fn document() -> Document {
    let mut alloc = rule("alloc", &[], json!({}));
    alloc["configDelegate"] = json!("e");
    Document::default()
        .gate("inner", json!([]))
        .gate("outer", json!([rule("r", &["inner"], json!(true))]))
        .condition(
            "inner",
            json!({"type": "pass_gate", "targetValue": "inner"}),
        )
        .config("e", experiment(json!({"v": 1})))
        .layer("l", spec("layer", json!({}), json!([alloc])))
}

#[test]
fn an_override_answers_also_within_other_gates() {
    let world = world(|set| set.set(Kind::Gate, "inner", None, Override::value(true.into())));
    let ruleset = document().load();
    let u = user(json!({"key": "u"}));
    let request = Request {
        details: true,
        ..ask(Kind::Gate, "inner", &u)
    };
    let inner = world.decide(&*ruleset, &request).0;
    assert_eq!(
        (inner.enabled, rule_id(&inner), inner.reason),
        (true, "override", Reason::TargetMatch)
    );
    assert_eq!(
        inner.details.expect("details")["reason"],
        "LocalOverride:Recognized"
    );
    let request = Request {
        details: true,
        ..ask(Kind::Gate, "outer", &u)
    };
    let outer = world.decide(&*ruleset, &request).0;
    assert!(outer.enabled);
    assert_eq!(
        outer.details.expect("details")["secondary_exposures"],
        json!([{"gate": "inner", "gateValue": "true", "ruleID": "override"}])
    );
}

#[test]
fn an_override_is_found_by_any_id_of_the_user() {
    let world = world(|set| {
        set.set(
            Kind::Gate,
            "outer",
            Some("c-9"),
            Override::value(true.into()),
        );
        set.set(Kind::Gate, "outer", Some("7"), Override::value(true.into()));
    });
    let ruleset = document().load();
    for (whom, enabled) in [
        (json!({"key": "u"}), false),
        (json!({"key": "c-9"}), true),
        (json!({"key": 7.0}), true),
        (json!({"key": "u", "ids": {"companyID": "c-9"}}), true),
    ] {
        let u = user(whom);
        assert_eq!(
            world
                .decide(&*ruleset, &ask(Kind::Gate, "outer", &u))
                .0
                .enabled,
            enabled,
            "{u:?}"
        );
    }
}

#[test]
fn an_override_by_group_answers_what_the_group_gets() {
    let world = world(|set| {
        set.set(Kind::Experiment, "e", None, Override::Group("G".into()));
        set.set(
            Kind::Experiment,
            "no such experiment",
            None,
            Override::Group("G".into()),
        );
    });
    let ruleset = document().load();
    let u = user(json!({"key": "u"}));
    let decision = world.decide(&*ruleset, &ask(Kind::Experiment, "e", &u)).0;
    assert_eq!(decision.value.value(), Some(&json!({"v": 1})));
    assert_eq!(
        (rule_id(&decision), decision.variation.as_deref()),
        ("override", None)
    );
    let decision = world
        .decide(&*ruleset, &ask(Kind::Experiment, "no such experiment", &u))
        .0;
    assert_eq!(
        (decision.found, decision.value.value()),
        (true, Some(&json!({})))
    );
    // A config call does not look at overrides of experiments.
    assert_eq!(
        rule_id(&world.decide(&*ruleset, &ask(Kind::Config, "e", &u)).0),
        "r-g"
    );
}

#[test]
fn a_layer_takes_the_override_of_the_experiment_it_delegates_to() {
    let world = world(|set| {
        set.set(
            Kind::Experiment,
            "e",
            None,
            Override::value(json!({"v": "set"})),
        )
    });
    let ruleset = document().load();
    let u = user(json!({"key": "u"}));
    let request = Request {
        details: true,
        ..ask(Kind::Layer, "l", &u)
    };
    let decision = world.decide(&*ruleset, &request).0;
    assert_eq!(decision.value.value(), Some(&json!({"v": "set"})));
    let details = decision.details.expect("details");
    assert_eq!(details["reason"], "LocalOverride:Recognized");
    assert_eq!(details["allocated_experiment"], "e");
    assert_eq!(details["is_experiment_active"], false);
}

#[test]
fn a_name_that_only_an_override_knows_is_found_without_a_kind() {
    let world = world(|set| set.set(Kind::Layer, "new", None, Override::value(json!({"v": 1}))));
    let ruleset = document().load();
    let u = user(json!({"key": "u"}));
    let decision = world.decide(&*ruleset, &Request::new("new", &u)).0;
    assert_eq!((decision.kind, decision.found), (Some(Kind::Layer), true));
}
