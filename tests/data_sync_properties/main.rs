//! Whatever messages and users hold: the dialects `featureflag-co` and `featbit` answer, and soon, on a small stack; and
//! what came in pieces is decided as what came at once.

#[path = "../anything/mod.rs"]
mod anything;
mod messages;
mod model;

use anything::{put_elsewhere, soon};
use flagstay::client::Client;
use flagstay::ruleset::{Metric, Request};
use flagstay::user::User;
use messages::{FLAGS, FeatBit, FeatureflagCo, Flag, Platform, WORDS, items};
use model::Model;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Threads of this size exist.
const STACK: usize = 256 * 1024;

fn platform() -> impl Strategy<Value = Platform> {
    prop_oneof![Just(FeatureflagCo), Just(FeatBit)]
}

fn user() -> impl Strategy<Value = User> {
    let attributes = prop_oneof![
        6 => proptest::collection::vec((WORDS.key(), WORDS.scalar()), 0..5)
            .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        1 => WORDS.json(),
    ];
    let key = prop_oneof![3 => WORDS.text().prop_map(Value::from), 1 => WORDS.scalar()];
    (key, attributes, any::<bool>()).prop_map(|(key, mut attributes, named)| {
        if let (Value::Object(attributes), true) = (&mut attributes, named) {
            attributes.insert("name".to_owned(), json!("Una"));
            attributes.remove("email");
        }
        User::from_value(json!({"key": key, "attributes": attributes}))
            .expect("a user of this shape is one")
    })
}

/// Does the work on a thread with little stack.
fn on_a_small_stack(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(STACK);
        let done = small
            .spawn_scoped(scope, work)
            .expect("a thread begins")
            .join();
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
}

fn decide(client: &Client, flag: &str, user: &User) -> Value {
    let request = Request {
        details: true,
        default: Some("\"mine\""),
        ..Request::new(flag, user)
    };
    client.evaluate(&request, |decision| decision.to_json())
}

/// Every verb once. Explaining is deciding, watched; and all flags at once are the flags one by one.
fn use_all(client: &Client, user: &User) {
    let mut decided = BTreeMap::new();
    for flag in FLAGS {
        let request = Request {
            details: true,
            default: Some("\"mine\""),
            ..Request::new(flag, user)
        };
        let decision = soon("deciding", || decide(client, flag, user));
        let explained = soon("explaining", || client.explain(&request));
        assert_eq!(explained["decision"], decision);
        assert_eq!(decision["error"].is_string(), decision["reason"] == "ERROR");
        assert_eq!(
            decision["error"].is_string(),
            decision["message"].is_string()
        );
        let _ = soon("switching", || client.switch(&request));
        decided.insert(flag.to_owned(), decision);
    }
    client.drain_events(usize::MAX);
    let mut all = Vec::new();
    let request = Request {
        details: true,
        ..Request::new("", user)
    };
    let each = |name: &str, decision: flagstay::decision::Decision<'_>| {
        all.push((name.to_owned(), decision.into_owned()));
    };
    let are_all = soon("deciding all", || client.evaluate_all(&request, each));
    assert_eq!(client.drain_events(usize::MAX), Vec::<Value>::new());
    for (name, decision) in &all {
        if let Some(single) = decided.get(name) {
            // A flag of another environment may have the name.
            if single["found"] == true {
                assert_eq!(decision.to_json(), *single, "{name}");
            }
        }
        soon("exposing", || {
            client.expose(&Request::new(name, user), decision)
        });
    }
    if are_all.is_ok() {
        assert!(client.drain_events(usize::MAX).len() <= all.len());
    }
    for event in ["click", "", "$identify"] {
        let metric = Metric {
            event,
            user,
            value: None,
            properties: None,
            flags: None,
        };
        soon("tracking", || client.track(&metric)).expect("a metric event is taken or not");
    }
    soon("asking for the status", || client.status());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_a_message_or_refused(platform in platform(), message in WORDS.json(), user in user()) {
        on_a_small_stack(|| {
            let client = platform.client();
            let _ = soon("loading", || client.update(&message.to_string()));
            use_all(&client, &user);
        });
    }

    #[test]
    fn messages_with_something_else_in_them_are_taken_or_refused_with_a_place(
        platform in platform(),
        messages in proptest::collection::vec((
            any::<bool>(),
            items(),
            proptest::collection::vec((proptest::collection::vec(0..12_usize, 2..9), WORDS.json()), 0..3),
        ), 1..4),
        user in user(),
    ) {
        on_a_small_stack(|| {
            let client = platform.client();
            for (is_full, (flags, segments), changes) in &messages {
                let event = if *is_full { "full" } else { "patch" };
                let mut message = platform.message(event, flags, segments);
                for (path, other) in changes {
                    put_elsewhere(&mut message, path, other.clone());
                }
                let before = client.status()["flags"].clone();
                if let Err(error) = soon("loading", || client.update(&message.to_string())) {
                    assert!(error.message.contains(": ") || error.message.starts_with("a data-sync"), "{error}");
                    assert_eq!(client.status()["flags"], before);
                }
                use_all(&client, &user);
            }
        });
    }

    #[test]
    fn what_came_in_pieces_is_decided_as_what_came_at_once(
        platform in platform(),
        full in items(),
        patches in proptest::collection::vec(items(), 0..4),
        users in proptest::collection::vec(user(), 1..4),
    ) {
        let patched = platform.client();
        let whole = platform.message("full", &full.0, &full.1);
        patched.update(&whole.to_string()).expect("the message is in order");
        let mut model = Model::of(&full.0, &full.1);
        for (flags, segments) in &patches {
            let patch = platform.message("patch", flags, segments);
            patched.update(&patch.to_string()).expect("the message is in order");
            model.patch(platform, flags, segments);
        }
        let loaded = platform.client();
        let whole = platform.message("full", &model.flags, &model.segments);
        loaded.update(&whole.to_string()).expect("the message is in order");
        for user in &users {
            for flag in FLAGS {
                prop_assert_eq!(decide(&patched, flag, user), decide(&loaded, flag, user), "{}", flag);
            }
            let names = |client: &Client| {
                let mut names = Vec::new();
                let all = client.evaluate_all(&Request::new("", user), |name, _| names.push(name.to_owned()));
                all.map(|()| names)
            };
            prop_assert_eq!(names(&patched), names(&loaded));
        }
    }

    #[test]
    fn an_old_message_changes_nothing(platform in platform(), first in items(), second in items(), user in user()) {
        let client = platform.client();
        let newest = first.0.iter().map(|flag| flag.version).max().unwrap_or(0);
        client.update(&platform.message("full", &first.0, &first.1).to_string()).expect("it is in order");
        let before: Vec<_> = FLAGS.iter().map(|flag| decide(&client, flag, &user)).collect();
        let mut old = second;
        old.0.retain(|flag| flag.version <= newest);
        client.update(&platform.message("full", &old.0, &[]).to_string()).expect("it is in order");
        let is_known = |flag: &Flag| first.0.iter().any(|known| known.key == flag.key && known.version >= flag.version);
        old.0.retain(is_known);
        client.update(&platform.message("patch", &old.0, &[]).to_string()).expect("it is in order");
        let after: Vec<_> = FLAGS.iter().map(|flag| decide(&client, flag, &user)).collect();
        prop_assert_eq!(before, after);
    }
}

#[test]
fn the_messages_of_these_tests_lead_to_every_reason() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reasons = BTreeMap::new();
    for _ in 0..150 {
        let made = (items(), user())
            .new_tree(&mut runner)
            .expect("a value is made");
        let ((flags, segments), user) = made.current();
        for platform in [FeatureflagCo, FeatBit] {
            let client = platform.client();
            let full = platform.message("full", &flags, &segments).to_string();
            client.update(&full).expect("the message is in order");
            for flag in FLAGS {
                let decision = decide(&client, flag, &user);
                let said = match &decision["error"] {
                    Value::String(error) => error.clone(),
                    _ => decision["reason"].to_string(),
                };
                *reasons.entry((platform as u8, said)).or_insert(0) += 1;
            }
        }
    }
    // Both: off, target, rule, default, and four errors; one of them prerequisites, too.
    assert!(reasons.len() >= 17, "{reasons:?}");
}
