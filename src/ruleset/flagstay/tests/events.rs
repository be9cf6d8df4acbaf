//! What is told about decisions, and what users then did.

use super::*;
use crate::ruleset::Metric;

fn split(more: Value) -> Value {
    let mut split = json!({"weights": [{"variation": "on", "percent": 100}]});
    for (name, value) in more.as_object().unwrap() {
        split[name] = value.clone();
    }
    split
}

#[test]
fn only_decisions_out_of_a_split_are_exposed() {
    let flag = switch(json!({
        "targets": [{"values": ["target"], "serve": "on"}],
        "rules": [{"if": {"id": "key", "equals": "served"}, "serve": "on"}],
        "default": {"id": "rest", "split": split(json!({"by": "company"}))},
    }));
    let client = plain(with_flag("f", flag));
    for key in ["target", "served", "without-company"] {
        decide(&client, "f", json!({"key": key}));
    }
    assert_eq!(client.drain_events(10), Vec::<Value>::new());
    let user = json!({"key": "u", "ids": {"company": 9},
                      "attributes": {"a": "public"}, "private_attributes": {"b": "secret"}});
    decide_as(&client, "f", user.clone(), Mode::Read);
    decide(&client, "f", user);
    assert_eq!(
        client.drain_events(10),
        [
            json!({"kind": "exposure", "flag": "f", "variation": "on", "rule": "rest",
                "reason": "FALLTHROUGH", "sticky": false, "user": "u", "unit": "9:company",
                "timestamp": NOW})
        ]
    );
}

#[test]
fn a_sticky_decision_is_exposed_as_one() {
    let flag = switch(json!({"rules": [
        {"id": "trial", "if": {"all": []}, "split": split(json!({"sticky": {"fallback": "guest"}}))}]}));
    let store = Arc::new(crate::sticky::memory::MemoryStore::default());
    let client = client(with_flag("f", flag), Some(store));
    for _ in 0..2 {
        decide(&client, "f", json!({"ids": {"guest": "g"}}));
    }
    let event = |reason: &str, sticky: bool| {
        json!({"kind": "exposure", "flag": "f", "variation": "on", "rule": "trial", "reason": reason,
               "sticky": sticky, "user": null, "unit": "g:guest", "timestamp": NOW})
    };
    assert_eq!(
        client.drain_events(10),
        [event("RULE_MATCH", false), event("STICKY", true)]
    );
}

#[test]
fn a_decision_looked_at_later_is_exposed_as_if_it_were_made_then() {
    let document = json!({"format": 1, "flags": {
        "unnamed": switch(json!({"rules": [{"if": {"all": []}, "split": split(json!({}))}]})),
        "default": switch(json!({"default": {"split": split(json!({}))}})),
        "sticky": switch(json!({"default": {"id": "s", "split": split(json!({"sticky": true}))}})),
        "nobody": switch(json!({"default": {"split": split(json!({"traffic": 0}))}})),
        "served": switch(json!({"default": "on"})),
        "off": switch(json!({"on": false})),
        "broken": {},
    }});
    let store = Arc::new(crate::sticky::memory::MemoryStore::default());
    let client = client(document, Some(store));
    let user = User::new("u");
    decide(&client, "sticky", json!({"key": "u"}));
    client.drain_events(10);
    let flags = [
        "unnamed", "default", "sticky", "nobody", "served", "off", "broken",
    ];
    for flag in flags {
        decide(&client, flag, json!({"key": "u"}));
    }
    let at_once = client.drain_events(10);
    assert_eq!(at_once.len(), 3);
    let mut later = Vec::new();
    client
        .evaluate_all(&Request::new("", &user), |flag, decision| {
            later.push((flag.to_owned(), decision.into_owned()));
        })
        .unwrap();
    assert_eq!(client.drain_events(10), Vec::<Value>::new());
    for (flag, decision) in &later {
        let request = Request::new(flag, &user);
        client.expose(&request, decision);
    }
    assert_eq!(client.drain_events(10), at_once);
    assert_eq!(
        later.iter().map(|(flag, _)| &**flag).collect::<Vec<_>>(),
        flags
    );
}

#[test]
fn a_metric_event_needs_a_name_and_somebody() {
    let client = plain(json!({"format": 1}));
    let track = |event: &str, user: Value| {
        let user = User::from_value(user).unwrap();
        let metric = Metric {
            event,
            user: &user,
            value: None,
            properties: None,
            flags: None,
        };
        client.track(&metric).unwrap()
    };
    assert!(!track("", json!({"key": "u"})));
    for nobody in [
        json!(null),
        json!({}),
        json!({"key": ""}),
        json!({"key": 5}),
        json!({"ids": {"company": true}}),
    ] {
        assert!(!track("purchase", nobody));
    }
    assert_eq!(client.drain_events(10), Vec::<Value>::new());
    assert!(track(
        "purchase",
        json!({"ids": {"company": 9, "odd": null}, "private_attributes": {"a": 1}})
    ));
    assert_eq!(
        client.drain_events(10),
        [
            json!({"kind": "metric", "event": "purchase", "value": null, "properties": null, "flags": null,
                "user": null, "ids": {"company": "9"}, "timestamp": NOW})
        ]
    );
}

#[test]
fn a_metric_event_says_what_it_was_given() {
    let client = plain(json!({"format": 1}));
    let properties = json!({"currency": "EUR"});
    let flags = ["f".to_owned()];
    let metric = Metric {
        event: "purchase",
        user: &User::new("u"),
        value: Some(&json!(9.5)),
        properties: properties.as_object(),
        flags: Some(&flags),
    };
    assert!(client.track(&metric).unwrap());
    assert_eq!(
        client.drain_events(10),
        [
            json!({"kind": "metric", "event": "purchase", "value": 9.5, "properties": {"currency": "EUR"},
                "flags": ["f"], "user": "u", "ids": {}, "timestamp": NOW})
        ]
    );
}
