//! Stored assignments.

use super::*;
use crate::sticky::StoreError;
use crate::sticky::memory::MemoryStore;
use crate::sticky::staged::{Cue, Staged};
use std::sync::Mutex;

/// A flag whose default splits between `blue` and `green`, with `split` saying more.
fn colours(blue: f64, sticky: Value) -> Value {
    json!({"on": true, "variations": {"grey": 0, "blue": 1, "green": 2}, "off": "grey",
        "default": {"id": "c", "split": {"sticky": sticky, "weights": [
            {"variation": "blue", "percent": blue}, {"variation": "green", "percent": 100.0 - blue}]}}})
}

fn record(variation: &str, version: u64) -> Value {
    json!({"splits": {"c": {"variation": variation, "version": version}}})
}

fn memory(records: &[(&str, Value)]) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    for (unit, record) in records {
        store.set(unit, "f", record).unwrap();
    }
    store
}

fn held(store: &MemoryStore, unit: &str) -> Value {
    store
        .get(unit, "f")
        .unwrap()
        .map_or(json!(null), |record| record.as_ref().clone())
}

fn sticky_client(flag: Value, store: &Arc<MemoryStore>) -> Client {
    client(
        with_flag("f", flag),
        Some(Arc::clone(store) as Arc<dyn Store>),
    )
}

#[test]
fn a_draw_is_stored_and_a_stored_variation_survives_a_changed_percentage() {
    let store = memory(&[]);
    let user = json!({"key": "u"});
    let first = decide(
        &sticky_client(colours(100.0, json!(true)), &store),
        "f",
        user.clone(),
    );
    assert_eq!(first["variation"], "blue");
    assert_eq!(first["reason"], "FALLTHROUGH");
    assert_eq!(first["sticky"], false);
    assert_eq!(held(&store, "u"), record("blue", 1));
    let second = decide(&sticky_client(colours(0.0, json!(true)), &store), "f", user);
    assert_eq!(second["variation"], "blue");
    assert_eq!(second["reason"], "STICKY");
    assert_eq!(second["rule_id"], "c");
    assert_eq!(second["sticky"], true);
}

#[test]
fn neither_condition_nor_traffic_nor_group_nor_holdout_moves_a_stored_user() {
    let document = json!({"format": 1,
        "flags": {"f": {"on": true, "variations": {"grey": 0, "blue": 1}, "off": "grey", "default": "grey",
            "rules": [{"id": "c", "if": {"any": []}, "split": {"traffic": 0, "sticky": true,
                "group": {"name": "g", "slot": "s"}, "weights": [{"variation": "grey", "percent": 100}]}}]}},
        "groups": {"g": {"slots": [{"id": "s", "percent": 0}]}},
        "holdouts": {"h": {"percent": 100}}});
    let store = memory(&[("u", record("blue", 1))]);
    let client = client(document, Some(store));
    let decision = decide(&client, "f", json!({"key": "u"}));
    assert_eq!(decision["reason"], "STICKY");
    assert_eq!(decision["variation"], "blue");
    assert_eq!(
        decide(&client, "f", json!({"key": "v"}))["variation"],
        "grey"
    );
}

#[test]
fn off_targets_and_earlier_rules_win_over_a_stored_assignment() {
    let store = memory(&[("u", record("blue", 1))]);
    let with = |more: Value| {
        let mut flag = colours(0.0, json!(true));
        for (name, value) in more.as_object().unwrap() {
            flag[name] = value.clone();
        }
        flag
    };
    for (flag, reason) in [
        (with(json!({"on": false})), "OFF"),
        (
            with(json!({"targets": [{"values": ["u"], "serve": "green"}]})),
            "TARGET_MATCH",
        ),
        (
            with(json!({"rules": [{"if": {"all": []}, "serve": "green"}]})),
            "RULE_MATCH",
        ),
    ] {
        let decision = decide(&sticky_client(flag, &store), "f", json!({"key": "u"}));
        assert_eq!(decision["reason"], reason);
    }
}

#[test]
fn versions_decide_who_is_drawn_anew() {
    for (sticky, stored, reason) in [
        (json!({"version": 2}), 1, "FALLTHROUGH"),
        (json!({"version": 2}), 2, "STICKY"),
        (json!({"version": 3, "min_version": 2}), 1, "FALLTHROUGH"),
        (json!({"version": 3, "min_version": 2}), 2, "STICKY"),
        (json!({"version": 2}), 7, "STICKY"),
    ] {
        let store = memory(&[("u", record("blue", stored))]);
        let client = sticky_client(colours(0.0, sticky.clone()), &store);
        let decision = decide(&client, "f", json!({"key": "u"}));
        assert_eq!(decision["reason"], reason, "{sticky} {stored}");
        let after = match reason {
            "STICKY" => record("blue", stored),
            _ => record("green", sticky["version"].as_u64().unwrap()),
        };
        assert_eq!(held(&store, "u"), after);
    }
}

#[test]
fn the_version_takes_part_in_the_hash() {
    // The reference page: 67868 in version 1, 775001 in version 2.
    for (version, value) in [(1, true), (2, false)] {
        let flag = switch(
            json!({"default": {"id": "c", "split": {"sticky": {"version": version}, "weights": [
            {"variation": "on", "percent": 50}, {"variation": "off", "percent": 50}]}}}),
        );
        let client = plain(with_flag("new-checkout", flag));
        assert_eq!(
            decide(&client, "new-checkout", json!({"key": "user-1"}))["value"],
            value
        );
    }
}

#[test]
fn a_variation_that_is_gone_is_drawn_anew_and_one_that_is_not_here_yet_is_left_alone() {
    let store = memory(&[("old", record("red", 1)), ("new", record("red", 2))]);
    let client = sticky_client(colours(100.0, json!(true)), &store);
    for user in ["old", "new"] {
        let decision = decide(&client, "f", json!({"key": user}));
        assert_eq!(decision["variation"], "blue");
        assert_eq!(decision["sticky"], false);
        assert_eq!(decision["store_error"], json!(null));
    }
    assert_eq!(held(&store, "old"), record("blue", 1));
    assert_eq!(held(&store, "new"), record("red", 2));
}

#[test]
fn garbage_is_reported_and_never_written_over() {
    for garbage in [
        json!("blue"),
        json!({}),
        json!({"splits": {"c": {"variation": "blue"}}}),
    ] {
        let store = memory(&[("u", garbage.clone())]);
        let client = sticky_client(colours(100.0, json!(true)), &store);
        let decision = decide(&client, "f", json!({"key": "u"}));
        assert_eq!(decision["variation"], "blue");
        assert_eq!(decision["sticky"], false);
        assert!(
            decision["store_error"]
                .as_str()
                .unwrap()
                .contains("garbage")
        );
        assert_eq!(held(&store, "u"), garbage);
    }
}

#[test]
fn what_else_is_in_a_record_is_kept() {
    let other = json!({"note": "x", "splits": {"other": {"variation": "z", "version": 9}}});
    let store = memory(&[("u", other)]);
    decide(
        &sticky_client(colours(100.0, json!(true)), &store),
        "f",
        json!({"key": "u"}),
    );
    let expected = json!({"note": "x", "splits": {"other": {"variation": "z", "version": 9},
                                                  "c": {"variation": "blue", "version": 1}}});
    assert_eq!(held(&store, "u"), expected);
}

#[test]
fn read_mode_reads_and_does_not_write() {
    let store = memory(&[("u", record("green", 1))]);
    let client = sticky_client(colours(100.0, json!(true)), &store);
    let read = |user: &str| decide_as(&client, "f", json!({"key": user}), Mode::Read);
    assert_eq!(read("u")["reason"], "STICKY");
    assert_eq!(read("v")["variation"], "blue");
    assert_eq!(held(&store, "v"), json!(null));
    explain(&client, "f", json!({"key": "v"}));
    assert_eq!(held(&store, "v"), json!(null));
    assert_eq!(client.drain_events(10), Vec::<Value>::new());
}

#[test]
fn other_ids_are_kept_under_units_of_their_own() {
    let store = memory(&[]);
    let mut flag = colours(100.0, json!(true));
    flag["default"]["split"]["by"] = json!("company");
    let client = sticky_client(flag, &store);
    decide(&client, "f", json!({"key": "u", "ids": {"company": 7}}));
    assert_eq!(held(&store, "7:company"), record("blue", 1));
    assert_eq!(held(&store, "u"), json!(null));
}

#[test]
fn a_fallback_follows_the_user_who_signs_in() {
    let store = memory(&[]);
    let sticky = json!({"fallback": "guest"});
    let client = sticky_client(colours(100.0, sticky.clone()), &store);
    let decision = decide(&client, "f", json!({"ids": {"guest": "g"}}));
    assert_eq!(decision["variation"], "blue");
    assert_eq!(held(&store, "g:guest"), record("blue", 1));
    // Signed in, with other percentages: still blue, and from now on also by the key alone.
    let client = sticky_client(colours(0.0, sticky), &store);
    let signed_in = json!({"key": "u", "ids": {"guest": "g"}});
    assert_eq!(
        decide_as(&client, "f", signed_in.clone(), Mode::Read)["reason"],
        "STICKY"
    );
    assert_eq!(held(&store, "u"), json!(null));
    let decision = decide(&client, "f", signed_in);
    assert_eq!(decision["reason"], "STICKY");
    assert_eq!(decision["variation"], "blue");
    assert_eq!(held(&store, "u"), record("blue", 1));
    assert_eq!(
        decide(&client, "f", json!({"key": "u"}))["variation"],
        "blue"
    );
}

#[test]
fn the_primary_unit_wins_over_the_fallback_and_a_fallback_keeps_its_version() {
    let sticky = json!({"version": 5, "min_version": 2, "fallback": "guest"});
    let store = memory(&[("u", record("green", 5)), ("g:guest", record("blue", 3))]);
    let client = sticky_client(colours(100.0, sticky), &store);
    let user = |key: &str| json!({"key": key, "ids": {"guest": "g"}});
    assert_eq!(decide(&client, "f", user("u"))["variation"], "green");
    assert_eq!(decide(&client, "f", user("v"))["variation"], "blue");
    assert_eq!(held(&store, "v"), record("blue", 3));
}

#[test]
fn a_fallback_that_is_garbage_keeps_the_draw_out_of_the_store() {
    let store = memory(&[("g:guest", json!([]))]);
    let client = sticky_client(colours(100.0, json!({"fallback": "guest"})), &store);
    let decision = decide(&client, "f", json!({"key": "u", "ids": {"guest": "g"}}));
    assert_eq!(decision["variation"], "blue");
    assert!(decision["store_error"].is_string());
    assert_eq!(held(&store, "u"), json!(null));
}

/// A store whose `fails` fail, and in which somebody else writes just before each claim.
fn unsteady(fails: &'static [&'static str], rivals: Vec<Value>) -> Arc<Staged> {
    let rivals = Mutex::new(rivals);
    let check = |operation: &str| match fails.contains(&operation) {
        true => Err(StoreError::Failed(format!("{operation} is down"))),
        false => Ok(()),
    };
    Staged::new(move |inner, cue, unit, flag| match cue {
        Cue::Get => check("get"),
        Cue::Set => check("set"),
        Cue::Claim => {
            check("set")?;
            let mut rivals = rivals.lock().unwrap();
            match rivals.is_empty() {
                true => Ok(()),
                false => inner.set(unit, flag, &rivals.remove(0)),
            }
        }
        _ => Ok(()),
    })
}

#[test]
fn a_store_that_fails_fails_no_decision() {
    for fails in [&["get"][..], &["set"], &["get", "set"]] {
        let store = unsteady(fails, vec![]);
        let client = client(
            with_flag("f", colours(100.0, json!(true))),
            Some(store.clone()),
        );
        let decision = decide(&client, "f", json!({"key": "u"}));
        assert_eq!(decision["variation"], "blue");
        assert_eq!(decision["sticky"], false);
        assert!(
            decision["store_error"]
                .as_str()
                .unwrap()
                .contains("is down")
        );
        assert_eq!(store.inner.get("u", "f"), Ok(None));
    }
}

#[test]
fn the_first_writer_wins() {
    let store = unsteady(&[], vec![record("green", 1)]);
    let client = client(
        with_flag("f", colours(100.0, json!(true))),
        Some(store.clone()),
    );
    let decision = decide(&client, "f", json!({"key": "u"}));
    assert_eq!(decision["variation"], "green");
    assert_eq!(decision["reason"], "STICKY");
    assert_eq!(decision["sticky"], true);
    assert_eq!(held(&store.inner, "u"), record("green", 1));
}

#[test]
fn somebody_elses_split_is_merged_with() {
    let other = |n: i32| json!({"splits": {format!("other{n}"): {"variation": "x", "version": 1}}});
    let store = unsteady(&[], vec![other(1), other(2)]);
    let with_store =
        |store: Arc<Staged>| client(with_flag("f", colours(100.0, json!(true))), Some(store));
    let decision = decide(&with_store(store.clone()), "f", json!({"key": "u"}));
    assert_eq!(decision["variation"], "blue");
    assert_eq!(decision["sticky"], false);
    let mut merged = other(2);
    merged["splits"]["c"] = json!({"variation": "blue", "version": 1});
    assert_eq!(held(&store.inner, "u"), merged);
    // After three claims the draw answers all the same.
    let store = unsteady(&[], vec![other(1), other(2), other(3), other(4)]);
    let decision = decide(&with_store(store.clone()), "f", json!({"key": "u"}));
    assert_eq!(decision["variation"], "blue");
    assert_eq!(held(&store.inner, "u"), other(3));
}

#[test]
fn a_rival_with_a_newer_ruleset_or_with_garbage_is_not_written_over() {
    for rival in [record("red", 2), json!("garbage")] {
        let store = unsteady(&[], vec![rival.clone()]);
        let client = client(
            with_flag("f", colours(100.0, json!(true))),
            Some(store.clone()),
        );
        let decision = decide(&client, "f", json!({"key": "u"}));
        assert_eq!(decision["variation"], "blue");
        assert_eq!(decision["sticky"], false);
        assert_eq!(decision["store_error"].is_string(), rival.is_string());
        assert_eq!(held(&store.inner, "u"), rival);
    }
}

#[test]
fn each_unit_is_read_once_and_only_where_a_split_is_sticky() {
    let split = |by: &str| {
        json!({"by": by, "sticky": {"fallback": "guest"}, "traffic": 0,
               "weights": [{"variation": "on", "percent": 100}]})
    };
    let flag = switch(json!({"rules": [
        {"id": "a", "if": {"all": []}, "split": split("key")},
        {"id": "b", "if": {"all": []}, "split": split("company")},
        {"id": "c", "if": {"all": []}, "split": split("key")},
    ]}));
    let store = unsteady(&[], vec![]);
    let client = client(with_flag("f", flag), Some(store.clone()));
    decide(
        &client,
        "f",
        json!({"key": "u", "ids": {"company": "c", "guest": "g"}}),
    );
    let calls = store.calls();
    let reads = calls.iter().filter(|call| call.starts_with("get"));
    assert!(reads.eq(["get u f", "get g:guest f", "get c:company f"]));
    let store = unsteady(&[], vec![]);
    let flag = colours(50.0, json!(false));
    let client = super::client(with_flag("f", flag), Some(store.clone()));
    decide(&client, "f", json!({"key": "u"}));
    assert!(store.calls().is_empty());
}

#[test]
fn two_sticky_splits_of_a_flag_share_a_record() {
    let flag = switch(json!({
        "rules": [{"id": "a", "if": {"attribute": "x", "equals": 1},
                   "split": {"sticky": true, "weights": [{"variation": "on", "percent": 100}]}}],
        "default": {"id": "b", "split": {"sticky": true, "weights": [{"variation": "off", "percent": 100}]}},
    }));
    let store = memory(&[]);
    let client = sticky_client(flag, &store);
    decide(&client, "f", json!({"key": "u"}));
    let decision = decide(&client, "f", json!({"key": "u", "attributes": {"x": 1}}));
    assert_eq!(decision["value"], true);
    assert_eq!(decision["reason"], "RULE_MATCH");
    assert_eq!(
        held(&store, "u"),
        json!({"splits": {"b": {"variation": "off", "version": 1},
                                                    "a": {"variation": "on", "version": 1}}})
    );
    // From now on the first of them answers, whatever the attribute says.
    assert_eq!(decide(&client, "f", json!({"key": "u"}))["rule_id"], "a");
}

#[test]
fn a_prerequisite_reads_assignments_and_enrols_nobody() {
    let document = |sticky: Value| {
        json!({"format": 1, "flags": {
            "f": colours(0.0, sticky),
            "g": switch(json!({"default": "on", "prerequisites": [{"flag": "f", "variations": ["blue"]}]})),
        }})
    };
    let store = memory(&[("u", record("blue", 1))]);
    let client = client(document(json!(true)), Some(store.clone()));
    assert_eq!(decide(&client, "g", json!({"key": "u"}))["value"], true);
    assert_eq!(
        decide(&client, "g", json!({"key": "v"}))["reason"],
        "PREREQUISITE_FAILED"
    );
    assert_eq!(held(&store, "v"), json!(null));
    assert_eq!(client.drain_events(10), Vec::<Value>::new());
}
