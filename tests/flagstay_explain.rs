//! Explaining is evaluating, watched: over arbitrary rulesets, users and stored records the two give one decision, and
//! nothing that can be read makes either of them panic.

mod arbitrary;

use arbitrary::Arbitrary;
use flagstay::client::Client;
use flagstay::config::Config;
use flagstay::ruleset::{Mode, Request};
use flagstay::sticky::Store;
use flagstay::sticky::memory::MemoryStore;
use flagstay::user::User;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const FLAGS: [&str; 5] = ["f0", "f1", "f2", "f3", "nope"];

fn client(store: Arc<MemoryStore>) -> Client {
    let config = json!({"events": {"exposures": true}, "now_ms": 0}).to_string();
    Client::new(Config::from_json(&config).unwrap(), Some(store)).unwrap()
}

fn decide(client: &Client, flag: &str, user: &User, mode: Mode) -> Value {
    let request = Request {
        mode,
        ..Request::new(flag, user)
    };
    client.evaluate(&request, |decision| decision.to_json())
}

fn explain(client: &Client, flag: &str, user: &User) -> Value {
    client.explain(&Request::new(flag, user))
}

/// What the decisions of a run were, so that a run in which nothing happens is seen to be one.
#[derive(Default)]
struct Tally(BTreeMap<String, u32>);

impl Tally {
    fn count(&mut self, decision: &Value) {
        let reason = decision["reason"].as_str().unwrap();
        *self.0.entry(reason.to_owned()).or_default() += 1;
    }
}

fn run(seed: u64, damages: usize, tally: &mut Tally) {
    let mut any = Arbitrary::new(seed);
    let mut ruleset = any.ruleset();
    for _ in 0..damages {
        any.damage(&mut ruleset);
    }
    let store = Arc::new(MemoryStore::default());
    for unit in Arbitrary::units() {
        for flag in &FLAGS[..4] {
            if any.chance(30) {
                store.set(&unit, flag, &any.record()).unwrap();
            }
        }
    }
    let client = client(Arc::clone(&store));
    let updated = client.update(&ruleset.to_string());
    assert!(damages > 0 || updated.is_ok(), "seed {seed}: {updated:?}");
    for _ in 0..10 {
        let user = any.user();
        let subject = User::from_value(user.clone()).unwrap();
        for flag in FLAGS {
            let place = || format!("seed {seed}, {flag}, {user}, {ruleset}");
            let looked = decide(&client, flag, &subject, Mode::Read);
            let explained = explain(&client, flag, &subject);
            assert_eq!(explained["decision"], looked, "{}", place());
            let exposed = decide(&client, flag, &subject, Mode::Expose);
            assert_eq!(exposed, looked, "{}", place());
            // Whatever was stored meanwhile keeps the user where they are.
            let again = decide(&client, flag, &subject, Mode::Expose);
            assert_eq!(again["variation"], exposed["variation"], "{}", place());
            let told = explained["steps"].to_string();
            assert!(!told.contains("hidden"), "{}: {told}", place());
            tally.count(&looked);
        }
    }
    let events = Value::from(client.drain_events(1_000)).to_string();
    assert!(!events.contains("hidden"), "seed {seed}: {events}");
}

#[test]
fn evaluate_and_explain_give_the_same_decision() {
    let mut tally = Tally::default();
    for seed in 0..200 {
        run(seed, 0, &mut tally);
    }
    for reason in [
        "OFF",
        "PREREQUISITE_FAILED",
        "TARGET_MATCH",
        "RULE_MATCH",
        "FALLTHROUGH",
        "STICKY",
        "ERROR",
    ] {
        let count = tally.0.get(reason).copied().unwrap_or_default();
        assert!(count >= 50, "{reason} hardly occurred: {:?}", tally.0);
    }
}

#[test]
fn damaged_rulesets_give_the_same_decision_too() {
    let mut tally = Tally::default();
    for seed in 1_000..1_250 {
        run(seed, 1 + seed as usize % 4, &mut tally);
    }
    assert!(tally.0.len() >= 7, "{:?}", tally.0);
}

#[test]
fn no_document_panics() {
    let client = client(Arc::new(MemoryStore::default()));
    for seed in 0..1_000 {
        let mut any = Arbitrary::new(seed);
        let mut text = match any.chance(20) {
            true => any.json(5).to_string(),
            false => any.ruleset().to_string(),
        };
        for _ in 0..any.below(4) {
            let at = any.below(text.len() + 1);
            let at = (0..=at)
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap();
            let scraps = [
                "{", "}", "[", "]", "\"", "\\", ",", ":", "1", "e", "-", "null", "\u{0}", "é",
            ];
            match any.chance(50) {
                true => text.insert_str(at, scraps[any.below(scraps.len())]),
                false => text.truncate(at),
            }
        }
        if let Err(error) = client.update(&text) {
            assert!(!error.message.is_empty());
        }
    }
}

#[test]
fn no_depth_overflows_the_stack() {
    // An unoptimised build needs some 4 KiB a level to find the place of a mistake; an optimised one far less.
    let small = std::thread::Builder::new().stack_size(512 * 1024);
    let deep = small.spawn(|| {
        let client = client(Arc::new(MemoryStore::default()));
        for (open, close) in [("[", "]"), (r#"{"not":"#, "}"), (r#"{"all":[{"a":"#, "}]}")] {
            for depth in [10, 60, 63, 64, 65, 127, 128, 100_000] {
                let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                let flag = format!(
                    r#"{{"on": true, "variations": {{"a": {nested}}}, "off": "a", "default": "a"}}"#
                );
                let rule = format!(
                    r#"{{"on": true, "variations": {{"a": 1}}, "off": "a", "default": "a",
                         "rules": [{{"if": {nested}, "serve": "a"}}]}}"#
                );
                for flag in [flag, rule] {
                    let document = format!(r#"{{"format": 1, "flags": {{"f0": {flag}}}}}"#);
                    client.update(&document).unwrap();
                    decide(&client, "f0", &User::new("u"), Mode::Expose);
                }
                assert!(client.update(&nested).is_err());
            }
        }
    });
    deep.unwrap().join().unwrap();
}
