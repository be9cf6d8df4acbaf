//! Decisions by known answers.

use super::*;
use crate::decision::{ErrorCode, Reason};

/// The example of the platform's documents (section 1.8).
fn example() -> Value {
    json!({
      "has_updates": true, "time": 1_700_000_000_123_u64, "company_id": "co-1", "checksum": "c-77", "response_format": "dcs-v2",
      "app_id": "shop", "default_environment": "production",
      "id_lists": {"vip_list": true},
      "experiment_to_layer": {"price_test": "checkout_layer"},
      "condition_map": {
        "100": {"type": "public", "targetValue": null, "operator": null, "field": null, "additionalValues": {}, "idType": "userID"},
        "101": {"type": "user_field", "targetValue": ["@acme.io"], "operator": "str_ends_with_any", "field": "email", "additionalValues": {}, "idType": "userID"},
        "102": {"type": "pass_gate", "targetValue": "global_holdout", "operator": null, "field": null, "additionalValues": {}, "idType": "userID"},
        "103": {"type": "fail_gate", "targetValue": "segment:paying", "operator": null, "field": null, "additionalValues": {}, "idType": "userID"},
        "104": {"type": "user_bucket", "targetValue": 500, "operator": "lt", "field": null, "additionalValues": {"salt": "alloc-9"}, "idType": "companyID"},
        "105": {"type": "user_bucket", "targetValue": 1000, "operator": "lt", "field": null, "additionalValues": {"salt": "alloc-9"}, "idType": "companyID"},
        "106": {"type": "user_field", "targetValue": ["pro", "team"], "operator": "any", "field": "plan", "additionalValues": {}, "idType": "userID"}
      },
      "feature_gates": {
        "new_nav": {"type": "feature_gate", "salt": "salt-nav", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "feature_gate", "version": 4,
          "rules": [
            {"name": "Staff", "id": "r-staff", "salt": "s-staff", "groupName": "Staff", "passPercentage": 100, "conditions": ["101"], "returnValue": true, "idType": "userID"},
            {"name": "Rollout", "id": "r-roll", "salt": "s-roll", "groupName": "Rollout", "passPercentage": 25, "conditions": ["100"], "returnValue": true, "idType": "userID", "samplingRate": 201}
          ]},
        "global_holdout": {"type": "feature_gate", "salt": "salt-hold", "enabled": true, "defaultValue": false, "idType": "companyID", "entity": "holdout",
          "rules": [{"name": "hold", "id": "r-hold", "salt": "s-hold", "passPercentage": 5, "conditions": ["100"], "returnValue": true, "idType": "companyID"}]},
        "segment:paying": {"type": "feature_gate", "salt": "salt-seg", "enabled": true, "defaultValue": false, "idType": "userID", "entity": "segment",
          "rules": [{"name": "p", "id": "r-p", "salt": "", "passPercentage": 100, "conditions": ["106"], "returnValue": true, "idType": "userID"}]}
      },
      "dynamic_configs": {
        "limits": {"type": "dynamic_config", "salt": "salt-lim", "enabled": true, "defaultValue": {"max": 10}, "idType": "userID", "entity": "dynamic_config",
          "rules": [{"name": "Paid", "id": "r-paid", "salt": "s-paid", "passPercentage": 100, "conditions": ["106"], "returnValue": {"max": 500}, "idType": "userID"}]},
        "price_test": {"type": "dynamic_config", "salt": "salt-price", "enabled": true, "isActive": true, "hasSharedParams": true, "explicitParameters": ["price"], "version": 12,
          "defaultValue": {"price": 9, "badge": "none"}, "idType": "companyID", "entity": "experiment",
          "rules": [
            {"name": "holdout", "id": "r-inhold", "salt": "", "passPercentage": 100, "conditions": ["102"], "returnValue": {"price": 9, "badge": "none"}, "idType": "companyID"},
            {"name": "targeting", "id": "inlineTargetingRules", "salt": "", "passPercentage": 100, "conditions": ["103"], "returnValue": {"price": 9, "badge": "none"}, "idType": "companyID"},
            {"name": "control", "id": "r-ctl", "salt": "r-ctl", "groupName": "Control", "isExperimentGroup": true, "passPercentage": 100, "conditions": ["104"], "returnValue": {"price": 9, "badge": "none"}, "idType": "companyID"},
            {"name": "test", "id": "r-tst", "salt": "r-tst", "groupName": "Test", "isExperimentGroup": true, "passPercentage": 100, "conditions": ["105"], "returnValue": {"price": 7, "badge": "sale"}, "idType": "companyID"}
          ]}
      },
      "layer_configs": {
        "checkout_layer": {"type": "dynamic_config", "salt": "salt-lay", "enabled": true, "defaultValue": {"price": 9, "badge": "none", "steps": 3}, "idType": "companyID", "entity": "layer",
          "rules": [{"name": "alloc", "id": "r-alloc", "salt": "s-alloc", "passPercentage": 100, "conditions": ["100"], "returnValue": {"price": 9, "badge": "none", "steps": 3}, "configDelegate": "price_test", "idType": "companyID"}]}
      }
    })
}

fn somebody(key: &str, email: &str, plan: &str, company: &str) -> User {
    user(
        json!({"key": key, "ids": {"companyID": company}, "attributes": {"email": email, "plan": plan}}),
    )
}

#[test]
fn the_example_answers_what_the_platform_answers() {
    let ruleset = load(&example(), json!({}));
    let low = json!({"price": 9, "badge": "none"});
    let sale = json!({"price": 7, "badge": "sale"});
    for (user, nav, limit, price, rule, group) in [
        (
            somebody("ann", "ann@acme.io", "pro", "c-1"),
            (true, "r-staff"),
            500,
            &sale,
            "r-tst",
            Some("Test"),
        ),
        (
            somebody("bob", "b@x.y", "free", "c-1"),
            (false, "r-roll"),
            10,
            &low,
            "inlineTargetingRules",
            None,
        ),
        (
            somebody("cid", "", "team", "c-2"),
            (false, "r-roll"),
            500,
            &sale,
            "r-tst",
            Some("Test"),
        ),
        (
            somebody("dan", "", "PRO", "c-3"),
            (true, "r-roll"),
            500,
            &low,
            "r-ctl",
            Some("Control"),
        ),
        (
            somebody("eve", "", "pro", "c-4"),
            (true, "r-roll"),
            500,
            &sale,
            "r-tst",
            Some("Test"),
        ),
    ] {
        let gate = decide(&*ruleset, Kind::Gate, "new_nav", &user);
        assert_eq!((gate.enabled, rule_id(&gate)), nav);
        assert_eq!(gate.value.value(), Some(&json!(nav.0)));
        let limits = decide(&*ruleset, Kind::Config, "limits", &user);
        assert_eq!(limits.value.value(), Some(&json!({"max": limit})));
        for (kind, flag) in [
            (Kind::Experiment, "price_test"),
            (Kind::Layer, "checkout_layer"),
        ] {
            let decision = decide(&*ruleset, kind, flag, &user);
            assert_eq!(decision.value.value(), Some(price), "{flag}");
            assert_eq!(rule_id(&decision), rule, "{flag}");
            assert_eq!(decision.variation.as_deref(), group, "{flag}");
            assert_eq!(decision.kind, Some(kind));
        }
    }
}

#[test]
fn details_are_there_for_who_asks_for_them() {
    let ruleset = load(&example(), json!({}));
    let ann = somebody("ann", "ann@acme.io", "pro", "c-1");
    let request = Request {
        details: true,
        ..ask(Kind::Layer, "checkout_layer", &ann)
    };
    let details = World::default().decide(&*ruleset, &request).0.details;
    assert_eq!(
        details.map(|details| *details),
        Some(json!({
            "group": "Test", "rule_id": "r-tst", "id_type": "companyID", "version": 12,
            "allocated_experiment": "price_test", "explicit_parameters": ["price"],
            "secondary_exposures": [{"gate": "global_holdout", "gateValue": "false", "ruleID": "r-hold"}],
            "undelegated_secondary_exposures": [],
            "is_experiment_active": true, "is_user_in_experiment": true, "override_config_name": null,
            "reason": "Bootstrap:Recognized", "lcut": 1_700_000_000_123_u64,
        }))
    );
    assert!(
        decide(&*ruleset, Kind::Layer, "checkout_layer", &ann)
            .details
            .is_none()
    );
}

#[test]
fn buckets_are_compared_with_the_percentage_as_doubles() {
    // Hundredfold percentages are not rounded: 0.07 lets bucket 7 pass, and 0.29 does not let bucket 29.
    let passes = |spec_salt: &str, rule_salt: &str, unit: &str, percentage: f64| {
        let mut only = rule("r", &[], json!(true));
        merge(
            &mut only,
            json!({"salt": rule_salt, "passPercentage": percentage}),
        );
        let mut document = Document::default().gate("g", json!([only])).json();
        document["feature_gates"]["g"]["salt"] = json!(spec_salt);
        decide(
            &*load(&document, json!({})),
            Kind::Gate,
            "g",
            &user(json!({"key": unit})),
        )
        .enabled
    };
    for (percentage, last) in [(0.07, 7), (0.29, 28), (0.57, 56)] {
        for (unit, bucket) in [
            ("n27861", 6),
            ("n14039", 7),
            ("n1012", 28),
            ("n21211", 29),
            ("n1509", 56),
            ("n12454", 57),
        ] {
            assert_eq!(
                passes("z", "y", unit, percentage),
                bucket <= last,
                "{percentage} {bucket}"
            );
        }
    }
    for (salts, unit, bucket) in [
        (("salt-nav", "s-roll"), "u-1", 6725),
        (("salt-nav", "s-roll"), "ünïcode-ユーザー", 3097),
        (("", ""), "x", 2695),
        (("k1", "k2"), " spaced ", 886),
    ] {
        let percent = |bucket: u32| f64::from(bucket) / 100.0;
        assert!(!passes(salts.0, salts.1, unit, percent(bucket)), "{unit}");
        assert!(
            passes(salts.0, salts.1, unit, percent(bucket + 1)),
            "{unit}"
        );
    }
    assert!(passes("a", "b", "u", 100.5) && !passes("a", "b", "u", -1.0));
}

#[test]
fn ids_that_are_numbers_are_texts_of_their_doubles() {
    // `S.R.1` is in bucket 2483, `S.R.1.5` in 5578, `S.R.9007199254740992` in 1256.
    let mut only = rule("R", &[], json!(true));
    for (key, bucket) in [
        (json!("1"), 2483),
        (json!(1), 2483),
        (json!(1.0), 2483),
        (json!(1.5), 5578),
        (json!(9_007_199_254_740_993_u64), 1256),
        (json!("9007199254740993"), 3116),
    ] {
        for (above, passes) in [(0, false), (1, true)] {
            only["passPercentage"] = json!(f64::from(bucket + above) / 100.0);
            let ruleset = Document::default().gate("g", json!([only])).load();
            let decision = decide(&*ruleset, Kind::Gate, "g", &user(json!({"key": key})));
            assert_eq!(decision.enabled, passes, "{key} {bucket}");
        }
    }
}

#[test]
fn who_is_not_there_gets_what_the_platform_answers_unless_there_is_a_default() {
    let ruleset = Document::default().load();
    let nobody = user(json!({"key": "u"}));
    for (kind, value) in [
        (Kind::Gate, json!(false)),
        (Kind::Config, json!({})),
        (Kind::Experiment, json!({})),
        (Kind::Layer, json!({})),
    ] {
        let decision = decide(&*ruleset, kind, "nowhere", &nobody);
        assert_eq!(decision.error, Some(ErrorCode::FlagNotFound));
        assert_eq!((decision.found, rule_id(&decision)), (false, ""));
        assert_eq!(decision.value.value(), Some(&value));
        let request = Request {
            default: Some("7"),
            ..ask(kind, "nowhere", &nobody)
        };
        let decision = World::default().decide(&*ruleset, &request).0;
        assert_eq!(decision.value.value(), None, "the caller's default stands");
    }
    let nobody = User::absent();
    let decision = decide(&*ruleset, Kind::Gate, "nowhere", &nobody);
    assert_eq!(decision.error, Some(ErrorCode::TargetingKeyMissing));
}

#[test]
fn without_a_kind_gates_go_before_configs_and_configs_before_layers() {
    let named = |name: &str| json!([rule(name, &[], json!({"by": name}))]);
    let document = Document::default()
        .gate("a", named("gate"))
        .config("a", spec("dynamic_config", json!({}), named("config")))
        .config("b", experiment(json!({})))
        .layer("b", spec("layer", json!({}), named("layer")))
        .layer("c", spec("layer", json!({}), named("layer")));
    let ruleset = document.load();
    let u = user(json!({"key": "u"}));
    for (flag, kind) in [
        ("a", Kind::Gate),
        ("b", Kind::Experiment),
        ("c", Kind::Layer),
    ] {
        let decision = World::default()
            .decide(&*ruleset, &Request::new(flag, &u))
            .0;
        assert_eq!(decision.kind, Some(kind), "{flag}");
    }
    assert_eq!(ruleset.flags().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn reasons_follow_the_rule_that_answered() {
    let mut off = spec("dynamic_config", json!({}), json!([]));
    off["enabled"] = json!(false);
    let document = Document::default()
        .config("on", spec("dynamic_config", json!({}), json!([])))
        .config("off", off)
        .config(
            "ruled",
            spec(
                "dynamic_config",
                json!({}),
                json!([rule("r", &[], json!({}))]),
            ),
        );
    let ruleset = document.load();
    let u = user(json!({"key": "u"}));
    for (flag, reason) in [
        ("on", Reason::Fallthrough),
        ("off", Reason::Off),
        ("ruled", Reason::RuleMatch),
    ] {
        assert_eq!(
            decide(&*ruleset, Kind::Config, flag, &u).reason,
            reason,
            "{flag}"
        );
    }
}

#[test]
fn a_country_comes_from_the_host() {
    struct Table;
    impl crate::host::Countries for Table {
        fn country(&self, ip: &str) -> Option<String> {
            (ip == "2001:db8::1").then(|| "NZ".to_owned())
        }
    }
    let document = Document::default().gate("g", json!([rule("r", &["nz"], json!(true))])).condition(
        "nz",
        json!({"type": "ip_based", "field": "country", "operator": "any", "targetValue": ["NZ"]}),
    );
    let ruleset = document.load();
    let there = user(json!({"key": "u", "attributes": {"ip": "2001:db8::1"}}));
    let request = Request {
        details: true,
        ..ask(Kind::Gate, "g", &there)
    };
    let mut world = World::default();
    let without = world.decide(&*ruleset, &request).0;
    assert!(!without.enabled);
    let reason = |decision: &Decision<'_>| {
        decision
            .details
            .as_ref()
            .map(|details| details["reason"].clone())
    };
    assert_eq!(
        reason(&without),
        Some(json!("CountryLookupNotLoaded:Recognized"))
    );
    world.host.countries = Some(Arc::new(Table));
    let with = world.decide(&*ruleset, &request).0;
    assert!(with.enabled);
    assert_eq!(reason(&with), Some(json!("Bootstrap:Recognized")));
}

#[test]
fn the_first_document_says_the_default_environment() {
    let document = |tier: &str| {
        let on = json!({"type": "environment_field", "field": "TIER", "operator": "any", "targetValue": ["dev"]});
        let document = Document::default()
            .gate("g", json!([rule("r", &["dev"], json!(true))]))
            .condition("dev", on);
        document
            .with("default_environment", json!(tier))
            .json()
            .to_string()
    };
    let u = user(json!({"key": "u"}));
    let read = |reader: &dyn Reader, text: &str, current: Option<&Arc<dyn Ruleset>>| match reader
        .read(text, current)
    {
        Ok(Loaded::Ruleset(ruleset)) => ruleset,
        _ => panic!("it is a ruleset"),
    };
    let plain = reader(json!({}));
    let first = read(&*plain, &document("dev"), None);
    assert!(decide(&*first, Kind::Gate, "g", &u).enabled);
    let second = read(&*plain, &document("production"), Some(&first));
    assert!(decide(&*second, Kind::Gate, "g", &u).enabled);
    let own = reader(json!({"environment": "production"}));
    assert!(!decide(&*read(&*own, &document("dev"), None), Kind::Gate, "g", &u).enabled);
}

#[test]
fn buckets_of_another_salt_or_id_type_are_others() {
    let bucket = |salt: &str, id_type: &str, target: u32| {
        json!({"type": "user_bucket", "operator": "eq", "targetValue": target, "idType": id_type,
               "additionalValues": {"salt": salt}})
    };
    // The known answers of section 8.
    let document = Document::default()
        .condition("company", bucket("alloc-9", "companyID", 998))
        .condition("user", bucket("alloc-9", "userID", 856))
        .condition("other salt", bucket("salt", "userID", 856))
        .gate(
            "g",
            json!([
                rule("both", &["company", "user", "company", "user"], json!(true)),
                rule("other", &["other salt"], json!(true)),
            ]),
        )
        .gate(
            "h",
            json!([rule("r", &["user", "other salt"], json!(true))]),
        );
    let ruleset = document.load();
    let u = user(json!({"key": "c-2", "ids": {"companyID": "c-1"}}));
    assert_eq!(rule_id(&decide(&*ruleset, Kind::Gate, "g", &u)), "both");
    assert_eq!(rule_id(&decide(&*ruleset, Kind::Gate, "h", &u)), "default");
}
