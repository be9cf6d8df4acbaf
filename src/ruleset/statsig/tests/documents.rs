//! Documents and options that are not in order.

use super::*;
use crate::error::ErrorKind;

fn refusal(document: &str) -> crate::error::Error {
    match reader(json!({})).read(document, None) {
        Err(error) => error,
        Ok(_) => panic!("it is taken"),
    }
}

#[test]
fn a_member_of_the_wrong_type_refuses_the_document_and_is_named() {
    for (name, value) in [
        ("time", json!(1.5)),
        ("time", json!("5")),
        ("has_updates", json!("true")),
        ("feature_gates", json!(null)),
        ("experiment_to_layer", json!({"a": 5})),
        ("default_environment", json!(5)),
        ("sdk_flags", json!({"a": "x"})),
        ("overrides", json!({"a": 5})),
        ("overrides", json!({"a": [{"rules": []}]})),
        ("override_rules", json!({"a": {"id": "x"}})),
        ("condition_map", json!({"a": {"type": "public"}})),
        ("condition_map", json!({"a": ["public", "userID"]})),
        (
            "condition_map",
            json!({"a": {"type": "public", "idType": "userID", "additionalValues": {"salt": 5}}}),
        ),
        (
            "param_stores",
            json!({"a": {"parameters": {"p": {"ref_type": "gate", "param_type": "string"}}}}),
        ),
        ("cmab_configs", json!({"a": {}})),
    ] {
        let mut document = Document::default().json();
        document[name] = value.clone();
        let error = refusal(&document.to_string());
        assert_eq!(error.kind, ErrorKind::InvalidRuleset, "{name}: {value}");
        assert!(
            error.message.starts_with(name),
            "{name}: {value}: {}",
            error.message
        );
    }
    let mut document = Document::default().json();
    document
        .as_object_mut()
        .expect("an object")
        .remove("condition_map");
    assert!(
        refusal(&document.to_string())
            .message
            .contains("condition_map")
    );
    assert_eq!(refusal("[]").kind, ErrorKind::InvalidRuleset);
    assert_eq!(refusal("{").kind, ErrorKind::InvalidJson);
}

#[test]
fn parameter_stores_and_bandits_in_order_are_taken() {
    let document = Document::default()
        .with("param_stores", json!({"s": {"parameters": {
            "a": {"ref_type": "static", "param_type": "string", "value": null},
            "b": {"ref_type": "gate", "param_type": "string", "gate_name": "g", "pass_value": 1, "fail_value": 2},
            "c": {"ref_type": "dynamic_config", "param_type": "string", "config_name": "c", "param_name": "p"},
            "d": {"ref_type": "layer", "param_type": "string", "layer_name": "l", "param_name": "p"},
        }}}))
        .with("cmab_configs", json!({"bandit": {
            "salt": "s", "defaultValue": {}, "idType": "userID", "enabled": true, "version": 1, "sampleRate": 0.1,
            "higherIsBetter": true, "groups": [{"name": "n", "parameterValues": {}, "id": "i"}],
        }}))
        .config("bandit", experiment(json!({})));
    let ruleset = document.load();
    assert_eq!(ruleset.problems().len(), 1);
    let u = user(json!({"key": "u"}));
    assert!(!decide(&*ruleset, Kind::Experiment, "bandit", &u).found);
    assert!(decide(&*ruleset, Kind::Config, "bandit", &u).found);
}

#[test]
fn a_bandit_without_a_version_or_with_a_fraction_of_a_record_refuses_the_document() {
    let weights = json!({"alpha": 1, "intercept": 0.5, "records": 5, "weightsNumerical": {}, "weightsCategorical": {}});
    let bandit = json!({"salt": "s", "defaultValue": {}, "idType": "userID", "enabled": true, "version": 1,
                        "sampleRate": 0.1, "higherIsBetter": true, "groups": [], "config": {"a": weights}});
    for (path, value, taken) in [
        ("/version", json!(1), true),
        ("/version", json!(null), false),
        ("/config/a/records", json!(u64::MAX), true),
        ("/config/a/records", json!(5.0), false),
        ("/config/a/records", json!(-1), false),
        ("/config/a/alpha", json!(-1), true),
    ] {
        let mut bandit = bandit.clone();
        *bandit.pointer_mut(path).expect("a member") = value;
        let document = Document::default().with("cmab_configs", json!({"b": bandit}));
        let read = reader(json!({})).read(&document.json().to_string(), None);
        assert_eq!(read.is_ok(), taken, "{bandit}");
    }
}

#[test]
fn a_spec_that_cannot_be_read_is_left_out_and_reported() {
    let mut broken = experiment(json!({}));
    broken["rules"][0]["passPercentage"] = json!("100");
    let document = Document::default()
        .config("broken", broken)
        .config("whole", experiment(json!({"v": 1})));
    let ruleset = document.load();
    let u = user(json!({"key": "u"}));
    assert!(!decide(&*ruleset, Kind::Experiment, "broken", &u).found);
    assert!(decide(&*ruleset, Kind::Experiment, "whole", &u).found);
    let [problem] = ruleset.problems() else {
        panic!("one problem: {:?}", ruleset.problems());
    };
    assert_eq!(problem.flag.as_deref(), Some("broken"));
    assert_eq!(
        problem.path,
        "dynamic_configs.broken.rules[0].passPercentage"
    );
}

#[test]
fn what_does_not_work_is_reported_with_its_place() {
    let mut astray = rule("r", &["gone"], json!(true));
    astray["configDelegate"] = json!("nowhere");
    let document = Document::default()
        .gate("g", json!([astray]))
        .condition("a", json!({"type": "user_field", "field": "f", "operator": "str_matches", "targetValue": "("}))
        .condition("b", json!({"type": "user_field", "field": "f", "operator": "like"}))
        .condition("c", json!({"type": "multi_pass_gate"}))
        .condition("d", json!({"type": "pass_gate", "targetValue": "nowhere"}))
        .condition("e", json!({"type": "unit_id", "operator": "in_segment_list", "targetValue": "list"}));
    let ruleset = document.load();
    let paths: Vec<_> = ruleset
        .problems()
        .iter()
        .map(|problem| problem.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "condition_map.a.targetValue",
            "condition_map.b.operator",
            "condition_map.c.type",
            "condition_map.d.targetValue",
            "condition_map.e.targetValue",
            "feature_gates.g.rules[0].conditions[0]",
            "feature_gates.g.rules[0].configDelegate",
        ]
    );
}

#[test]
fn a_document_of_version_1_is_refused_with_what_to_do_instead() {
    let error = refusal(
        r#"{"has_updates": true, "time": 1, "feature_gates": [], "dynamic_configs": [], "layer_configs": [], "layers": {}}"#,
    );
    assert!(
        error.message.contains("/v2/download_config_specs"),
        "{}",
        error.message
    );
}

#[test]
fn bytes_behind_the_document_mean_nothing_and_of_two_specs_the_last_counts() {
    let text = Document::default().gate("g", json!([])).json().to_string();
    let twice = text.replace(
        r#""feature_gates":{"#,
        r#""feature_gates":{"g":{"not":"a spec"},"#,
    );
    for text in [format!("{text} xx"), twice] {
        let Ok(Loaded::Ruleset(ruleset)) = reader(json!({})).read(&text, None) else {
            panic!("it is read");
        };
        assert!(decide(&*ruleset, Kind::Gate, "g", &user(json!({"key": "u"}))).found);
    }
}

#[test]
fn a_server_with_nothing_new_changes_nothing() {
    let reader = reader(json!({}));
    let current = Document::default().gate("g", json!([])).load();
    let mut full = Document::default().json();
    full["has_updates"] = json!(false);
    for text in [r#"{"has_updates": false}"#.to_owned(), full.to_string()] {
        assert!(matches!(
            reader.read(&text, Some(&current)),
            Ok(Loaded::Unchanged(_))
        ));
        let Ok(Loaded::Ruleset(empty)) = reader.read(&text, None) else {
            panic!("the client is ready");
        };
        assert!(!decide(&*empty, Kind::Gate, "g", &user(json!({"key": "u"}))).found);
    }
}

#[test]
fn options_that_are_not_known_or_of_another_type_are_named() {
    for (options, name) in [
        (json!({"envronment": "x"}), "options.envronment"),
        (json!({"environment": 5}), "options.environment"),
        (
            json!({"environment": {"tier": 5}}),
            "options.environment.tier",
        ),
        (
            json!({"global_custom_fields": []}),
            "options.global_custom_fields",
        ),
        (json!({"country_table": 5}), "options.country_table"),
    ] {
        let error = Statsig
            .open(options.as_object().expect("an object"))
            .err()
            .expect("an error");
        assert_eq!(error.kind, ErrorKind::InvalidConfig);
        assert!(error.message.starts_with(name), "{}", error.message);
    }
}
