//! The decision from top to bottom.

use super::*;

#[test]
fn an_unknown_flag_is_not_found() {
    let client = plain(json!({"format": 1}));
    let decision = decide(&client, "nope", json!({"key": "u"}));
    assert_eq!(decision["found"], false);
    assert_eq!(decision["reason"], "ERROR");
    assert_eq!(decision["error"], "FLAG_NOT_FOUND");
}

#[test]
fn no_user_at_all_is_an_error_even_where_the_flag_is_off() {
    let client = plain(with_flag("f", switch(json!({"on": false}))));
    let decision = decide(&client, "f", json!(null));
    assert_eq!(decision["found"], true);
    assert_eq!(decision["error"], "TARGETING_KEY_MISSING");
    assert_eq!(decide(&client, "f", json!({}))["reason"], "OFF");
}

#[test]
fn off_wins_over_targets_and_rules() {
    let flag = switch(json!({
        "on": false,
        "targets": [{"values": ["u"], "serve": "on"}],
        "rules": [{"if": {"all": []}, "serve": "on"}],
    }));
    let decision = decide(&plain(with_flag("f", flag)), "f", json!({"key": "u"}));
    assert_eq!(decision["reason"], "OFF");
    assert_eq!(decision["value"], false);
    assert_eq!(decision["variation"], "off");
    assert_eq!(decision["variation_id"], "off");
    assert_eq!(decision["rule_id"], json!(null));
}

#[test]
fn a_target_wins_over_rules_and_goes_by_any_id() {
    let flag = switch(json!({
        "targets": [{"values": ["u"], "serve": "on"},
                    {"values": ["7"], "by": "company", "serve": "on"}],
        "rules": [{"id": "all", "if": {"all": []}, "serve": "off"}],
    }));
    let client = plain(with_flag("f", flag));
    for (user, reason) in [
        (json!({"key": "u"}), "TARGET_MATCH"),
        (json!({"ids": {"company": 7}}), "TARGET_MATCH"),
        (json!({"key": "7", "ids": {"company": true}}), "RULE_MATCH"),
        (json!({"key": "U"}), "RULE_MATCH"),
    ] {
        assert_eq!(
            decide(&client, "f", user.clone())["reason"],
            reason,
            "{user}"
        );
    }
}

#[test]
fn the_first_rule_that_matches_answers_and_is_named() {
    let flag = switch(json!({
        "rules": [
            {"id": "never", "if": {"any": []}, "serve": "on"},
            {"if": {"attribute": "a", "equals": 1}, "serve": "on"},
            {"id": "all", "if": {"all": []}, "serve": "on"},
        ],
    }));
    let client = plain(with_flag("f", flag));
    let decision = decide(&client, "f", json!({"key": "u", "attributes": {"a": 1.0}}));
    assert_eq!(decision["reason"], "RULE_MATCH");
    assert_eq!(decision["rule_id"], "rules[1]");
    assert_eq!(decide(&client, "f", json!({"key": "u"}))["rule_id"], "all");
}

#[test]
fn the_default_is_named_only_where_it_has_an_id() {
    for (default, id) in [
        (json!("on"), json!(null)),
        (json!({"serve": "on"}), json!(null)),
        (json!({"id": "rest", "serve": "on"}), json!("rest")),
    ] {
        let client = plain(with_flag("f", switch(json!({"default": default}))));
        let decision = decide(&client, "f", json!({}));
        assert_eq!(decision["reason"], "FALLTHROUGH");
        assert_eq!(decision["value"], true);
        assert_eq!(decision["rule_id"], id);
    }
}

#[test]
fn a_flag_that_is_no_switch_is_enabled_beyond_its_off_variation() {
    let flag = |default: &str| json!({"on": true, "variations": {"a": "x", "b": null, "c": [1]}, "off": "a", "default": default});
    for (default, value, enabled) in [
        ("a", json!("x"), false),
        ("b", json!(null), true),
        ("c", json!([1]), true),
    ] {
        let decision = decide(&plain(with_flag("f", flag(default))), "f", json!({}));
        assert_eq!(decision["value"], value);
        assert_eq!(decision["enabled"], enabled);
        assert_eq!(decision["error"], json!(null));
    }
}

#[test]
fn a_prerequisite_asks_for_a_variation_whatever_its_reason() {
    let document = |payments: Value| {
        json!({"format": 1, "flags": {
            "checkout": switch(json!({"prerequisites": [{"flag": "payments", "variations": ["on"]}],
                                      "default": "on"})),
            "payments": payments,
        }})
    };
    for (payments, reason) in [
        (switch(json!({"default": "on"})), "FALLTHROUGH"),
        (switch(json!({})), "PREREQUISITE_FAILED"),
        (switch(json!({"on": false, "off": "on"})), "FALLTHROUGH"),
    ] {
        let client = plain(document(payments));
        let decision = decide(&client, "checkout", json!({"key": "u"}));
        assert_eq!(decision["reason"], reason);
        assert_eq!(decision["value"], reason == "FALLTHROUGH");
    }
}

#[test]
fn a_chain_of_prerequisites_is_followed_to_its_end() {
    let mut flags = json!({"f0": switch(json!({"rules": [
        {"if": {"attribute": "a", "equals": 1}, "serve": "on"}]}))});
    for n in 1..16 {
        let before = format!("f{}", n - 1);
        flags[format!("f{n}")] = switch(json!({"default": "on",
            "prerequisites": [{"flag": before, "variations": ["on"]}]}));
    }
    let client = plain(json!({"format": 1, "flags": flags}));
    assert_eq!(client.status()["problems"], json!([]));
    let user = |a: i32| json!({"key": "u", "attributes": {"a": a}});
    assert_eq!(decide(&client, "f15", user(1))["value"], true);
    assert_eq!(
        decide(&client, "f15", user(2))["reason"],
        "PREREQUISITE_FAILED"
    );
}

#[test]
fn segments_list_before_they_test() {
    let document = json!({"format": 1,
    "flags": {"f": switch(json!({"rules": [{"if": {"segment": ["none", "staff"]}, "serve": "on"}]}))},
    "segments": {
        "none": {},
        "staff": {"include": ["in", "both"], "exclude": ["out", "both"],
                  "if": {"segment": "office"}},
        "office": {"by": "company", "include": ["7"], "if": {"attribute": "office", "equals": true}},
    }});
    let client = plain(document);
    for (user, inside) in [
        (json!({"key": "in"}), true),
        (json!({"key": "both"}), false),
        (json!({"key": "out", "attributes": {"office": true}}), false),
        (json!({"key": "u", "attributes": {"office": true}}), true),
        (json!({"attributes": {"office": true}}), true),
        (json!({"key": "u", "ids": {"company": "7"}}), true),
        (json!({"key": "u"}), false),
    ] {
        assert_eq!(
            decide(&client, "f", user.clone())["value"],
            inside,
            "{user}"
        );
    }
}

#[test]
fn the_highest_condition_and_the_longest_chain_fit_on_a_small_stack() {
    let mut condition = json!({"attribute": "a", "equals": 1});
    // The flag, its list of rules, the rule: three levels of JSON before the condition.
    for _ in 0..60 {
        condition = json!({"not": condition});
    }
    let mut flags = json!({"f0": switch(json!({"rules": [{"if": condition, "serve": "on"}]}))});
    for n in 1..16 {
        let before = format!("f{}", n - 1);
        flags[format!("f{n}")] = switch(json!({"default": "on",
            "prerequisites": [{"flag": before, "variations": ["on"]}]}));
    }
    let client = plain(json!({"format": 1, "flags": flags}));
    assert_eq!(client.status()["problems"], json!([]));
    let small = std::thread::Builder::new().stack_size(256 * 1024);
    let decided = small.spawn(move || {
        let user = json!({"key": "u", "attributes": {"a": 1}});
        let decision = decide(&client, "f15", user.clone());
        let explained = explain(&client, "f15", user);
        assert_eq!(explained["decision"], decision);
        decision["value"].clone()
    });
    assert_eq!(decided.unwrap().join().unwrap(), json!(true));
}
