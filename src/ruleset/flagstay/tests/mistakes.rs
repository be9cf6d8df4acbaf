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

#[test]
fn a_broken_segment_breaks_what_uses_it() {
    let uses =
        |segment: &str| switch(json!({"rules": [{"if": {"segment": segment}, "serve": "on"}]}));
    let document = json!({"format": 1,
        "flags": {"direct": uses("bad"), "by-way": uses("user"), "circle": uses("a"), "fine": uses("fine")},
        "segments": {
            "bad": {"includes": []},
            "user": {"if": {"not": {"segment": ["fine", "bad"]}}},
            "a": {"if": {"segment": "b"}}, "b": {"if": {"segment": "a"}}, "c": {"if": {"segment": "b"}},
            "fine": {"include": ["u"]}}});
    let client = plain(document.clone());
    assert_eq!(decide(&client, "fine", json!({"key": "u"}))["value"], true);
    for flag in ["direct", "by-way", "circle"] {
        assert_eq!(
            decide(&client, flag, json!({"key": "u"}))["error"],
            "GENERAL",
            "{flag}"
        );
    }
    let found = problems(document);
    for start in [
        "segments.bad.includes: unknown field",
        "segments.user.if.not.segment[1]: the segment `bad` is broken",
        "segments.a.if.segment: the segments use one another in a circle",
        "segments.b.if.segment: the segments use one another in a circle",
        "segments.c.if.segment: the segment `b` is broken",
        "flags.direct.rules[0].if.segment: the segment `bad` is broken",
        "flags.by-way.rules[0].if.segment: the segment `user` is broken",
        "flags.circle.rules[0].if.segment: the segment `a` is broken",
    ] {
        assert!(
            found.iter().any(|problem| problem.starts_with(start)),
            "{start}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 8, "{found:#?}");
}

#[test]
fn conditions_are_measured_with_their_segments() {
    let mut segments = json!({"s0": {"if": {"attribute": "a", "equals": 1}}});
    for n in 1..70 {
        segments[format!("s{n}")] = json!({"if": {"segment": format!("s{}", n - 1)}});
    }
    let uses =
        |segment: &str| switch(json!({"rules": [{"if": {"segment": segment}, "serve": "on"}]}));
    // s62 is 63 high, its use in a rule one more.
    let document = json!({"format": 1, "flags": {"fits": uses("s62"), "not": uses("s63")}, "segments": segments});
    let client = plain(document.clone());
    assert_eq!(
        decide(&client, "fits", json!({"attributes": {"a": 1}}))["value"],
        true
    );
    assert_eq!(decide(&client, "not", json!({}))["error"], "GENERAL");
    let found = problems(document);
    let higher =
        "flags.not.rules[0].if.segment: with its segments, the condition is higher than 64";
    assert!(found.iter().any(|problem| problem == higher), "{found:#?}");
    let higher = "segments.s64.if.segment: with its segments, the condition is higher than 64";
    assert!(found.iter().any(|problem| problem == higher), "{found:#?}");
}

#[test]
fn a_broken_group_or_holdout_breaks_the_flags_whose_splits_it_touches() {
    let split = |more: Value| {
        let mut split = json!({"weights": [{"variation": "on", "percent": 100}]});
        if let Some(more) = more.as_object() {
            split["group"] = json!(more);
        }
        switch(json!({"default": {"split": split}}))
    };
    let grouped = split(json!({"name": "g", "slot": "s"}));
    for (group, path) in [
        (json!({}), "groups.g: "),
        (
            json!({"slots": [{"id": "s", "percent": 60}, {"id": "t", "percent": 60}]}),
            "groups.g.slots[1].percent: ",
        ),
        (
            json!({"slots": [{"id": "s", "percent": 6}, {"id": "s", "percent": 6}]}),
            "groups.g.slots[1].id: ",
        ),
        (
            json!({"slots": [{"id": "s", "percent": 0.12345}]}),
            "groups.g.slots[0].percent: ",
        ),
        (json!({"slot": []}), "groups.g.slot: "),
    ] {
        let document = json!({"format": 1, "flags": {"in": grouped, "out": split(json!(null))}, "groups": {"g": group}});
        let client = plain(document.clone());
        assert_eq!(
            decide(&client, "in", json!({"key": "u"}))["error"],
            "GENERAL"
        );
        assert_eq!(decide(&client, "out", json!({"key": "u"}))["value"], true);
        let found = problems(document);
        assert!(found[0].starts_with(path), "{found:#?}");
        assert_eq!(
            found[1],
            "flags.in.default.split.group.name: the group `g` is broken"
        );
    }
    for (holdout, path, broken) in [
        (
            json!({"flags": ["a", "served"], "percent": 101}),
            "holdouts.h.percent: ",
            &["a"][..],
        ),
        (json!({"flags": ["a"]}), "holdouts.h: ", &["a"]),
        (
            json!({"flags": ["a"], "percent": 5, "oops": 1}),
            "holdouts.h.oops: ",
            &["a"],
        ),
        (
            json!({"flags": "a", "percent": 5}),
            "holdouts.h.flags: ",
            &["a", "b"],
        ),
        (json!({"percents": 5}), "holdouts.h.percents: ", &["a", "b"]),
        (
            json!({"flags": ["a", "nope"], "percent": 0}),
            "holdouts.h.flags[1]: there is no flag `nope`",
            &[],
        ),
    ] {
        let document = json!({"format": 1,
            "flags": {"a": split(json!(null)), "b": split(json!(null)), "served": switch(json!({"default": "on"}))},
            "holdouts": {"h": holdout}});
        let client = plain(document.clone());
        for flag in ["a", "b", "served"] {
            let error = decide(&client, flag, json!({"key": "u"}))["error"] == json!("GENERAL");
            assert_eq!(error, broken.contains(&flag), "{holdout} {flag}");
        }
        let found = problems(document);
        assert!(found[0].starts_with(path), "{found:#?}");
        assert_eq!(found.len(), 1 + broken.len());
    }
}

#[test]
fn prerequisites_in_a_circle_or_of_a_broken_flag_break_what_depends_on_them() {
    let needs = |flag: &str| {
        switch(json!({"default": "on", "prerequisites": [{"flag": flag, "variations": ["on"]}]}))
    };
    let document = json!({"format": 1, "flags": {
        "a": needs("b"), "b": needs("c"), "c": needs("a"), "on-circle": needs("a"),
        "bad": {}, "on-bad": needs("bad"), "on-on-bad": needs("on-bad"),
        "ok": needs("fine"), "fine": switch(json!({"default": "on"}))}});
    let found = problems(document.clone());
    for expected in [
        "flags.a.prerequisites[0].flag: the prerequisites go in a circle",
        "flags.b.prerequisites[0].flag: the prerequisites go in a circle",
        "flags.c.prerequisites[0].flag: the prerequisites go in a circle",
        "flags.on-circle.prerequisites[0].flag: the flag `a` is broken",
        "flags.on-bad.prerequisites[0].flag: the flag `bad` is broken",
        "flags.on-on-bad.prerequisites[0].flag: the flag `on-bad` is broken",
    ] {
        assert!(
            found.iter().any(|problem| problem == expected),
            "{expected}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 7, "{found:#?}");
    assert_eq!(
        decide(&plain(document), "ok", json!({"key": "u"}))["value"],
        true
    );
}

#[test]
fn a_chain_of_prerequisites_has_an_end() {
    let mut flags = json!({"f0": switch(json!({"default": "on"}))});
    for n in 1..20_000 {
        flags[format!("f{n}")] = switch(json!({"default": "on",
            "prerequisites": [{"flag": format!("f{}", n - 1), "variations": ["on"]}]}));
    }
    let client = plain(json!({"format": 1, "flags": flags}));
    assert_eq!(decide(&client, "f15", json!({"key": "u"}))["value"], true);
    let decision = decide(&client, "f16", json!({"key": "u"}));
    assert!(
        decision["message"]
            .as_str()
            .unwrap()
            .contains("flags.f16.prerequisites[0].flag: the chain")
    );
    assert_eq!(
        decide(&client, "f19999", json!({"key": "u"}))["error"],
        "GENERAL"
    );
}

#[test]
fn what_is_used_again_and_again_is_counted_again_and_again() {
    let mut segments = json!({"s0": {"if": {"attribute": "a", "equals": 1}}});
    let mut flags = json!({"f0": switch(json!({"default": "on"}))});
    for n in 1..15 {
        let twice = json!([format!("s{}", n - 1), format!("s{}", n - 1)]);
        segments[format!("s{n}")] = json!({"if": {"segment": twice}});
        let need = json!({"flag": format!("f{}", n - 1), "variations": ["on"]});
        flags[format!("f{n}")] = switch(json!({"default": "on", "prerequisites": [need, need]}));
    }
    // Twice the one before and one more: 2^(n+1) - 1 parts. Twice the one before and two more: 2^(n+1) - 2 questions.
    for n in [11, 12, 13] {
        let rule = json!({"if": {"segment": format!("s{n}")}, "serve": "on"});
        flags[format!("g{n}")] = switch(json!({"rules": [rule]}));
    }
    let document = json!({"format": 1, "flags": flags, "segments": segments});
    let client = plain(document.clone());
    for (flag, works) in [("f7", true), ("f8", false), ("g12", true), ("g13", false)] {
        let user = json!({"key": "u", "attributes": {"a": 1}});
        assert_eq!(
            decide(&client, flag, user)["value"] == json!(true),
            works,
            "{flag}"
        );
    }
    let found = problems(document);
    for start in [
        "flags.f8.prerequisites: a decision would ask for more than 256 prerequisites",
        "segments.s13.if: with its segments, the condition has more than 10000 parts",
        "segments.s14.if.segment[0]: the segment `s13` is broken",
        "flags.g13.rules[0].if.segment: the segment `s13` is broken",
    ] {
        assert!(
            found.iter().any(|problem| problem.starts_with(start)),
            "{start}: {found:#?}"
        );
    }
}
