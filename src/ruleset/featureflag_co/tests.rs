//! What the vectors do not show: patches of several items, bounds, damaged places in the status, details, switches.

use crate::client::Client;
use crate::config::Config;
use crate::decision::ErrorCode;
use crate::ruleset::portion;
use crate::ruleset::{Metric, Request};
use crate::user::User;
use crate::value::Value;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

/// Account 11, project 22, environment 33.
const SECRET: &str = "eF9fMTFfXzIyX18zMw==";

fn option(local_id: i64, value: &str) -> Value {
    json!({"localId": local_id, "variationValue": value})
}

fn split(local_id: i64, value: &str) -> Value {
    json!([{"exptRollout": null, "rolloutPercentage": [0, 1], "valueOption": option(local_id, value)}])
}

fn flag(key: &str, timestamp: i64, value: &str) -> Value {
    let id = format!("FF__11__22__33__{key}");
    json!({
        "id": id, "isArchived": false, "timestamp": timestamp, "exptIncludeAllRules": null,
        "ff": {
            "id": id, "name": format!("name of {key}"), "keyName": key, "status": "Enabled",
            "isDefaultRulePercentageRolloutsIncludedInExpt": null,
            "defaultRulePercentageRollouts": split(1, value),
            "variationOptionWhenDisabled": option(2, "off"),
        },
        "ffp": [], "targetIndividuals": [], "fftuwmtr": [],
    })
}

fn segment(id: &str, timestamp: i64, included: Value) -> Value {
    json!({"id": id, "isArchived": false, "timestamp": timestamp, "excluded": [], "included": included})
}

fn message(event: &str, flags: Value, segments: Value) -> Value {
    json!({"messageType": "data-sync", "data": {"eventType": event, "featureFlags": flags, "segments": segments}})
}

fn client(options: Value) -> Client {
    let mut options = options;
    options["env_secret"] = json!(SECRET);
    let config =
        json!({"dialect": "featureflag-co", "options": options, "events": {"exposures": true}});
    Client::new(Config::from_json(&config.to_string()).unwrap(), None).unwrap()
}

fn with(flags: Value) -> Client {
    let client = client(json!({}));
    client
        .update(&message("full", flags, json!([])).to_string())
        .unwrap();
    client
}

fn value(client: &Client, flag: &str) -> Value {
    let decision = decision(client, flag);
    match &decision["error"] {
        Value::Null => decision["value"].clone(),
        error => error.clone(),
    }
}

fn decision(client: &Client, flag: &str) -> Value {
    let user = User::new("u");
    client.evaluate(&Request::new(flag, &user), |decision| decision.to_json())
}

fn update(client: &Client, message: &Value) {
    client.update(&message.to_string()).unwrap();
}

fn counts(client: &Client) -> (u64, u64, u64) {
    let updates = &client.status()["updates"];
    let count = |name: &str| updates[name].as_u64().unwrap();
    (count("loaded"), count("unchanged"), count("refused"))
}

#[test]
fn each_item_of_a_patch_counts_by_its_own_timestamp() {
    let client = with(json!([
        flag("a", 100, "a1"),
        flag("b", 100, "b1"),
        flag("c", 90, "c1")
    ]));
    // Newer than its predecessor, older, as old, newer though older than the store, and new.
    let flags = json!([
        flag("a", 200, "a2"),
        flag("b", 99, "b2"),
        flag("c", 95, "c2"),
        flag("d", 50, "d1")
    ]);
    update(
        &client,
        &message("patch", flags, json!([segment("s", 10, json!(["u"]))])),
    );
    let values = ["a", "b", "c", "d"].map(|flag| value(&client, flag));
    assert_eq!(values, [json!("a2"), json!("b1"), json!("c2"), json!("d1")]);
    // The patch as a whole is as new as its newest item: the same once more changes nothing, nor does an older one.
    update(
        &client,
        &message("patch", json!([flag("e", 200, "e1")]), json!([])),
    );
    update(
        &client,
        &message("full", json!([flag("e", 199, "e1")]), json!([])),
    );
    assert_eq!(value(&client, "e"), json!("FLAG_NOT_FOUND"));
    assert_eq!(counts(&client), (2, 2, 0));
}

#[test]
fn of_two_items_with_one_id_the_last_counts_in_a_patch_too() {
    for (first, last, expected) in [(200, 150, "last"), (150, 200, "last"), (200, 90, "start")] {
        let client = with(json!([flag("a", 100, "start")]));
        let flags = json!([flag("a", first, "first"), flag("a", last, "last")]);
        update(&client, &message("patch", flags, json!([])));
        assert_eq!(value(&client, "a"), json!(expected), "{first} {last}");
    }
}

#[test]
fn a_patch_whose_items_are_all_old_changes_nothing() {
    let client = with(json!([flag("a", 100, "a1"), flag("b", 100, "b1")]));
    update(
        &client,
        &message("patch", json!([flag("c", 300, "c1")]), json!([])),
    );
    let mut later = flag("c", 300, "c2");
    later["timestamp"] = json!(300.5);
    update(
        &client,
        &message("patch", json!([flag("a", 50, "a2"), later]), json!([])),
    );
    assert_eq!(value(&client, "a"), json!("a1"));
    assert_eq!(value(&client, "c"), json!("c2"));
}

#[test]
fn an_archived_flag_disappears_and_may_come_back() {
    let client = with(json!([flag("a", 100, "a1")]));
    let mut archived = flag("a", 200, "a2");
    archived["isArchived"] = json!(true);
    update(&client, &message("patch", json!([archived]), json!([])));
    assert_eq!(value(&client, "a"), json!("FLAG_NOT_FOUND"));
    assert_eq!(client.status()["flags"], 0);
    update(
        &client,
        &message("patch", json!([flag("a", 300, "a3")]), json!([])),
    );
    assert_eq!(value(&client, "a"), json!("a3"));
}

#[test]
fn a_message_with_one_damaged_item_changes_nothing_and_says_why() {
    let client = with(json!([flag("a", 100, "a1")]));
    let mut damaged = flag("b", 200, "b1");
    damaged.as_object_mut().unwrap().remove("timestamp");
    let patch = message("patch", json!([flag("a", 200, "a2"), damaged]), json!([]));
    let error = client.update(&patch.to_string()).unwrap_err();
    assert_eq!(
        error.message,
        "data.featureFlags[1]: `timestamp` is missing"
    );
    assert_eq!(value(&client, "a"), json!("a1"));
    assert!(client.update("{\"messageType\": \"pong\"}").is_ok());
    assert_eq!(counts(&client), (1, 1, 1));
    assert_eq!(client.status()["state"], "READY");
}

#[test]
fn a_client_waits_for_a_document_with_something_new_in_it() {
    let client = client(json!({"defaults": {"a": "configured"}}));
    assert_eq!(client.status()["state"], "INITIALIZING");
    update(&client, &message("full", json!([]), json!([])));
    assert_eq!(client.status()["state"], "INITIALIZING");
    let early = decision(&client, "a");
    assert_eq!(
        (&early["value"], &early["error"]),
        (&json!("configured"), &json!("PROVIDER_NOT_READY"))
    );
    assert_eq!(early["message"], "client not ready");
    update(
        &client,
        &message("patch", json!([]), json!([segment("s", 1, json!([]))])),
    );
    assert_eq!(client.status()["state"], "READY");
    client.close();
    assert_eq!(decision(&client, "a")["value"], json!("configured"));
}

#[test]
fn a_chain_of_prerequisites_is_followed_and_a_circle_fails() {
    let needing = |key: String, other: String| {
        let mut flag = flag(&key, 1, "on");
        let id = format!("FF__11__22__33__{other}");
        flag["ffp"] = json!([{"prerequisiteFeatureFlagId": id, "ValueOptionsVariationValue": {"localId": 1}}]);
        flag
    };
    let mut flags: Vec<_> = (0..150)
        .map(|n| needing(format!("f{n}"), format!("f{}", n + 1)))
        .collect();
    flags.push(flag("f150", 1, "on"));
    flags.push(needing("x".to_owned(), "y".to_owned()));
    flags.push(needing("y".to_owned(), "x".to_owned()));
    flags.push(needing("z".to_owned(), "gone".to_owned()));
    let small = std::thread::Builder::new().stack_size(256 * 1024);
    let thread = small.spawn(move || {
        let client = with(json!(flags));
        assert_eq!(value(&client, "f0"), json!("on"));
        assert_eq!(value(&client, "x"), json!("GENERAL"));
        assert_eq!(decision(&client, "z")["reason"], "PREREQUISITE_FAILED");
        let events = client.drain_events(10);
        assert_eq!(events.len(), 2, "what fails is not told");
        assert_eq!(events[0]["userVariations"].as_array().unwrap().len(), 151);
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn flags_that_need_each_other_twice_end_soon() {
    let mut flags: Vec<_> = (0..60)
        .map(|n| {
            let mut flag = flag(&format!("f{n}"), 1, "on");
            let other = json!({"prerequisiteFeatureFlagId": format!("FF__11__22__33__f{}", n + 1),
                               "ValueOptionsVariationValue": {"localId": 1}});
            flag["ffp"] = json!([other, other]);
            flag
        })
        .collect();
    flags.push(flag("f60", 1, "on"));
    assert_eq!(value(&with(json!(flags)), "f0"), json!("GENERAL"));
}

#[test]
fn a_prerequisite_may_be_spelt_either_way_and_the_capital_one_counts_first() {
    let needing = |spelt: Value| {
        let mut flag = flag("b", 1, "on");
        flag["ffp"] = json!([spelt]);
        flag["ffp"][0]["prerequisiteFeatureFlagId"] = json!("FF__11__22__33__a");
        value(&with(json!([flag, self::flag("a", 1, "on")])), "b")
    };
    assert_eq!(
        needing(json!({"valueOptionsVariationValue": {"localId": 1}})),
        json!("on")
    );
    assert_eq!(
        needing(json!({"valueOptionsVariationValue": {"localId": 2}})),
        json!("off")
    );
    let both = json!({"ValueOptionsVariationValue": {"localId": 1}, "valueOptionsVariationValue": {"localId": 2}});
    assert_eq!(needing(both), json!("on"));
    assert_eq!(needing(json!({})), json!("GENERAL"));
}

#[test]
fn what_raises_is_in_the_status_with_flag_and_path() {
    let mut bad = flag("a", 1, "on");
    bad["fftuwmtr"] = json!([
        {"isIncludedInExpt": null, "valueOptionsVariationRuleValues": split(1, "x"), "ruleJsonContent": [
            {"property": "plan", "operation": "MatchRegex", "value": "("},
            {"property": "plan", "operation": "Equals", "value": "x"},
        ]},
    ]);
    bad["ff"]["defaultRulePercentageRollouts"][0]["valueOption"] = json!(null);
    let client = with(json!([bad]));
    let status = client.status();
    let found: Vec<_> = status["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        found,
        [
            "data.featureFlags[0].fftuwmtr[0].ruleJsonContent[0].value",
            "data.featureFlags[0].fftuwmtr[0].ruleJsonContent[1]",
            "data.featureFlags[0].ff.defaultRulePercentageRollouts[0].valueOption",
        ]
    );
    assert_eq!(status["problems"][0]["flag"], "FF__11__22__33__a");
    assert_eq!(value(&client, "a"), json!("GENERAL"));
}

#[test]
fn details_are_the_platforms_own_words() {
    let client = with(json!([flag("a", 1, "on")]));
    let user = User::new("u");
    let request = Request {
        details: true,
        ..Request::new("a", &user)
    };
    let details = client.evaluate(&request, |decision| decision.details.take().unwrap());
    let expected = json!({"reason": "fall through all rules", "keyName": "a", "name": "name of a", "sendToExperiment": true});
    assert_eq!(*details, expected);
    assert_eq!(decision(&client, "a")["details"], json!(null));
}

#[test]
fn every_flag_reads_as_a_switch_and_configured_defaults_win() {
    let client = client(json!({"defaults": {"ghost": "on", "gone": "off"}}));
    let user = User::new("u");
    let switch = |flag| client.switch(&Request::new(flag, &user));
    assert_eq!(switch("ghost"), Ok(Some(true)));
    assert_eq!(switch("a"), Err(ErrorCode::ProviderNotReady));
    update(
        &client,
        &message(
            "full",
            json!([flag("a", 1, "Yes"), flag("b", 1, "blue")]),
            json!([]),
        ),
    );
    assert_eq!(switch("a"), Ok(Some(true)));
    assert_eq!(switch("b"), Ok(Some(false)));
    assert_eq!(switch("ghost"), Ok(Some(true)));
    assert_eq!(switch("gone"), Ok(Some(false)));
    assert_eq!(switch("other"), Err(ErrorCode::FlagNotFound));
}

#[test]
fn all_flags_are_decided_or_none() {
    let mut named = flag("b", 1, "second");
    named["ff"]["keyName"] = json!("a");
    let mut foreign = flag("c", 1, "foreign");
    foreign["id"] = json!("FF__1__2__3__c");
    let all = |client: &Client, user: &User| {
        let mut all = Vec::new();
        let request = Request::new("", user);
        let each = |name: &str, decision: crate::decision::Decision<'_>| {
            all.push((name.to_owned(), decision.to_json()["value"].clone()));
        };
        client.evaluate_all(&request, each).map(|()| all)
    };
    let user = User::new("u");
    let client = with(json!([flag("a", 1, "first"), named, foreign]));
    let expected = vec![
        ("a".to_owned(), json!("second")),
        ("c".to_owned(), json!("foreign")),
    ];
    assert_eq!(all(&client, &user), Ok(expected));
    assert_eq!(
        all(&client, &User::new(" ")),
        Err(ErrorCode::TargetingKeyMissing)
    );
    let mut damaged = flag("d", 2, "x");
    damaged["ffp"] = json!(null);
    update(&client, &message("patch", json!([damaged]), json!([])));
    assert_eq!(all(&client, &user), Err(ErrorCode::General));
    assert_eq!(
        client.drain_events(9),
        Vec::<Value>::new(),
        "nobody has looked yet"
    );
}

#[test]
fn a_decision_of_all_flags_is_told_when_it_is_looked_at() {
    let client = with(json!([flag("a", 1, "on")]));
    let user = User::new("u");
    let mut decisions = Vec::new();
    let each = |name: &str, decision: crate::decision::Decision<'_>| {
        decisions.push((name.to_owned(), decision.into_owned()));
    };
    client.evaluate_all(&Request::new("", &user), each).unwrap();
    let (name, decision) = &decisions[0];
    let request = Request::new(name, &user);
    client.expose(&request, decision);
    client.expose(&request, decision);
    let events = client.drain_events(9);
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["userVariations"][0]["featureFlagKeyName"], "a");
    // Meanwhile the flag answers something else: what was shown cannot be told any more.
    update(
        &client,
        &message("patch", json!([flag("a", 2, "other")]), json!([])),
    );
    client.expose(&request, decision);
    assert_eq!(client.drain_events(9), Vec::<Value>::new());
}

#[test]
fn metrics_are_taken_for_users_that_are_accepted_and_values_above_zero() {
    let client = client(json!({}));
    let (user, refused) = (User::new("u"), User::new(""));
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
    assert!(track("click", &user, None) && track("paid", &user, Some(json!(0.5))));
    for value in [json!(0), json!(-1), json!("5"), json!(true)] {
        assert!(!track("click", &user, Some(value)));
    }
    assert!(!track("", &user, None) && !track("click", &refused, None));
    let events = client.drain_events(9);
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["metrics"][0]["numericValue"], json!(1.0));
}

#[test]
fn known_keys_have_their_known_numbers() {
    for (key, split, experiment) in [
        ("test-value", 0.14653629204258323, 0.283852597232908),
        ("qKPKh1S3FolC", 0.9105919692665339, 0.266311458311975),
        (
            "3eacb184-2d79-49df-9ea7-edd4f10e4c6f",
            0.08994403155520558,
            0.9777482026256621,
        ),
        ("a", 0.5510939303785563, 0.9867187184281647),
        ("A", 0.878014266025275, 0.83147964021191),
        ("user-1", 0.6518811983987689, 0.04604835156351328),
        ("user-2", 0.256297139916569, 0.13937630970031023),
        ("user-3", 0.6157925217412412, 0.285390364471823),
        ("u-1", 0.5191644849255681, 0.9895176896825433),
        ("0", 0.9677489032037556, 0.13407176733016968),
        ("42", 0.18143264902755618, 0.6382325445301831),
        ("  u", 0.9634600882418454, 0.4920866824686527),
        ("alice@example.org", 0.6345529579557478, 0.7412926163524389),
        ("ALICE@EXAMPLE.ORG", 0.05996988248080015, 0.5556657491251826),
        ("{}", 0.8492563250474632, 0.5548137067817152),
        (
            "f47ac10b-58cc-4372-a567-0e02b2c3d479",
            0.9095806493423879,
            0.9674166687764227,
        ),
        ("tab\there", 0.38414579443633556, 0.9213863261975348),
        ("edge-almfmdka", 0.0, 0.48708405066281557),
        ("edge-cogbjkia", 0.125, 0.14701308961957693),
        ("edge-nejnklod", 0.25, 0.49756336910650134),
        ("edge-eajicjdp", 0.5, 0.9968527448363602),
        ("edge-hgieiiac", 0.5, 0.05473816487938166),
        ("edge-cdcbaokl", 0.75, 0.9398562563583255),
        ("edge-lpbcdmnf", 1.0, 0.13656367594376206),
    ] {
        assert_eq!(portion::number(&[key]), split, "{key}");
        let encoded = BASE64_STANDARD.encode(key);
        assert_eq!(portion::number(&[&encoded]), experiment, "{key}");
    }
}
