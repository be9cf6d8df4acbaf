//! What the vectors do not show: events, custom dimensions, races, reading, refusals.

use crate::client::Client;
use crate::config::Config;
use crate::ruleset::{Metric, Mode, Request};
use crate::sticky::Store;
use crate::sticky::host::{Host, HostStore};
use crate::sticky::memory::MemoryStore;
use crate::sticky::staged::{Cue, Staged};
use crate::user::User;
use crate::value::{Map, Value};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// Two experiments for everybody, each with one variation, and a bandit.
fn document(by_events: bool) -> Value {
    let campaign = |id: u32, key: &str, goals: Value| {
        json!({"id": id, "key": key, "status": "RUNNING", "type": "VISUAL_AB", "percentTraffic": 100, "goals": goals,
               "segments": {}, "isMAB": key == "bandit",
               "variations": [{"id": 1, "name": "Control", "weight": 100}, {"id": 2, "name": "Other", "weight": 0}]})
    };
    let revenue =
        json!({"id": 4, "identifier": "r", "type": "REVENUE_TRACKING", "revenueProp": "amt"});
    json!({"version": 1, "accountId": 60, "sdkKey": "abc123", "isEventArchEnabled": by_events, "campaigns": [
        campaign(11, "one", json!([{"id": 3, "identifier": "g", "type": "CUSTOM_GOAL"}, revenue])),
        campaign(12, "two", json!([{"id": 7, "identifier": "g", "type": "CUSTOM_GOAL"}])),
        campaign(13, "bandit", json!([])),
    ]})
}

fn client(by_events: bool, store: Option<Arc<dyn Store>>) -> Client {
    let config = json!({"dialect": "vwo-fullstack", "now_ms": 1_700_000_000_123_i64, "events": {"exposures": true}});
    let client = Client::new(Config::from_json(&config.to_string()).unwrap(), store).unwrap();
    client.update(&document(by_events).to_string()).unwrap();
    client
}

fn ashley() -> User {
    let context = json!({"userAgent": "UA/1", "ipAddress": "1.2.3.4"});
    User::from_value(json!({"key": "Ashley", "context": context})).unwrap()
}

fn decide(client: &Client, flag: &str, mode: Mode) -> Value {
    let user = ashley();
    let request = Request {
        mode,
        ..Request::new(flag, &user)
    };
    client.evaluate(&request, |decision| decision.to_json())
}

fn track(client: &Client, event: &str, value: Value, properties: Value) -> bool {
    let Value::Object(properties) = properties else {
        unreachable!("properties are an object")
    };
    let metric = Metric {
        event,
        user: &ashley(),
        value: Some(&value).filter(|value| !value.is_null()),
        properties: Some(&properties),
        flags: None,
    };
    client.track(&metric).unwrap()
}

fn drain(client: &Client) -> Value {
    Value::Array(client.drain_events(usize::MAX))
}

#[test]
fn entries_of_a_batch_are_queued_where_the_document_has_no_events_architecture() {
    let client = client(false, None);
    decide(&client, "one", Mode::Expose);
    decide(&client, "one", Mode::Read);
    assert!(track(&client, "r", json!(12.5), json!({})));
    assert!(!track(&client, "r", json!(0), json!({"amt": 5})));
    assert!(track(&client, "g", json!(9), json!({})));
    assert!(track(
        &client,
        "vwo_syncVisitorProp",
        json!(null),
        json!({"k": "v", "é": 1.0})
    ));
    let entry = |own: Value| {
        let mut entry = json!({"u": "1669D9580F495295B7E1667DAA2A9716", "sId": 1_700_000_000,
                               "visitor_ua": "UA/1", "visitor_ip": "1.2.3.4"});
        for (name, value) in own.as_object().unwrap() {
            entry[name.as_str()] = value.clone();
        }
        entry
    };
    let expected = json!([
        entry(json!({"c": 1, "e": 11, "eT": 1})),
        entry(json!({"c": 1, "e": 11, "g": 4, "eT": 2, "r": 12.5})),
        entry(json!({"c": 1, "e": 11, "g": 3, "eT": 2})),
        entry(json!({"c": 1, "e": 12, "g": 7, "eT": 2})),
        entry(json!({"t": "{\"u\": {\"k\": \"v\"}}", "eT": 3})),
        entry(json!({"t": "{\"u\": {\"\\u00e9\": \"1.0\"}}", "eT": 3})),
    ]);
    assert_eq!(drain(&client), expected);
}

#[test]
fn event_bodies_are_queued_where_the_document_has_the_events_architecture() {
    let client = client(true, None);
    decide(&client, "one", Mode::Expose);
    assert!(track(
        &client,
        "r",
        json!(12.5),
        json!({"amt": 7, "z": "q"})
    ));
    assert!(track(&client, "g", json!(null), json!({})));
    assert!(track(
        &client,
        "vwo_syncVisitorProp",
        json!(null),
        json!({"k": true})
    ));
    let events = drain(&client);
    let sdk = json!({"vwo_sdkName": "flagstay", "vwo_sdkVersion": env!("CARGO_PKG_VERSION"), "vwo_envKey": "abc123"});
    let with_sdk = |props: Value| {
        let mut all = sdk.clone();
        for (name, value) in props.as_object().unwrap() {
            all[name.as_str()] = value.clone();
        }
        all
    };
    assert_eq!(
        events[0],
        json!({"d": {"msgId": "1669D9580F495295B7E1667DAA2A9716-1700000000123",
            "visId": "1669D9580F495295B7E1667DAA2A9716", "sessionId": 1_700_000_000,
            "event": {"props": with_sdk(json!({"id": 11, "variation": 1, "isFirst": 1})),
                      "name": "vwo_variationShown", "time": 1_700_000_000_123_i64},
            "visitor": {"props": {"vwo_fs_environment": "abc123"}}}})
    );
    let props = |at: usize| &events[at]["d"]["event"]["props"];
    let meta = json!({"metric": {"id_11": ["g_4"]}, "amt": 12.5});
    let expected = json!({"vwoMeta": meta, "isCustomEvent": true, "amt": 7, "z": "q"});
    assert_eq!(props(1), &with_sdk(expected));
    let meta = json!({"metric": {"id_11": ["g_3"], "id_12": ["g_7"]}});
    assert_eq!(
        props(2),
        &with_sdk(json!({"vwoMeta": meta, "isCustomEvent": true}))
    );
    assert_eq!(props(3), &with_sdk(json!({"isCustomEvent": true})));
    let visitor = json!({"vwo_fs_environment": "abc123", "k": "True"});
    assert_eq!(events[3]["d"]["visitor"]["props"], visitor);
    assert_eq!(events.as_array().unwrap().len(), 4);
}

#[test]
fn a_user_who_is_known_is_not_shown_again() {
    let client = client(true, Some(Arc::new(MemoryStore::default())));
    for _ in 0..2 {
        decide(&client, "one", Mode::Expose);
    }
    assert_eq!(drain(&client).as_array().unwrap().len(), 1);
}

#[test]
fn a_bandit_refuses_to_decide_without_a_store() {
    let without = client(true, None);
    let refused = decide(&without, "bandit", Mode::Expose);
    assert_eq!(
        (&refused["error"], &refused["enabled"]),
        (&json!("GENERAL"), &json!(false))
    );
    assert_eq!(
        decide(&without, "bandit", Mode::Read)["variation"],
        "Control"
    );
    let with = client(true, Some(Arc::new(MemoryStore::default())));
    assert_eq!(
        decide(&with, "bandit", Mode::Expose)["variation"],
        "Control"
    );
}

#[test]
fn a_miss_leaves_the_callers_default_alone() {
    let client = client(true, Some(Arc::new(MemoryStore::default())));
    assert_eq!(decide(&client, "one", Mode::Read)["value"], json!(null));
    let mut document = document(true);
    document["campaigns"][0]["type"] = json!("FEATURE_TEST");
    client.update(&document.to_string()).unwrap();
    assert_eq!(decide(&client, "one", Mode::Read)["value"], json!({}));
    let user = ashley();
    let request = Request {
        default: Some("{\"rows\": 3}"),
        mode: Mode::Read,
        ..Request::new("one", &user)
    };
    client.evaluate(&request, |decision| {
        assert_eq!(decision.value.value(), None)
    });
}

#[test]
fn explaining_writes_nothing_over_a_record_that_no_longer_counts() {
    let store = Arc::new(MemoryStore::default());
    let gone = json!({"userId": "Ashley", "campaignKey": "one", "variationName": "Gone"});
    store.set("Ashley", "one", &gone).unwrap();
    let client = client(true, Some(store.clone()));
    let user = ashley();
    let request = Request {
        mode: Mode::Read,
        ..Request::new("one", &user)
    };
    assert_eq!(client.explain(&request)["decision"]["variation"], "Control");
    assert_eq!(*store.get("Ashley", "one").unwrap().unwrap(), gone);
    assert_eq!(decide(&client, "one", Mode::Read)["variation"], "Control");
    let written = store.get("Ashley", "one").unwrap().unwrap();
    assert_eq!(written["variationName"], "Control");
}

/// A store in which somebody else writes between the first read and the first write.
fn crowded(before: Option<Value>, other: Value) -> Arc<Staged> {
    let other = Mutex::new(Some(other));
    let store = Staged::new(move |inner, cue, unit, flag| {
        let other = match cue {
            Cue::Got => other.lock().unwrap().take(),
            _ => None,
        };
        other.map_or(Ok(()), |other| inner.set(unit, flag, &other))
    });
    if let Some(record) = before {
        store.inner.set("Ashley", "one", &record).unwrap();
    }
    store
}

fn stored(variation: &str, goals: Option<&str>) -> Value {
    let mut record = json!({"userId": "Ashley", "campaignKey": "one", "variationName": variation});
    if let Some(goals) = goals {
        record["goalIdentifier"] = json!(goals);
    }
    record
}

#[test]
fn whoever_is_first_to_store_a_decision_decides_for_both() {
    let store = crowded(None, stored("Other", None));
    let client = client(true, Some(store.clone()));
    let decision = decide(&client, "one", Mode::Expose);
    assert_eq!(
        (&decision["variation"], &decision["sticky"]),
        (&json!("Other"), &json!(true))
    );
    // The other one has told it.
    assert_eq!(drain(&client), json!([]));
    assert_eq!(
        *store.inner.get("Ashley", "one").unwrap().unwrap(),
        stored("Other", None)
    );
}

#[test]
fn goals_that_are_reached_at_once_are_all_kept() {
    let before = stored("Control", None);
    let store = crowded(Some(before.clone()), stored("Control", Some("r")));
    assert!(track(
        &client(true, Some(store.clone())),
        "g",
        json!(null),
        json!({})
    ));
    let standing = store.inner.get("Ashley", "one").unwrap().unwrap();
    assert_eq!(*standing, stored("Control", Some("r_vwo_g")));

    // The other one was there with the same goal, and one more.
    let store = crowded(Some(before), stored("Control", Some("r_vwo_g")));
    assert!(!track(
        &client(true, Some(store)),
        "g",
        json!(null),
        json!({})
    ));
}

/// A User Storage Service as a host has it: one method to get, one to set, the record carries its keys.
#[derive(Clone, Default)]
struct Service(Arc<Mutex<Map<String, Value>>>);

impl Host for Service {
    fn get(&self, unit: &str, flag: &str) -> Result<Option<String>, String> {
        let held = self.0.lock().unwrap();
        Ok(held.get(&format!("{flag}:{unit}")).map(Value::to_string))
    }

    fn set(&self, _: &str, _: &str, record: &str) -> Result<(), String> {
        let record: Value = serde_json::from_str(record).map_err(|e| e.to_string())?;
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        let place = format!("{}:{}", text("campaignKey"), text("userId"));
        self.0.lock().unwrap().insert(place, record);
        Ok(())
    }

    fn remove(&self, unit: &str, flag: &str) -> Result<(), String> {
        self.0.lock().unwrap().remove(&format!("{flag}:{unit}"));
        Ok(())
    }

    fn load(&self, _: &str) -> Option<Result<Option<String>, String>> {
        None
    }

    fn set_if_absent(&self, _: &str, _: &str, _: &str) -> Option<Result<String, String>> {
        None
    }
}

#[test]
fn a_user_storage_service_that_files_by_the_record_itself_serves_as_a_store() {
    let service = Service::default();
    let python = json!({"userId": "Ashley", "campaignKey": "two", "variationName": "Other", "goalIdentifiers": "x"});
    service
        .0
        .lock()
        .unwrap()
        .insert("two:Ashley".to_owned(), python);
    let client = client(true, Some(Arc::new(HostStore::new(service.clone()))));
    assert_eq!(decide(&client, "one", Mode::Expose)["variation"], "Control");
    assert!(track(&client, "g", json!(null), json!({})));
    assert!(!track(&client, "g", json!(null), json!({})));
    let held = service.0.lock().unwrap();
    assert_eq!(held["one:Ashley"], stored("Control", Some("g")));
    let two = json!({"userId": "Ashley", "campaignKey": "two", "variationName": "Other", "goalIdentifier": "x_vwo_g"});
    assert_eq!(held["two:Ashley"], two);
}
