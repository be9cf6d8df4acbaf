//! What the dialect `statsig` does through a client: loading and passing assignments, races for the first one, what the
//! status says, a store that the platform's own SDK has filled.

use flagstay::client::Client;
use flagstay::config::Config;
use flagstay::host::Override;
use flagstay::ruleset::{Kind, Request};
use flagstay::sticky::held::Held;
use flagstay::sticky::memory::MemoryStore;
use flagstay::sticky::staged::{Cue, Staged};
use flagstay::sticky::{Store, StoreError};
use flagstay::user::User;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// An experiment by company, in which everybody is in the group `group`.
fn document(group: &str, is_active: bool) -> Value {
    json!({
        "has_updates": true, "time": 1_700_000_000_123_u64, "feature_gates": {}, "layer_configs": {},
        "experiment_to_layer": {},
        "condition_map": {"nz": {"type": "ip_based", "field": "country", "operator": "any", "targetValue": ["NZ"],
                                 "idType": "userID"}},
        "dynamic_configs": {"price": {
            "type": "dynamic_config", "salt": "s", "enabled": true, "defaultValue": {}, "idType": "companyID",
            "entity": "experiment", "isActive": is_active, "version": 2,
            "rules": [{"name": group, "id": format!("r-{group}"), "passPercentage": 100, "conditions": [],
                       "returnValue": {"group": group}, "groupName": group, "isExperimentGroup": true,
                       "idType": "companyID"}],
        }},
    })
}

fn client(document: &Value, store: Arc<dyn Store>) -> Client {
    let config =
        json!({"dialect": "statsig", "ruleset": document, "now_ms": 1_790_000_000_000_i64});
    let config = Config::from_json(&config.to_string()).expect("the configuration is in order");
    Client::new(config, Some(store)).expect("the client is made")
}

fn user() -> User {
    User::from_json(r#"{"key": "u", "ids": {"companyID": "c-1"}}"#).expect("a user")
}

fn load(client: &Client) -> Held {
    let held = client
        .load_assignments(&user(), "companyID")
        .expect("the client is open");
    held.expect("the user has the id")
}

fn decide(client: &Client, held: Option<&Held>) -> Value {
    let user = user();
    let request = Request {
        kind: Some(Kind::Experiment),
        held,
        ..Request::new("price", &user)
    };
    client.evaluate(&request, |decision| decision.to_json())
}

#[test]
fn two_processes_with_different_documents_give_a_company_one_group() {
    let store = Arc::new(MemoryStore::default());
    let old = client(&document("Old", true), store.clone());
    let new = client(&document("New", true), store);
    // Both load before either decides.
    let (for_old, for_new) = (load(&old), load(&new));
    let first = decide(&old, Some(&for_old));
    let second = decide(&new, Some(&for_new));
    assert_eq!(
        (&first["variation"], &first["sticky"]),
        (&json!("Old"), &json!(false))
    );
    assert_eq!(
        (&second["variation"], &second["sticky"]),
        (&json!("Old"), &json!(true))
    );
    assert_eq!(new.status()["store"]["lost_races"], 1, "{}", new.status());
    // Whoever loads now is in it too, and stays until the experiment ends.
    assert_eq!(decide(&new, Some(&load(&new)))["variation"], "Old");
    new.update(&document("New", false).to_string())
        .expect("it is taken");
    assert_eq!(decide(&new, Some(&load(&new)))["variation"], "New");
    assert_eq!(
        new.peek("c-1:companyID", "price")
            .expect("the store answers"),
        None
    );
}

#[test]
fn the_record_of_the_platforms_own_sdk_is_used_and_kept() {
    let store = Arc::new(MemoryStore::default());
    let record = json!({
        "value": true, "json_value": {"group": "Gone"}, "rule_id": "gone", "group_name": "Gone",
        "secondary_exposures": [], "undelegated_secondary_exposures": [], "config_delegate": "",
        "explicit_parameters": null, "time": 1_600_000_000_000_u64, "more": "of theirs",
    });
    store
        .set("c-1:companyID", "price", &record)
        .expect("memory does not fail");
    let client = client(&document("New", true), store);
    let decision = decide(&client, Some(&load(&client)));
    assert_eq!(decision["value"], json!({"group": "Gone"}));
    assert_eq!(
        (&decision["reason"], &decision["rule_id"]),
        (&json!("STICKY"), &json!("gone"))
    );
    let kept = client
        .peek("c-1:companyID", "price")
        .expect("the store answers");
    assert_eq!(kept.as_deref(), Some(&record));
}

#[test]
fn who_passes_nothing_removes_what_is_stored() {
    let client = client(&document("New", true), Arc::new(MemoryStore::default()));
    decide(&client, Some(&load(&client)));
    assert!(
        client
            .peek("c-1:companyID", "price")
            .expect("the store answers")
            .is_some()
    );
    assert_eq!(decide(&client, None)["sticky"], false);
    assert_eq!(
        client
            .peek("c-1:companyID", "price")
            .expect("the store answers"),
        None
    );
}

#[test]
fn what_was_loaded_from_a_store_that_failed_changes_nothing_in_it() {
    let fails = Arc::new(AtomicBool::new(false));
    let told = fails.clone();
    let store = Staged::new(
        move |_, cue, _, _| match cue == Cue::Load && told.load(Relaxed) {
            true => Err(StoreError::Failed("down".to_owned())),
            false => Ok(()),
        },
    );
    let client = client(&document("Old", true), store.clone());
    decide(&client, Some(&load(&client)));
    client
        .update(&document("New", true).to_string())
        .expect("it is taken");
    fails.store(true, Relaxed);
    let decision = decide(&client, Some(&load(&client)));
    assert_eq!(decision["variation"], "New");
    assert_eq!(decision["store_error"], "the store failed: down");
    fails.store(false, Relaxed);
    assert_eq!(decide(&client, Some(&load(&client)))["variation"], "Old");
}

#[test]
fn the_status_says_what_does_not_work_and_what_was_not_given() {
    let mut document = document("New", true);
    document["dynamic_configs"]["price"]["rules"][0]["conditions"] = json!(["nz", "gone"]);
    let client = client(&document, Arc::new(MemoryStore::default()));
    let status = client.status();
    assert_eq!(
        status["problems"],
        json!([{"flag": "price", "path": "dynamic_configs.price.rules[0].conditions[1]",
                "message": "there is no condition `gone`: who meets it is unsupported"}])
    );
    assert!(
        status["notes"].to_string().contains("country_table"),
        "{status}"
    );
}

#[test]
fn an_override_keeps_an_experiment_away_from_the_store() {
    let client = client(&document("New", true), Arc::new(MemoryStore::default()));
    decide(&client, Some(&load(&client)));
    let set = |group: &str| {
        client
            .change_overrides(|set| {
                set.set(
                    Kind::Experiment,
                    "price",
                    Some("c-1"),
                    Override::Group(group.into()),
                )
            })
            .expect("the client is open");
    };
    set("New");
    let decision = decide(&client, None);
    assert_eq!(
        (&decision["rule_id"], &decision["value"]),
        (&json!("override"), &json!({"group": "New"}))
    );
    assert!(
        client
            .peek("c-1:companyID", "price")
            .expect("the store answers")
            .is_some()
    );
}

#[test]
fn without_a_document_the_platforms_answers_stand() {
    let config =
        Config::from_json(r#"{"dialect": "statsig"}"#).expect("the configuration is in order");
    let client = Client::new(config, None).expect("the client is made");
    let user = user();
    for (kind, value) in [(Kind::Gate, json!(false)), (Kind::Layer, json!({}))] {
        let request = Request {
            kind: Some(kind),
            ..Request::new("price", &user)
        };
        let decision = client.evaluate(&request, |decision| decision.to_json());
        assert_eq!(
            (&decision["value"], &decision["rule_id"]),
            (&value, &json!(""))
        );
        assert_eq!(decision["error"], "PROVIDER_NOT_READY");
        let request = Request {
            default: Some("7"),
            ..request
        };
        client.evaluate(&request, |decision| {
            assert_eq!(decision.value.value(), None)
        });
    }
}
