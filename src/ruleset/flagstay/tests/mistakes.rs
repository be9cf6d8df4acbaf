//! Every kind of mistake names its place, and breaks no more than it has to.

use super::*;
use crate::error::ErrorKind;

/// The error of a document that is refused as a whole.
fn refusal(document: &str) -> String {
    let config = Config::from_json("{}").unwrap();
    let client = Client::new(config, None).unwrap();
    let error = client.update(document).unwrap_err();
    assert!(
        matches!(
            error.kind,
            ErrorKind::InvalidRuleset | ErrorKind::InvalidJson
        ),
        "{error}"
    );
    error.message
}

#[test]
fn a_broken_envelope_refuses_the_document_and_names_the_place() {
    for (document, place) in [
        ("", ""),
        ("{", ""),
        (r#"{"format": 1} 2"#, ""),
        ("null", "an object"),
        ("[1, {}]", "an object"),
        ("{}", "format"),
        (r#"{"format": 2}"#, "format: "),
        (r#"{"format": "1"}"#, "format: "),
        (r#"{"format": null}"#, "format: "),
        (r#"{"format": 1, "flag": {}}"#, "flag"),
        (r#"{"format": 1, "format": 1}"#, "format"),
        (r#"{"format": 1, "flags": []}"#, "flags: "),
        (r#"{"format": 1, "flags": null}"#, "flags: "),
        (r#"{"format": 1, "segments": "x"}"#, "segments: "),
        (r#"{"format": 1, "groups": 5}"#, "groups: "),
        (r#"{"format": 1, "holdouts": [{}]}"#, "holdouts: "),
        (r#"{"format": 1, "description": 5}"#, "description: "),
        (r#"{"format": 1, "$schema": {}}"#, "$schema: "),
        (r#"{"format": 1, "flags": {"a": {}, "a": {}}}"#, "flags.a: "),
        (
            r#"{"format": 1, "segments": {"a": {}, "b": {}, "a": {}}}"#,
            "segments.a: ",
        ),
    ] {
        let message = refusal(document);
        assert!(message.contains(place), "{document}: {message}");
        assert!(!message.is_empty());
    }
}

#[test]
fn an_option_is_an_error_that_names_it() {
    let config = json!({"ruleset": {"format": 1}, "options": {"colour": 1}});
    let config = Config::from_json(&config.to_string()).unwrap();
    let Err(error) = Client::new(config, None) else {
        panic!("the option was accepted");
    };
    assert_eq!(error.kind, ErrorKind::InvalidConfig);
    assert!(error.message.contains("options.colour"), "{error}");
}

#[test]
fn a_mistake_in_a_flag_names_its_path() {
    let two = json!([{"variation": "on", "percent": 50}, {"variation": "off", "percent": 50}]);
    let rule = |rule: Value| switch(json!({"rules": [{"if": {"all": []}, "serve": "on"}, rule]}));
    let test = |condition: Value| rule(json!({"if": condition, "serve": "on"}));
    let split = |more: Value| {
        let mut split = json!({"weights": two});
        for (name, value) in more.as_object().unwrap() {
            split[name] = value.clone();
        }
        switch(json!({"default": {"id": "d", "split": split}}))
    };
    let weights = |weights: Value| split(json!({"weights": weights}));
    let a = |operator: &str, operand: Value| test(json!({"attribute": "a", operator: operand}));
    let mut without = switch(json!({}));
    without.as_object_mut().unwrap().remove("on");
    let deep = (0..70).fold(json!(1), |inner, _| json!([inner]));
    let cases = [
        (json!(5), "flags.f"),
        (json!([true, {}, "off"]), "flags.f"),
        (json!({}), "flags.f"),
        (without, "flags.f"),
        (switch(json!({"on": 1})), "flags.f.on"),
        (switch(json!({"of": "off"})), "flags.f.of"),
        (switch(json!({"description": 5})), "flags.f.description"),
        (
            switch(json!({"variations": {}, "off": "x"})),
            "flags.f.variations",
        ),
        (switch(json!({"variations": [true]})), "flags.f.variations"),
        (switch(json!({"variations": {"on": deep}})), "flags.f"),
        (switch(json!({"off": "of"})), "flags.f.off"),
        (switch(json!({"off": null})), "flags.f.off"),
        (switch(json!({"default": "of"})), "flags.f.default"),
        (switch(json!({"default": 5})), "flags.f.default"),
        (switch(json!({"default": {}})), "flags.f.default"),
        (
            switch(json!({"default": {"serve": "of"}})),
            "flags.f.default.serve",
        ),
        (
            switch(json!({"default": {"serve": null}})),
            "flags.f.default.serve",
        ),
        (
            switch(json!({"default": {"if": {}, "serve": "on"}})),
            "flags.f.default.if",
        ),
        (
            switch(json!({"default": {"serve": "on", "split": {"weights": two}}})),
            "flags.f.default.split",
        ),
        (
            switch(
                json!({"default": {"id": "x", "serve": "on"}, "rules": [{"id": "x", "if": {"all": []}, "serve": "on"}]}),
            ),
            "flags.f.default.id",
        ),
        (switch(json!({"targets": {}})), "flags.f.targets"),
        (
            switch(json!({"targets": [{"values": ["u"], "serve": "of"}]})),
            "flags.f.targets[0].serve",
        ),
        (
            switch(
                json!({"targets": [{"values": ["u"], "serve": "on"}, {"values": [5], "serve": "on"}]}),
            ),
            "flags.f.targets[1].values[0]",
        ),
        (
            switch(json!({"targets": [{"value": ["u"], "serve": "on"}]})),
            "flags.f.targets[0].value",
        ),
        (
            switch(json!({"targets": [{"values": [], "by": 5, "serve": "on"}]})),
            "flags.f.targets[0].by",
        ),
        (
            switch(json!({"targets": [[["u"], null, "on"]]})),
            "flags.f.targets[0]",
        ),
        (
            switch(json!({"prerequisites": [{"flag": "g", "variations": []}]})),
            "flags.f.prerequisites[0].flag",
        ),
        (
            switch(json!({"prerequisites": [{"flag": "ok"}]})),
            "flags.f.prerequisites[0]",
        ),
        (
            switch(json!({"prerequisites": [{"flag": "ok", "variations": ["on", "of"]}]})),
            "flags.f.prerequisites[0].variations[1]",
        ),
        (
            switch(json!({"prerequisites": [{"flag": "f", "variations": ["on"]}]})),
            "flags.f.prerequisites[0].flag",
        ),
        (rule(json!({"serve": "on"})), "flags.f.rules[1]"),
        (rule(json!({"if": {"all": []}})), "flags.f.rules[1]"),
        (
            rule(json!({"if": {"all": []}, "serve": "of"})),
            "flags.f.rules[1].serve",
        ),
        (
            rule(json!({"if": {"all": []}, "serve": "on", "id": 5})),
            "flags.f.rules[1].id",
        ),
        (
            rule(json!({"if": {"all": []}, "serve": "on", "id": "rules[0]"})),
            "flags.f.rules[1].id",
        ),
        (
            rule(json!({"if": {"all": []}, "serve": "on", "when": 1})),
            "flags.f.rules[1].when",
        ),
        (test(json!(null)), "flags.f.rules[1].if"),
        (test(json!({})), "flags.f.rules[1].if"),
        (test(json!({"attribute": "a"})), "flags.f.rules[1].if"),
        (test(json!({"equals": 1})), "flags.f.rules[1].if"),
        (
            test(json!({"attribute": "a", "equal": 1})),
            "flags.f.rules[1].if.equal",
        ),
        (
            test(json!({"attribute": "a", "at_least": 1, "at_most": 2})),
            "flags.f.rules[1].if.at_most",
        ),
        (
            test(json!({"attribute": "a", "id": "b", "equals": 1})),
            "flags.f.rules[1].if.id",
        ),
        (
            test(json!({"attribute": 5, "equals": 1})),
            "flags.f.rules[1].if.attribute",
        ),
        (
            test(json!({"all": [], "any": []})),
            "flags.f.rules[1].if.any",
        ),
        (test(json!({"all": {}})), "flags.f.rules[1].if.all"),
        (
            test(json!({"all": [{"any": []}, {"not": {"x": 1}}]})),
            "flags.f.rules[1].if.all[1].not.x",
        ),
        (
            test(json!({"segment": "nope"})),
            "flags.f.rules[1].if.segment",
        ),
        (
            test(json!({"segment": ["fine", "nope"]})),
            "flags.f.rules[1].if.segment[1]",
        ),
        (test(json!({"segment": 5})), "flags.f.rules[1].if.segment"),
        (a("equals", json!(null)), "flags.f.rules[1].if.equals"),
        (a("one_of", json!("x")), "flags.f.rules[1].if.one_of"),
        (
            a("one_of", json!(["x", null])),
            "flags.f.rules[1].if.one_of[1]",
        ),
        (a("contains", json!({})), "flags.f.rules[1].if.contains"),
        (
            a("contains", json!([1, []])),
            "flags.f.rules[1].if.contains[1]",
        ),
        (
            a("starts_with", json!(5)),
            "flags.f.rules[1].if.starts_with",
        ),
        (
            a("ends_with", json!(["x", 5])),
            "flags.f.rules[1].if.ends_with[1]",
        ),
        (a("matches", json!("(")), "flags.f.rules[1].if.matches"),
        (a("matches", json!(["x"])), "flags.f.rules[1].if.matches"),
        (
            a("matches", json!(r"(\pL{1,1000}){1,1000}")),
            "flags.f.rules[1].if.matches",
        ),
        (
            a("greater_than", json!("5")),
            "flags.f.rules[1].if.greater_than",
        ),
        (a("semver", json!("1.0.0")), "flags.f.rules[1].if.semver"),
        (a("semver", json!({})), "flags.f.rules[1].if.semver"),
        (
            a("semver", json!({"above": "1.0.0"})),
            "flags.f.rules[1].if.semver.above",
        ),
        (
            a("semver", json!({"at_least": "1.0"})),
            "flags.f.rules[1].if.semver.at_least",
        ),
        (
            a("before", json!("yesterday")),
            "flags.f.rules[1].if.before",
        ),
        (a("after", json!(true)), "flags.f.rules[1].if.after"),
        (a("present", json!("yes")), "flags.f.rules[1].if.present"),
        (split(json!({"weight": 1})), "flags.f.default.split.weight"),
        (split(json!({"by": null})), "flags.f.default.split.by"),
        (split(json!({"salt": 5})), "flags.f.default.split.salt"),
        (
            split(json!({"traffic": 100.5})),
            "flags.f.default.split.traffic",
        ),
        (
            split(json!({"traffic": 0.00001})),
            "flags.f.default.split.traffic",
        ),
        (weights(json!([])), "flags.f.default.split.weights"),
        (
            weights(json!([{"variation": "on", "percent": 99.9999}])),
            "flags.f.default.split.weights",
        ),
        (
            weights(
                json!([{"variation": "on", "percent": 100}, {"variation": "on", "percent": 100}]),
            ),
            "flags.f.default.split.weights",
        ),
        (
            weights(json!([{"variation": "of", "percent": 100}])),
            "flags.f.default.split.weights[0].variation",
        ),
        (
            weights(json!([{"variation": "on", "percent": -1}])),
            "flags.f.default.split.weights[0].percent",
        ),
        (
            weights(json!([{"variation": "on", "percent": "100"}])),
            "flags.f.default.split.weights[0].percent",
        ),
        (
            weights(json!([{"variation": "on", "percent": 100, "x": 1}])),
            "flags.f.default.split.weights[0].x",
        ),
        (split(json!({"group": "g"})), "flags.f.default.split.group"),
        (
            split(json!({"group": {"name": "nope", "slot": "s"}})),
            "flags.f.default.split.group.name",
        ),
        (
            split(json!({"group": {"name": "g", "slot": "nope"}})),
            "flags.f.default.split.group.slot",
        ),
        (
            split(json!({"group": {"name": "g"}})),
            "flags.f.default.split.group",
        ),
        (split(json!({"sticky": 1})), "flags.f.default.split.sticky"),
        (
            split(json!({"sticky": {"version": 0}})),
            "flags.f.default.split.sticky.version",
        ),
        (
            split(json!({"sticky": {"version": 1.5}})),
            "flags.f.default.split.sticky.version",
        ),
        (
            split(json!({"sticky": {"version": 2, "min_version": 3}})),
            "flags.f.default.split.sticky.min_version",
        ),
        (
            split(json!({"sticky": {"min_version": 0}})),
            "flags.f.default.split.sticky.min_version",
        ),
        (
            split(json!({"sticky": {"fallback": "key"}})),
            "flags.f.default.split.sticky.fallback",
        ),
        (
            split(json!({"sticky": {"minimum": 1}})),
            "flags.f.default.split.sticky.minimum",
        ),
        (
            switch(json!({"default": {"split": {"weights": two, "sticky": true}}})),
            "flags.f.default.split.sticky",
        ),
        (
            rule(json!({"if": {"all": []}, "split": {"weights": two, "sticky": {}}})),
            "flags.f.rules[1].split.sticky",
        ),
    ];
    for (flag, path) in cases {
        let document = json!({"format": 1,
            "flags": {"f": flag, "ok": switch(json!({"default": "on"}))},
            "segments": {"fine": {}},
            "groups": {"g": {"slots": [{"id": "s", "percent": 10}]}}});
        let client = plain(document);
        let problems = client.status()["problems"].clone();
        assert_eq!(problems.as_array().unwrap().len(), 1, "{flag}: {problems}");
        assert_eq!(problems[0]["flag"], "f", "{flag}");
        assert_eq!(problems[0]["path"], path, "{flag}: {problems}");
        let decision = decide(&client, "f", json!({"key": "u"}));
        assert_eq!(decision["found"], true);
        assert_eq!(decision["value"], json!(null));
        assert_eq!(decision["error"], "GENERAL");
        assert!(
            decision["message"].as_str().unwrap().contains(path),
            "{decision}"
        );
        // The others work.
        assert_eq!(decide(&client, "ok", json!({"key": "u"}))["value"], true);
        assert_eq!(client.status()["flags"], 2);
    }
}

#[test]
fn members_that_stand_twice_are_found_everywhere() {
    let flag = |text: &str| format!(r#"{{"format": 1, "flags": {{"f": {text}}}}}"#);
    for (text, path) in [
        (
            r#"{"on": true, "on": true, "variations": {"a": 1}, "off": "a", "default": "a"}"#,
            "flags.f",
        ),
        (
            r#"{"on": true, "variations": {"a": 1, "a": 2}, "off": "a", "default": "a"}"#,
            "flags.f.variations.a",
        ),
        (
            r#"{"on": true, "variations": {"a": 1}, "off": "a", "default": "a", "rules": [
            {"if": {"attribute": "a", "equals": 1, "equals": 2}, "serve": "a"}]}"#,
            "flags.f.rules[0].if.equals",
        ),
        (
            r#"{"on": true, "variations": {"a": 1}, "off": "a", "default": "a", "rules": [
            {"if": {"attribute": "a", "semver": {"at_least": "1.0.0", "at_least": "2.0.0"}}, "serve": "a"}]}"#,
            "flags.f.rules[0].if.semver.at_least",
        ),
    ] {
        let client = plain(json!({"format": 1}));
        client.update(&flag(text)).unwrap();
        let problem = client.status()["problems"][0].clone();
        assert!(
            problem["path"].as_str().unwrap().starts_with(path),
            "{problem}"
        );
    }
}
