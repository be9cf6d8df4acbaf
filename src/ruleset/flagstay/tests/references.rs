//! What a flag refers to: broken segments, groups, holdouts and prerequisites break what uses them, and circles and chains
//! have an end.

use super::*;

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
