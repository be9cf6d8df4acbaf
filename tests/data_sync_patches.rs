//! What a patch costs: it touches one item, and nothing else of a ruleset is made again, held twice or kept for ever.

#[path = "../benches/heap/mod.rs"]
mod heap;

use flagstay::client::Client;
use flagstay::config::Config;
use flagstay::ruleset::Request;
use flagstay::user::User;
use heap::Heap;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

#[global_allocator]
static HEAP: Heap = Heap::new();

/// One test at a time: the heap is everybody's.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(|broken| broken.into_inner())
}

const DIALECTS: [&str; 2] = ["featureflag-co", "featbit"];

fn client(dialect: &str) -> Client {
    let options = match dialect {
        // `x__1__2__3`
        "featureflag-co" => json!({"env_secret": "eF9fMV9fMl9fMw=="}),
        _ => json!({}),
    };
    let config = json!({"dialect": dialect, "options": options}).to_string();
    Client::new(Config::from_json(&config).unwrap(), None).unwrap()
}

/// A flag that says how new it is.
fn flag(dialect: &str, n: usize, version: usize) -> Value {
    let key = format!("flag-{n}");
    if dialect == "featbit" {
        let (minute, second) = (version / 60, version % 60);
        let updated = format!(
            "2026-11-21T{:02}:{:02}:{second:02}Z",
            minute / 60,
            minute % 60
        );
        return json!({
            "id": key, "key": key, "name": key, "isArchived": false, "updatedAt": updated, "variationType": "number",
            "variations": [{"id": "v", "value": version.to_string()}], "isEnabled": true, "targetUsers": [], "rules": [],
            "exptIncludeAllTargets": true,
            "fallthrough": {"includedInExpt": false, "variations": [{"id": "v", "rollout": [0, 1]}]},
        });
    }
    let id = format!("FF__1__2__3__{key}");
    json!({
        "id": id, "isArchived": false, "timestamp": version, "ffp": [], "targetIndividuals": [], "fftuwmtr": [],
        "exptIncludeAllRules": null, "ff": {
            "id": id, "name": key, "keyName": key, "status": "Enabled",
            "isDefaultRulePercentageRolloutsIncludedInExpt": null,
            "defaultRulePercentageRollouts": [
                {"rolloutPercentage": [0, 1], "valueOption": {"localId": 1, "variationValue": version}},
            ],
        },
    })
}

fn message(event: &str, flags: Vec<Value>) -> String {
    let data = json!({"eventType": event, "featureFlags": flags, "segments": []});
    json!({"messageType": "data-sync", "data": data}).to_string()
}

/// A client with so many flags, all of version 1.
fn loaded(dialect: &str, count: usize) -> Client {
    let client = client(dialect);
    let flags = (0..count).map(|n| flag(dialect, n, 1)).collect();
    client.update(&message("full", flags)).unwrap();
    client
}

fn version(client: &Client, n: usize) -> Value {
    let user = User::from_value(json!({"key": "u", "attributes": {"name": "Una"}})).unwrap();
    let key = format!("flag-{n}");
    client.evaluate(&Request::new(&key, &user), |decision| {
        decision.to_json()["value"].clone()
    })
}

#[test]
fn a_patch_takes_as_much_of_the_heap_among_ten_thousand_flags_as_among_a_hundred() {
    let _alone = alone();
    for dialect in DIALECTS {
        let cost = |count: usize| {
            let client = loaded(dialect, count);
            let patches = (2..12).map(|new| (new, message("patch", vec![flag(dialect, 7, new)])));
            let costs = patches.map(|(new, patch)| {
                let (held, allocations) = (HEAP.mark(), HEAP.allocations());
                client.update(&patch).unwrap();
                let cost = (HEAP.peak() - held, HEAP.allocations() - allocations);
                assert_eq!(version(&client, 7), json!(new));
                cost
            });
            costs.min().unwrap()
        };
        let (few, many) = (cost(100), cost(10_000));
        assert!(many.0 < 2 * few.0, "bytes: {few:?} {many:?} {dialect}");
        assert!(
            many.1 < 2 * few.1,
            "allocations: {few:?} {many:?} {dialect}"
        );
    }
}

#[test]
fn many_small_patches_leave_the_heap_as_it_was() {
    let _alone = alone();
    for dialect in DIALECTS {
        let client = loaded(dialect, 500);
        let patch = |new: usize| {
            let patch = message("patch", vec![flag(dialect, new * 7 % 500, new)]);
            client.update(&patch).unwrap();
        };
        // Texts of versions grow by a digit now and then, so both marks are made where they have as many.
        (2..2_000).for_each(patch);
        client.status();
        let before = HEAP.mark();
        (2_000..5_000).for_each(patch);
        client.status();
        let grown = HEAP.mark().saturating_sub(before);
        assert!(grown < 64 * 1024, "{grown} bytes, {dialect}");
        assert_eq!(client.status()["flags"], 500);
        assert_eq!(client.status()["updates"]["loaded"], 4_999);
    }
}

#[test]
fn decisions_go_on_while_patches_arrive_and_each_sees_a_whole_flag() {
    let _alone = alone();
    for dialect in DIALECTS {
        let client = loaded(dialect, 200);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut last = 0;
                    while !done.load(Relaxed) {
                        let seen = version(&client, 3).as_u64().unwrap();
                        assert!(seen >= last, "{dialect}: {seen} after {last}");
                        last = seen;
                    }
                });
            }
            for new in 2..1_000 {
                let patch = vec![flag(dialect, 3, new), flag(dialect, 300 + new, new)];
                client.update(&message("patch", patch)).unwrap();
            }
            done.store(true, Relaxed);
        });
        assert_eq!(version(&client, 3), json!(999));
        assert_eq!(client.status()["flags"], 200 + 998);
    }
}
