//! What the vectors do not show: patches of several items, damaged places in the status, details, switches, identify.

use crate::client::Client;
use crate::config::Config;
use crate::decision::ErrorCode;
use crate::ruleset::portion;
use crate::ruleset::{Metric, Request};
use crate::user::{Part, User};
use crate::value::Value;
use serde_json::json;

fn user() -> User {
    let mut user = User::new("u");
    user.part_mut(Part::Attributes).set("name", json!("Una"));
    user
}

/// `second` is the second at which it was last changed.
fn flag(key: &str, second: u32, kind: &str, value: &str) -> Value {
    json!({
        "id": format!("id of {key}"), "key": key, "name": format!("name of {key}"),
        "isArchived": false, "updatedAt": date(second),
        "variationType": kind, "variations": [{"id": "v1", "value": value}, {"id": "v2", "value": "off"}],
        "isEnabled": true, "disabledVariationId": "v2", "targetUsers": [], "rules": [],
        "fallthrough": {"dispatchKey": null, "includedInExpt": false, "variations": [{"id": "v1", "rollout": [0, 1]}]},
        "exptIncludeAllTargets": false,
    })
}

fn date(second: u32) -> String {
    format!("2026-11-21T12:00:{second:02}Z")
}

fn text(key: &str, second: u32, value: &str) -> Value {
    flag(key, second, "string", value)
}

fn segment(id: &str, updated: &str, included: Value) -> Value {
    json!({"id": id, "isArchived": false, "updatedAt": updated, "excluded": [], "included": included, "rules": []})
}

fn message(event: &str, flags: Value, segments: Value) -> Value {
    json!({"messageType": "data-sync", "data": {"eventType": event, "featureFlags": flags, "segments": segments}})
}

fn client(options: Value) -> Client {
    let config = json!({"dialect": "featbit", "options": options, "events": {"exposures": true}});
    Client::new(Config::from_json(&config.to_string()).unwrap(), None).unwrap()
}

fn with(flags: Value) -> Client {
    let client = client(json!({}));
    update(&client, &message("full", flags, json!([])));
    client
}

fn update(client: &Client, message: &Value) {
    client.update(&message.to_string()).unwrap();
}

fn decision(client: &Client, flag: &str) -> Value {
    client.evaluate(&Request::new(flag, &user()), |decision| decision.to_json())
}

fn value(client: &Client, flag: &str) -> Value {
    let decision = decision(client, flag);
    match &decision["error"] {
        Value::Null => decision["value"].clone(),
        error => error.clone(),
    }
}

fn counts(client: &Client) -> (u64, u64, u64) {
    let updates = &client.status()["updates"];
    let count = |name: &str| updates[name].as_u64().unwrap();
    (count("loaded"), count("unchanged"), count("refused"))
}

#[test]
fn each_item_of_a_patch_counts_by_its_own_date() {
    let client = with(json!([
        text("a", 10, "a1"),
        text("b", 10, "b1"),
        text("c", 5, "c1")
    ]));
    let flags = json!([
        text("a", 20, "a2"),
        text("b", 9, "b2"),
        text("c", 7, "c2"),
        text("d", 1, "d1")
    ]);
    update(
        &client,
        &message(
            "patch",
            flags,
            json!([segment("s", &date(1), json!(["u"]))]),
        ),
    );
    let values = ["a", "b", "c", "d"].map(|flag| value(&client, flag));
    assert_eq!(values, [json!("a2"), json!("b1"), json!("c2"), json!("d1")]);
    // Everything of it is known now.
    let again = json!([text("a", 20, "a3"), text("b", 10, "b3"), text("d", 1, "d3")]);
    update(&client, &message("patch", again, json!([])));
    assert_eq!(value(&client, "a"), json!("a2"));
    // A full must be newer than the newest item.
    update(
        &client,
        &message("full", json!([text("e", 20, "e1")]), json!([])),
    );
    assert_eq!(value(&client, "e"), json!("FLAG_NOT_FOUND"));
    assert_eq!(counts(&client), (2, 2, 0));
}

#[test]
fn nothing_is_taken_of_a_kind_in_which_an_item_has_no_date_nor_of_what_follows() {
    let client = with(json!([text("a", 10, "a1")]));
    let mut undated = text("b", 20, "b1");
    undated["updatedAt"] = json!("soon");
    update(
        &client,
        &message("patch", json!([text("a", 20, "a2"), undated]), json!([])),
    );
    assert_eq!(value(&client, "a"), json!("a1"));
    let segments = json!([
        segment("s", &date(20), json!([])),
        segment("t", "soon", json!([]))
    ]);
    update(
        &client,
        &message("patch", json!([text("a", 20, "a2")]), segments),
    );
    assert_eq!(value(&client, "a"), json!("a2"));
}

#[test]
fn of_two_items_with_one_key_the_last_counts_in_a_patch_too() {
    for (first, last, expected) in [(20, 15, "last"), (15, 20, "last"), (20, 9, "start")] {
        let client = with(json!([text("a", 10, "start")]));
        let flags = json!([text("a", first, "first"), text("a", last, "last")]);
        update(&client, &message("patch", flags, json!([])));
        assert_eq!(value(&client, "a"), json!(expected), "{first} {last}");
    }
    // An undated item is passed over with its key, and does not end the patch.
    let client = with(json!([text("a", 10, "start")]));
    let mut undated = text("a", 20, "undated");
    undated["updatedAt"] = json!(null);
    let flags = json!([undated, text("a", 15, "last")]);
    update(&client, &message("patch", flags, json!([])));
    assert_eq!(value(&client, "a"), json!("last"));
}

#[test]
fn a_date_before_1970_counts_as_none_in_a_patch() {
    let client = with(json!([text("a", 10, "start")]));
    for date in ["1969-12-31T23:59:14Z", "0001-01-01", "1970-01-01"] {
        let mut old = text("b", 1, "b1");
        old["updatedAt"] = json!(date);
        update(&client, &message("patch", json!([old]), json!([])));
        assert_eq!(value(&client, "b"), json!("FLAG_NOT_FOUND"), "{date}");
    }
}

#[test]
fn an_empty_environment_is_ready_and_an_empty_patch_makes_none_ready() {
    let client = client(json!({}));
    update(&client, &message("patch", json!([]), json!([])));
    assert_eq!(client.status()["state"], "INITIALIZING");
    assert_eq!(value(&client, "a"), json!("PROVIDER_NOT_READY"));
    update(&client, &message("full", json!([]), json!([])));
    assert_eq!(client.status()["state"], "READY");
    assert_eq!(value(&client, "a"), json!("FLAG_NOT_FOUND"));
}

#[test]
fn a_message_with_one_damaged_item_changes_nothing_and_says_why() {
    let client = with(json!([text("a", 10, "a1")]));
    let mut damaged = text("b", 20, "b1");
    damaged["variations"][1] = json!({"id": "v2"});
    let patch = message("patch", json!([text("a", 20, "a2"), damaged]), json!([]));
    let error = client.update(&patch.to_string()).unwrap_err();
    assert_eq!(
        error.message,
        "data.featureFlags[1].variations[1]: `value` is missing"
    );
    assert_eq!(value(&client, "a"), json!("a1"));
    assert_eq!(counts(&client), (1, 0, 1));
}

#[test]
fn a_variation_that_is_not_there_is_in_the_status_and_fails_who_gets_it() {
    let mut bad = text("a", 1, "x");
    bad["targetUsers"] =
        json!([{"keyIds": ["v"], "variationId": "v1"}, {"keyIds": ["u"], "variationId": "gone"}]);
    let client = with(json!([bad]));
    let status = client.status();
    assert_eq!(
        status["problems"][0]["path"],
        "data.featureFlags[0].targetUsers[1].variationId"
    );
    assert_eq!(status["problems"][0]["flag"], "a");
    let failed = decision(&client, "a");
    assert_eq!(
        (&failed["error"], &failed["message"]),
        (&json!("GENERAL"), &json!("error in evaluation"))
    );
}

#[test]
fn booleans_are_switches_and_other_types_are_none() {
    let client = client(json!({"defaults": {"ghost": true, "gone": "on"}}));
    let user = user();
    let switch = |flag| client.switch(&Request::new(flag, &user));
    assert_eq!(switch("ghost"), Ok(Some(true)));
    let flags = json!([
        flag("a", 1, "boolean", "true"),
        flag("b", 1, "string", "true"),
        flag("c", 1, "boolean", "1")
    ]);
    update(&client, &message("full", flags, json!([])));
    assert_eq!(switch("a"), Ok(Some(true)));
    assert_eq!(switch("b"), Ok(None));
    assert_eq!(switch("c"), Ok(None));
    assert_eq!(switch("gone"), Ok(None));
    assert_eq!(switch("other"), Err(ErrorCode::FlagNotFound));
    assert_eq!(decision(&client, "b")["enabled"], json!(true));
}

#[test]
fn details_are_the_platforms_own_words() {
    let client = with(json!([text("a", 1, "on")]));
    let user = user();
    let request = Request {
        details: true,
        ..Request::new("a", &user)
    };
    let details = client.evaluate(&request, |decision| decision.details.take().unwrap());
    let expected = json!({"reason": "fall through all rules", "keyName": "a", "name": "name of a", "sendToExperiment": false});
    assert_eq!(*details, expected);
}

#[test]
fn all_flags_are_decided_or_none_and_told_when_they_are_looked_at() {
    let mut quiet = text("b", 1, "second");
    quiet["insightsEnabled"] = json!(false);
    let client = with(json!([text("a", 1, "first"), quiet]));
    let user = user();
    let mut decisions = Vec::new();
    let each = |name: &str, decision: crate::decision::Decision<'_>| {
        decisions.push((name.to_owned(), decision.into_owned()));
    };
    client.evaluate_all(&Request::new("", &user), each).unwrap();
    for (name, decision) in &decisions {
        client.expose(&Request::new(name, &user), decision);
    }
    let events = client.drain_events(9);
    assert_eq!(events.len(), 1, "insights are off for the other");
    assert_eq!(events[0]["variations"][0]["featureFlagKey"], "a");
    let mut damaged = text("c", 2, "x");
    damaged["fallthrough"]["variations"] = json!([]);
    update(&client, &message("patch", json!([damaged]), json!([])));
    let all = |user: &User| client.evaluate_all(&Request::new("", user), |_, _| ());
    assert_eq!(all(&user), Err(ErrorCode::General));
    assert_eq!(all(&User::new("u")), Err(ErrorCode::InvalidContext));
}

#[test]
fn segments_that_spread_end_one_decision_and_fail_those_of_all_flags() {
    let refer = |id: &str, other: &str| {
        let rule = json!({"conditions": [
            {"property": "User is in segment", "op": "", "value": format!("[\"{other}\"]")},
        ]});
        let mut segment = segment(id, &date(1), json!([]));
        segment["rules"] = json!([rule, rule, rule]);
        segment
    };
    let flags = (0..40).map(|n| {
        let mut flag = text(&format!("f{n}"), 1, "on");
        flag["rules"] = json!([{"includedInExpt": false, "variations": [], "conditions": [
            {"property": "User is in segment", "op": "", "value": "[\"s\"]"},
        ]}]);
        flag
    });
    let segments = json!([refer("s", "t"), refer("t", "s")]);
    let client = client(json!({}));
    update(&client, &message("full", flags.collect(), segments));
    assert_eq!(value(&client, "f7"), json!("on"));
    let all = client.evaluate_all(&Request::new("", &user()), |_, _| {});
    assert_eq!(all, Err(ErrorCode::General));
}

#[test]
fn users_and_metrics_of_any_number_are_told() {
    let client = client(json!({}));
    let (user, nameless) = (user(), User::new("u"));
    let track = |event, user, value: Option<Value>| {
        let metric = Metric {
            event,
            user,
            value: value.as_ref(),
            properties: None,
            flags: None,
        };
        client.track(&metric).unwrap()
    };
    assert!(track("click", &user, Some(json!(-1))) && track("$identify", &user, None));
    assert!(!track("click", &nameless, None) && !track("", &user, None));
    assert!(!track("click", &user, Some(json!("5"))));
    let events = client.drain_events(9);
    let known = json!({"keyId": "u", "name": "Una", "customizedProperties": []});
    assert_eq!(events[0]["metrics"][0]["numericValue"], json!(-1));
    assert_eq!(events[1], json!({"user": known}));
}

#[test]
fn known_flags_and_attributes_have_their_known_numbers() {
    for (flag, attribute, split, experiment) in [
        (
            "checkout",
            "user-1",
            0.8097134605050087,
            0.31872590351849794,
        ),
        ("checkout", "user-2", 0.3419624138623476, 0.6565318577922881),
        (
            "checkout",
            "user-3",
            0.050593845546245575,
            0.6749501642771065,
        ),
        ("checkout", "", 0.0534832370467484, 0.25128525774925947),
        (
            "dark_mode",
            "user-1",
            0.08562705339863896,
            0.651633205357939,
        ),
        (
            "dark_mode",
            "user-2",
            0.9362417161464691,
            0.5132728298194706,
        ),
        (
            "promo.banner",
            "acme",
            0.6967543568462133,
            0.8500914145261049,
        ),
        (
            "promo.banner",
            "umbrella",
            0.6781905079260468,
            0.18085334869101644,
        ),
        (
            "new checkout",
            "Ann 7",
            0.0560006657615304,
            0.6444806554354727,
        ),
        ("flag", "zoë", 0.753647718578577, 0.5435738898813725),
        ("flag", "用户-1", 0.34984482964500785, 0.2392412801273167),
        ("flag", "a\u{301}", 0.5166185367852449, 0.8799821953289211),
        ("flag", "\u{e1}", 0.8088179533369839, 0.403594137635082),
        ("フラグ", "u", 0.18440562533214688, 0.005931995343416929),
        ("flag", "42", 0.13123402185738087, 0.10628973226994276),
        ("fla", "g42", 0.13123402185738087, 0.10628973226994276),
        ("f", "1.5", 0.7565377173013985, 0.5221327226608992),
        ("f", "True", 0.7895591501146555, 0.14645383413881063),
        ("edge-", "almfmdka", 0.0, 0.41253107134252787),
        ("edge-", "cogbjkia", 0.125, 0.724036131054163),
        ("edge-", "nejnklod", 0.25, 0.5664213849231601),
        ("edge-", "eajicjdp", 0.5, 0.1550554488785565),
        ("edge-", "hgieiiac", 0.5, 0.054922828916460276),
        ("edge-", "cdcbaokl", 0.75, 0.5024030283093452),
        ("edge-", "lpbcdmnf", 1.0, 0.6071325391530991),
    ] {
        assert_eq!(
            portion::number(&[flag, attribute]),
            split,
            "{flag} {attribute}"
        );
        let sampled = portion::number(&["expt", flag, attribute]);
        assert_eq!(sampled, experiment, "{flag} {attribute}");
    }
}
