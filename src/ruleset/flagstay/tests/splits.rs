//! Splits, groups and holdouts. The buckets are those of the table in the reference page.

use super::*;

fn halves(more: Value) -> Value {
    let mut split = json!({"weights": [{"variation": "on", "percent": 50},
                                       {"variation": "off", "percent": 50}]});
    for (name, value) in more.as_object().unwrap() {
        split[name] = value.clone();
    }
    split
}

fn default_split(split: Value) -> Value {
    switch(json!({"default": {"split": split}, "off": "off"}))
}

/// How many of 10,000 users get `on`.
fn share(client: &Client, flag: &str) -> usize {
    (0..10_000)
        .filter(|n| {
            decide(client, flag, json!({"key": format!("user-{n}")}))["value"] == json!(true)
        })
        .count()
}

#[test]
fn buckets_are_those_of_the_reference_page() {
    for (key, percent_below) in [("user-1", 6.7868), ("user-2", 14.992), ("café", 18.6741)] {
        for (percent, value) in [(percent_below, false), (percent_below + 0.0001, true)] {
            let percent = (percent * 10_000.0_f64).round() / 10_000.0;
            let rest = ((100.0 - percent) * 10_000.0).round() / 10_000.0;
            let weights = json!([{"variation": "on", "percent": percent}, {"variation": "off", "percent": rest}]);
            let client = plain(with_flag(
                "new-checkout",
                default_split(json!({"weights": weights})),
            ));
            assert_eq!(
                decide(&client, "new-checkout", json!({"key": key}))["value"],
                value,
                "{key} {percent}"
            );
        }
    }
}

#[test]
fn the_weights_share_users_out_as_they_say() {
    let client = plain(with_flag(
        "f",
        default_split(halves(json!({"traffic": 40}))),
    ));
    let share = share(&client, "f");
    assert!((1_850..2_150).contains(&share), "{share}");
}

#[test]
fn a_user_outside_the_traffic_gets_off_and_is_told_why() {
    let client = plain(with_flag("f", default_split(halves(json!({"traffic": 0})))));
    let decision = decide(&client, "f", json!({"key": "u"}));
    assert_eq!(decision["reason"], "FALLTHROUGH");
    assert_eq!(decision["variation"], "off");
    assert_eq!(decision["error"], json!(null));
    assert!(decision["message"].as_str().unwrap().contains("traffic"));
}

#[test]
fn traffic_and_weights_are_independent() {
    let flag = json!({"on": true, "variations": {"a": 1, "b": 2, "none": 0}, "off": "none",
        "default": {"split": {"traffic": 50, "weights": [{"variation": "a", "percent": 50},
                                                         {"variation": "b", "percent": 50}]}}});
    let client = plain(with_flag("f", flag));
    let mut counts = [0; 3];
    for n in 0..10_000 {
        let decision = decide(&client, "f", json!({"key": format!("user-{n}")}));
        counts[decision["value"].as_u64().unwrap() as usize] += 1;
    }
    assert!((4_800..5_200).contains(&counts[0]), "{counts:?}");
    assert!((2_350..2_650).contains(&counts[1]), "{counts:?}");
}

#[test]
fn a_rule_whose_split_takes_nobody_passes_on() {
    let flag = switch(json!({
        "rules": [{"id": "few", "if": {"all": []}, "split": halves(json!({"traffic": 0}))},
                  {"id": "company", "if": {"all": []}, "split": halves(json!({"by": "company"}))},
                  {"id": "rest", "if": {"all": []}, "serve": "on"}],
    }));
    let client = plain(with_flag("f", flag));
    assert_eq!(decide(&client, "f", json!({"key": "u"}))["rule_id"], "rest");
    let decision = decide(&client, "f", json!({"ids": {"company": 7}}));
    assert_eq!(decision["rule_id"], "company");
    assert_eq!(decision["reason"], "RULE_MATCH");
}

#[test]
fn a_user_without_the_id_is_not_taken() {
    let client = plain(with_flag("f", default_split(halves(json!({})))));
    for user in [
        json!({}),
        json!({"key": ""}),
        json!({"key": 5}),
        json!({"ids": {"key": "u"}}),
    ] {
        let decision = decide(&client, "f", user);
        assert_eq!(decision["variation"], "off");
        assert_eq!(decision["error"], json!(null));
        assert!(decision["message"].as_str().unwrap().contains("id"));
    }
}

#[test]
fn the_same_salt_draws_the_same_and_another_does_not() {
    let flags = json!({"format": 1, "flags": {
        "a": default_split(halves(json!({"salt": "s"}))),
        "b": default_split(halves(json!({"salt": "s"}))),
        "c": default_split(halves(json!({}))),
    }});
    let client = plain(flags);
    let drawn = |flag: &str| -> Vec<Value> {
        (0..200)
            .map(|n| decide(&client, flag, json!({"key": format!("user-{n}")}))["value"].clone())
            .collect()
    };
    assert_eq!(drawn("a"), drawn("b"));
    assert_ne!(drawn("a"), drawn("c"));
}

#[test]
fn slots_of_a_group_exclude_one_another() {
    let in_slot = |slot: &str| {
        let weights = json!([{"variation": "on", "percent": 100}]);
        default_split(json!({"weights": weights, "group": {"name": "team", "slot": slot}}))
    };
    let document = json!({"format": 1,
        "flags": {"a": in_slot("first"), "b": in_slot("second")},
        "groups": {"team": {"slots": [{"id": "first", "percent": 30}, {"id": "second", "percent": 50}]}}});
    let client = plain(document);
    let mut counts = [0; 3];
    for n in 0..10_000 {
        let user = json!({"key": format!("user-{n}")});
        let values =
            ["a", "b"].map(|flag| decide(&client, flag, user.clone())["value"] == json!(true));
        match values {
            [true, true] => panic!("user-{n} is in two slots"),
            [true, false] => counts[0] += 1,
            [false, true] => counts[1] += 1,
            [false, false] => counts[2] += 1,
        }
    }
    assert!((2_850..3_150).contains(&counts[0]), "{counts:?}");
    assert!((4_800..5_200).contains(&counts[1]), "{counts:?}");
}

#[test]
fn the_held_out_are_taken_by_no_split_that_the_holdout_covers() {
    let weights = json!([{"variation": "on", "percent": 100}]);
    let flag = default_split(json!({"weights": weights}));
    let document = |flags: Value| {
        let mut holdout = json!({"percent": 10});
        if !flags.is_null() {
            holdout["flags"] = flags;
        }
        json!({"format": 1, "flags": {"a": flag.clone(), "b": flag.clone()}, "holdouts": {"all-year": holdout}})
    };
    let client = plain(document(json!(null)));
    let (a, b) = (share(&client, "a"), share(&client, "b"));
    assert_eq!(a, b);
    assert!((8_850..9_150).contains(&a), "{a}");
    let client = plain(document(json!(["b"])));
    assert_eq!(share(&client, "a"), 10_000);
    assert_eq!(share(&client, "b"), b);
    // A rule that serves is no split.
    let serves = with_flag("f", switch(json!({"default": "on"})));
    let mut held = serves.clone();
    held["holdouts"] = json!({"all": {"percent": 100}});
    assert_eq!(
        decide(&plain(held), "f", json!({"key": "u"}))["value"],
        true
    );
}

#[test]
fn groups_and_holdouts_hash_as_the_reference_page_says() {
    let weights = json!([{"variation": "on", "percent": 100}]);
    let flag =
        default_split(json!({"weights": weights, "group": {"name": "checkout-team", "slot": "s"}}));
    let document = json!({"format": 1, "flags": {"f": flag},
        "groups": {"checkout-team": {"slots": [{"id": "r", "percent": 33.3394}, {"id": "s", "percent": 0.0001}]}},
        "holdouts": {"everyone": {"percent": 42.2599}}});
    let explained = explain(&plain(document), "f", json!({"key": "user-1"}));
    let steps = &explained["steps"][0]["steps"][0]["steps"];
    assert_eq!(steps[0]["bucket"], 422_599);
    assert_eq!(steps[0]["held"], false);
    assert_eq!(steps[1]["bucket"], 333_394);
    assert_eq!(steps[1]["in"], true);
    assert_eq!(explained["decision"]["value"], true);
}

#[test]
fn users_without_the_id_of_a_group_or_holdout_are_outside_of_both() {
    let weights = json!([{"variation": "on", "percent": 100}]);
    let document = json!({"format": 1,
        "flags": {"grouped": default_split(json!({"weights": weights, "group": {"name": "g", "slot": "s"}})),
                  "held": default_split(json!({"weights": weights}))},
        "groups": {"g": {"by": "company", "slots": [{"id": "s", "percent": 100}]}},
        "holdouts": {"h": {"by": "company", "percent": 100, "flags": ["held"]}}});
    let client = plain(document);
    assert_eq!(
        decide(&client, "grouped", json!({"key": "u"}))["value"],
        false
    );
    assert_eq!(decide(&client, "held", json!({"key": "u"}))["value"], true);
    let member = json!({"key": "u", "ids": {"company": "c"}});
    assert_eq!(decide(&client, "grouped", member.clone())["value"], true);
    assert_eq!(decide(&client, "held", member)["value"], false);
}
