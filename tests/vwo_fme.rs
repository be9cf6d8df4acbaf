//! What the dialect `vwo-fme` does beyond the vectors: races, reading without writing, events, problems, and a store
//! that the platform's own SDK has filled.

use flagstay::client::Client;
use flagstay::config::Config;
use flagstay::ruleset::{Metric, Mode, Request};
use flagstay::sticky::memory::MemoryStore;
use flagstay::sticky::staged::{Cue, Staged};
use flagstay::sticky::{Store, StoreError};
use flagstay::user::User;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A rollout for everybody and a test that splits in half; `group` puts its campaign into group 1 with another flag's.
fn document(group: bool) -> Value {
    let campaign = |id: u32, kind: &str, key: &str, variations: Value| {
        json!({"id": id, "key": key, "name": key, "type": kind, "status": "RUNNING", "segments": {},
               "percentTraffic": 100, "variations": variations})
    };
    let variation = |id: u32, weight: u32, value: &str| {
        json!({"id": id, "name": format!("Variation-{id}"), "weight": weight,
               "variables": [{"id": 1, "key": "colour", "type": "string", "value": value},
                             {"id": 2, "key": "colour", "type": "string", "value": "second of its name"}]})
    };
    let feature = |id: u32, key: &str, rules: Value| {
        json!({"id": id, "key": key, "name": key, "type": "FEATURE_FLAG", "status": "ON", "rules": rules,
               "metrics": [{"id": 31, "type": "REVENUE", "identifier": "bought", "revenueProp": "amount"}],
               "impactCampaign": {"campaignId": 90}})
    };
    let rule =
        |key: &str, campaign: u32| json!({"type": "T", "ruleKey": key, "campaignId": campaign});
    let mut document = json!({
        "version": 1, "accountId": 123456, "sdkKey": "key", "isMAU": true,
        "features": [
            feature(1, "checkout", json!([rule("rollout1", 1), rule("test1", 2)])),
            feature(2, "banner", json!([rule("test1", 3)])),
        ],
        "campaigns": [
            campaign(1, "FLAG_ROLLOUT", "checkout_rollout1", json!([variation(1, 100, "grey")])),
            campaign(2, "FLAG_TESTING", "checkout_test1", json!([variation(1, 50, "blue"), variation(2, 50, "green")])),
            campaign(3, "FLAG_TESTING", "banner_test1", json!([variation(1, 100, "red")])),
        ],
    });
    if group {
        document["groups"] = json!({"1": {"name": "one of them", "campaigns": ["2", "3"]}});
        document["campaignGroups"] = json!({"2": 1, "3": 1});
    }
    document
}

fn client(document: &Value, store: Option<Arc<dyn Store>>) -> Client {
    let config = json!({"dialect": "vwo-fme", "now_ms": 1_700_000_000_123_i64, "events": {"exposures": true}});
    let config = Config::from_json(&config.to_string()).expect("the configuration is in order");
    let client = Client::new(config, store).expect("the client is made");
    client
        .update(&document.to_string())
        .expect("the document is in order");
    client
}

fn decide(client: &Client, flag: &str, user: &str, mode: Mode) -> Value {
    let user = User::new(user);
    let request = Request {
        mode,
        ..Request::new(flag, &user)
    };
    client.evaluate(&request, |decision| decision.to_json())
}

/// A store in which somebody else writes between our read and our first write.
fn raced(flag: &'static str, theirs: Value) -> Arc<Staged> {
    let theirs = Mutex::new(Some(theirs));
    Staged::new(move |inner, cue, unit, claimed| {
        let theirs = match cue {
            Cue::Claim if claimed == flag => theirs.lock().expect("nobody panics in here").take(),
            _ => None,
        };
        theirs.map_or(Ok(()), |record| inner.set(unit, claimed, &record))
    })
}

#[test]
fn whoever_is_first_to_store_a_variation_decides_it_for_both() {
    let alone = decide(
        &client(&document(false), None),
        "checkout",
        "alice",
        Mode::Read,
    );
    let other = if alone["variation_id"] == "1" { 2 } else { 1 };
    let theirs = json!({"featureKey": "checkout", "userId": "alice", "experimentId": 2,
        "experimentKey": "checkout_test1", "experimentVariationId": other});
    let store = raced("checkout", theirs.clone());
    let client = client(&document(false), Some(store.clone()));
    let decided = decide(&client, "checkout", "alice", Mode::Expose);
    assert_eq!(decided["variation_id"], other.to_string());
    assert_eq!(decided["sticky"], true);
    assert_eq!(*store.get("alice", "checkout").unwrap().unwrap(), theirs);
    assert!(
        client
            .drain_events(10)
            .iter()
            .all(|event| event["d"]["event"]["name"] == "vwo_feTrackUsage"),
        "only what stands was shown, and that by somebody else"
    );
}

#[test]
fn whoever_is_first_to_store_a_groups_winner_decides_it_for_both() {
    for (theirs, key, shown) in [
        (2, "checkout_test1", "checkout"),
        (3, "banner_test1", "banner"),
    ] {
        let record = json!({"featureKey": "_vwo_meta_meg_1", "userId": "alice", "experimentId": theirs,
            "experimentKey": key, "experimentVariationId": -1});
        let store = raced("_vwo_meta_meg_1", record);
        let client = client(&document(true), Some(store));
        let banner = decide(&client, "banner", "alice", Mode::Expose);
        let checkout = decide(&client, "checkout", "alice", Mode::Expose);
        assert_eq!(banner["enabled"], shown == "banner");
        assert_eq!(checkout["rule_id"] == "test1", shown == "checkout");
    }
}

#[test]
fn a_store_that_does_not_answer_is_not_written_over() {
    let store = Staged::new(|_, cue, _, _| match cue {
        Cue::Get => Err(StoreError::Failed("nobody there".to_owned())),
        _ => Ok(()),
    });
    let held =
        json!({"experimentId": 2, "experimentKey": "checkout_test1", "experimentVariationId": 2});
    store.inner.set("alice", "checkout", &held).unwrap();
    let client = client(&document(false), Some(store.clone()));
    let decided = decide(&client, "checkout", "alice", Mode::Expose);
    assert!(
        decided["store_error"]
            .as_str()
            .unwrap()
            .contains("nobody there")
    );
    assert_eq!(
        decided["variation_id"], "2",
        "the record that stands is used once it is seen"
    );
    assert_eq!(
        *store.inner.get("alice", "checkout").unwrap().unwrap(),
        held
    );
}

#[test]
fn the_record_of_the_platforms_own_sdk_is_used_and_kept() {
    let record = json!({"featureKey": "checkout", "userId": "alice", "rolloutId": 1,
        "rolloutKey": "checkout_rollout1", "rolloutVariationId": 1, "experimentId": 2,
        "experimentKey": "checkout_test1", "experimentVariationId": 2});
    let store = Arc::new(MemoryStore::default());
    for n in 0..100 {
        store
            .set(&format!("user-{n}"), "checkout", &record)
            .unwrap();
    }
    let mut document = document(false);
    document["campaigns"][1]["percentTraffic"] = json!(0);
    let client = client(&document, Some(store.clone()));
    for n in 0..100 {
        let user = format!("user-{n}");
        let decided = decide(&client, "checkout", &user, Mode::Expose);
        assert_eq!(decided["value"], json!({"colour": "green"}));
        assert_eq!(
            (&decided["sticky"], &decided["reason"]),
            (&json!(true), &json!("STICKY"))
        );
        assert_eq!(*store.get(&user, "checkout").unwrap().unwrap(), record);
    }
    assert!(
        !decide(&client, "checkout", "newcomer", Mode::Expose)["sticky"]
            .as_bool()
            .unwrap()
    );
}

#[test]
fn somebody_who_only_looks_leaves_nothing_behind() {
    let store = Arc::new(MemoryStore::default());
    let client = client(&document(true), Some(store.clone()));
    let looked = decide(&client, "checkout", "alice", Mode::Read);
    let user = User::new("alice");
    let request = Request::new("checkout", &user);
    let explained = client.explain(&request);
    assert_eq!(explained["decision"], looked);
    assert!(explained["steps"].as_array().unwrap().len() > 2);
    assert_eq!(store.load("alice", &mut std::iter::empty()).unwrap(), []);
    assert_eq!(client.drain_events(10), Vec::<Value>::new());
    assert_eq!(decide(&client, "checkout", "alice", Mode::Expose), looked);
    assert_eq!(
        store.load("alice", &mut std::iter::empty()).unwrap().len(),
        2
    );
}

#[test]
fn groups_that_ask_each_other_end_in_an_error() {
    let mut document = document(false);
    for feature in document["features"].as_array_mut().unwrap() {
        feature["rules"] = json!([{"type": "T", "ruleKey": "r", "campaignId": feature["id"]}]);
    }
    document["campaigns"][1]["type"] = json!("FLAG_ROLLOUT");
    document["groups"] = json!({"1": {"name": "one", "campaigns": ["1", "2"]}});
    document["campaignGroups"] = json!({"1": 1, "2": 1});
    let client = client(&document, Some(Arc::new(MemoryStore::default())));
    let decided = decide(&client, "checkout", "alice", Mode::Expose);
    assert_eq!(
        (&decided["reason"], &decided["enabled"]),
        (&json!("ERROR"), &json!(false))
    );
    assert!(
        decided["message"]
            .as_str()
            .unwrap()
            .contains("depend on each other")
    );
}

#[test]
fn impressions_and_metrics_have_the_platforms_shape() {
    let client = client(&document(false), None);
    let decided = decide(&client, "checkout", "alice", Mode::Expose);
    let events = client.drain_events(10);
    let props: Vec<_> = events
        .iter()
        .map(|event| &event["d"]["event"]["props"])
        .collect();
    assert_eq!(props.len(), 3);
    assert_eq!(
        (&props[0]["id"], &props[0]["variation"]),
        (&json!(1), &json!("1"))
    );
    assert_eq!(
        (&props[1]["id"], &props[1]["variation"]),
        (&json!(2), &decided["variation_id"])
    );
    assert_eq!(
        (&props[2]["id"], &props[2]["variation"]),
        (&json!(90), &json!("2"))
    );
    let body = &events[0]["d"];
    assert_eq!(body["visId"], "3021035F151B5E9191BE243366302B14");
    assert_eq!(
        body["msgId"],
        "3021035F151B5E9191BE243366302B14-1700000000123"
    );
    assert_eq!(body["sessionId"], 1_700_000_000);
    assert_eq!(body["event"]["time"], 1_700_000_000_123_i64);
    assert_eq!(body["visitor"]["props"]["vwo_fs_environment"], "key");

    let user = User::new("alice");
    let properties = json!({"id": "mine"});
    let metric = Metric {
        event: "bought",
        user: &user,
        value: Some(&json!(12.5)),
        properties: properties.as_object(),
        flags: None,
    };
    assert_eq!(client.track(&metric), Ok(true));
    let props = &client.drain_events(10)[0]["d"]["event"]["props"];
    assert_eq!(
        (&props["amount"], &props["id"]),
        (&json!(12.5), &json!("mine"))
    );
    assert_eq!(props["isCustomEvent"], true);
    let unknown = Metric {
        event: "sold",
        ..metric
    };
    assert_eq!(client.track(&unknown), Ok(false));
    assert_eq!(client.drain_events(10), Vec::<Value>::new());
}

#[test]
fn what_does_not_work_is_in_the_status_with_flag_and_path() {
    let mut document = document(false);
    document["campaigns"][0]["variations"][0]["segments"] =
        json!({"or": [{"custom_variable": {"plan": "pro"}}, {"custom_variable": {"plan": 5}}]});
    document["campaigns"][1]["segments"] = json!({"or": [{"custom_variable": {"x": "regex([)"}}]});
    document["campaignGroups"] = json!({"3": 7});
    document["features"][1]["rules"][0]["campaignId"] = json!(3);
    document["features"][1]["rules"]
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "T", "ruleKey": "gone", "campaignId": 77}));
    let client = client(&document, None);
    let status = client.status();
    let problems: Vec<_> = status["problems"].as_array().unwrap().iter().collect();
    let has = |flag: &str, path: &str| {
        problems
            .iter()
            .any(|problem| problem["flag"] == flag && problem["path"] == path)
    };
    assert!(
        has(
            "checkout",
            "campaigns[0].variations[0].segments.or[1].custom_variable.plan"
        ),
        "{problems:?}"
    );
    assert!(
        has("checkout", "campaigns[1].segments.or[0].custom_variable.x"),
        "{problems:?}"
    );
    assert!(has("banner", "campaignGroups.3"), "{problems:?}");
    assert!(
        has("banner", "features[1].rules[1].campaignId"),
        "{problems:?}"
    );

    let mut user = User::new("alice");
    user.part_mut(flagstay::user::Part::Attributes)
        .set("plan", json!("basic"));
    let request = Request::new("checkout", &user);
    let broken = client.evaluate(&request, |decision| decision.to_json());
    assert_eq!(
        (&broken["enabled"], &broken["reason"]),
        (&json!(false), &json!("ERROR"))
    );
    let message = broken["message"].as_str().unwrap();
    assert!(
        message.starts_with("campaigns[0].variations[0].segments.or[1].custom_variable.plan: "),
        "{message}"
    );
}

#[test]
fn a_document_that_breaks_rules_is_refused_with_all_of_them_and_the_old_one_stays() {
    let client = client(&document(false), None);
    let mut broken = document(false);
    broken["accountId"] = json!(true);
    broken["campaigns"][2]["variations"][0]["weight"] = json!(null);
    let error = client.update(&broken.to_string()).unwrap_err();
    assert!(error.message.contains("accountId: "), "{}", error.message);
    assert!(
        error
            .message
            .contains("campaigns[2].variations[0].weight: "),
        "{}",
        error.message
    );
    assert_eq!(
        decide(&client, "banner", "alice", Mode::Read)["enabled"],
        true
    );
}

#[test]
fn without_a_document_a_flag_is_off_and_the_callers_default_stands() {
    let config = Config::from_json(r#"{"dialect": "vwo-fme"}"#).unwrap();
    let client = Client::new(config, None).unwrap();
    let user = User::new("alice");
    let mut request = Request::new("checkout", &user);
    let without = client.evaluate(&request, |decision| decision.to_json());
    assert_eq!(
        (&without["enabled"], &without["value"]),
        (&json!(false), &json!({}))
    );
    assert_eq!(without["error"], "PROVIDER_NOT_READY");
    request.default = Some(r#"{"colour": "mine"}"#);
    assert!(client.evaluate(&request, |decision| decision.value.value().is_none()));
}
