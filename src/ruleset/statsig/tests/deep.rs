//! Documents that are nested deep, or that would take forever.

use super::*;
use crate::decision::ErrorCode;

/// `g0` asks `g1`, and so on; the last one of `length` gates below the first is open. Each asks `times` times.
fn chain(length: usize, times: usize) -> Document {
    let mut document = Document::default();
    for n in 0..length {
        let id = format!("to {}", n + 1);
        let asked = vec![id.as_str(); times];
        let name = format!("g{n}");
        document = document
            .gate(&name, json!([rule(&name, &asked, json!(true))]))
            .condition(
                &id,
                json!({"type": "pass_gate", "targetValue": format!("g{}", n + 1)}),
            );
    }
    document.gate(
        &format!("g{length}"),
        json!([rule("last", &[], json!(true))]),
    )
}

/// `c0` delegates to `c1`, and so on.
fn delegations(length: usize) -> Document {
    let mut document = Document::default();
    for n in 0..length {
        let mut on = rule(&format!("r{n}"), &[], json!({}));
        on["configDelegate"] = json!(format!("c{}", n + 1));
        document = document.config(&format!("c{n}"), spec("experiment", json!({}), json!([on])));
    }
    let last = spec(
        "experiment",
        json!({}),
        json!([rule("last", &[], json!({"v": 1}))]),
    );
    document.config(&format!("c{length}"), last)
}

/// `e0` asks for the group in `e1`, and so on.
fn calls(length: usize) -> Document {
    let mut document = Document::default();
    for n in 0..length {
        let id = format!("in {}", n + 1);
        let mut asks = experiment(json!({}));
        asks["rules"][0]["conditions"] = json!([id]);
        document = document.config(&format!("e{n}"), asks).condition(
            &id,
            json!({"type": "experiment_group", "field": format!("e{}", n + 1), "operator": "any", "targetValue": ["G"]}),
        );
    }
    document.config(&format!("e{length}"), experiment(json!({})))
}

/// On a thread that has as little stack as the smallest ones of the hosts, or less.
fn on_a_small_stack<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    let thread = std::thread::Builder::new()
        .stack_size(128 * 1024)
        .spawn(work);
    thread
        .expect("a thread")
        .join()
        .expect("it does not end early")
}

#[test]
fn sixty_four_nested_gates_answer_and_one_more_does_not() {
    for (length, error) in [
        (63, None),
        (64, None),
        (65, Some(ErrorCode::General)),
        (500, Some(ErrorCode::General)),
    ] {
        let ruleset = chain(length, 1).load();
        let decision = on_a_small_stack(move || {
            decide(&*ruleset, Kind::Gate, "g0", &user(json!({"key": "u"})))
        });
        assert_eq!(decision.error, error, "{length}");
        assert_eq!(decision.enabled, error.is_none(), "{length}");
        if error.is_some() {
            assert_eq!(rule_id(&decision), "");
            assert_eq!(
                decision.message.as_deref(),
                Some("Statsig Evaluation Depth Exceeded")
            );
        }
    }
}

#[test]
fn three_hundred_delegations_answer_and_one_more_does_not() {
    for (length, error) in [
        (300, None),
        (301, Some(ErrorCode::General)),
        (5_000, Some(ErrorCode::General)),
    ] {
        let ruleset = delegations(length).load();
        let decision = on_a_small_stack(move || {
            decide(
                &*ruleset,
                Kind::Experiment,
                "c0",
                &user(json!({"key": "u"})),
            )
        });
        assert_eq!(decision.error, error, "{length}");
        let value = if error.is_some() {
            json!({})
        } else {
            json!({"v": 1})
        };
        assert_eq!(decision.value.value(), Some(&value), "{length}");
    }
}

#[test]
fn explaining_needs_little_stack_too() {
    for (ruleset, kind, flag) in [
        (chain(64, 1).load(), Kind::Gate, "g0"),
        (delegations(300).load(), Kind::Experiment, "c0"),
        (calls(5_000).load(), Kind::Experiment, "e0"),
    ] {
        let text = on_a_small_stack(move || {
            let u = user(json!({"key": "u"}));
            let (_, steps) = World::default().explain(&*ruleset, &ask(kind, flag, &u));
            Value::Array(steps).to_string()
        });
        assert!(text.contains(flag), "{text}");
    }
}

#[test]
fn circles_end_with_the_depth() {
    let document = Document::default()
        .gate("ping", json!([rule("a", &["to pong"], json!(true))]))
        .gate("pong", json!([rule("b", &["to ping"], json!(true))]))
        .condition(
            "to ping",
            json!({"type": "pass_gate", "targetValue": "ping"}),
        )
        .condition(
            "to pong",
            json!({"type": "fail_gate", "targetValue": "pong"}),
        );
    let ruleset = document.load();
    let decision = decide(&*ruleset, Kind::Gate, "ping", &user(json!({"key": "u"})));
    assert_eq!(
        (decision.error, decision.enabled),
        (Some(ErrorCode::General), false)
    );
}

#[test]
fn gates_that_ask_the_next_one_twice_are_asked_once() {
    // Without memory for what is known these were 2^15 evaluations.
    let ruleset = chain(15, 2).load();
    assert!(decide(&*ruleset, Kind::Gate, "g0", &user(json!({"key": "u"}))).enabled);
    // And these were 2^40, and as many exposures.
    let ruleset = chain(40, 2).load();
    let decision = decide(&*ruleset, Kind::Gate, "g0", &user(json!({"key": "u"})));
    assert_eq!(decision.error, Some(ErrorCode::General));
}

#[test]
fn mappings_in_a_circle_and_mappings_over_deep_gates_come_to_an_end() {
    let mut document = chain(70, 1);
    for n in 0..70 {
        document = document.condition(
            &format!("to {}", n + 1),
            json!({"type": "pass_gate", "targetValue": format!("g{}", n + 1)}),
        );
    }
    let mut mappings = json!({"x": [{"new_config_name": "y", "rules": [{"rule_name": "all"}]}],
                              "y": [{"new_config_name": "x", "rules": [{"rule_name": "all"}]}]});
    let mut rules = json!({"all": rule("all", &[], json!(true))});
    for n in 0..70 {
        let rule_name = format!("o{n}");
        rules[&rule_name] = rule(&rule_name, &[&format!("to {}", n + 1)], json!(true));
        let again = json!({"rule_name": rule_name});
        mappings[format!("g{n}")] =
            json!([{"new_config_name": "nowhere", "rules": [again, again, again]}]);
    }
    let ruleset = document
        .with("overrides", mappings)
        .with("override_rules", rules)
        .load();
    for flag in ["x", "g0", "g10"] {
        let decision = decide(&*ruleset, Kind::Gate, flag, &user(json!({"key": "u"})));
        assert_eq!(decision.error, Some(ErrorCode::General), "{flag}");
    }
}

#[test]
fn mappings_that_lead_nowhere_in_very_many_ways_come_to_an_end() {
    let mut mappings = json!({});
    for n in 0..250 {
        let next =
            json!({"new_config_name": format!("n{}", n + 1), "rules": [{"rule_name": "all"}]});
        mappings[format!("n{n}")] = json!([next, next]);
    }
    let ruleset = Document::default()
        .with("overrides", mappings)
        .with(
            "override_rules",
            json!({"all": rule("all", &[], json!(true))}),
        )
        .load();
    let decision = decide(&*ruleset, Kind::Gate, "n0", &user(json!({"key": "u"})));
    assert_eq!(decision.error, Some(ErrorCode::General));
}

#[test]
fn very_many_searches_that_may_take_long_come_to_an_end() {
    let asked = vec!["looks ahead"; 5_000];
    let ruleset = Document::default()
        .gate("g", json!([rule("r", &asked, json!(true))]))
        .condition(
            "looks ahead",
            json!({"type": "user_field", "field": "text", "operator": "str_matches",
                   "targetValue": r"^(?=(a|aa)+$)x|^(a|aa)+\2z$"}),
        )
        .load();
    let u = user(json!({"key": "u", "attributes": {"text": "a"}}));
    let decision = decide(&*ruleset, Kind::Gate, "g", &u);
    assert_eq!(decision.error, Some(ErrorCode::General));
}

#[test]
fn an_experiment_that_asks_for_its_own_group_has_none_there() {
    let mut own = rule("own", &["in G"], json!({"v": "own"}));
    own["groupName"] = json!("G");
    let mut asking = experiment(json!({"v": "group"}));
    asking["rules"]
        .as_array_mut()
        .expect("rules")
        .insert(0, own);
    let document = Document::default().config("e", asking).condition(
        "in G",
        json!({"type": "experiment_group", "field": "e", "operator": "any", "targetValue": ["G"]}),
    );
    let decision = decide(
        &*document.load(),
        Kind::Experiment,
        "e",
        &user(json!({"key": "u"})),
    );
    // The inner call finds the group by the second rule, so the outer one matches the first.
    assert_eq!(rule_id(&decision), "own");
}
