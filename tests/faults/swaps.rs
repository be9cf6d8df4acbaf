use super::process::DEADLINE;
use flagstay::client::Client;
use flagstay::config::Config;
use flagstay::decision::ErrorCode;
use flagstay::ruleset::{Mode, Request};
use flagstay::user::User;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// A ruleset that says its number in every place of a decision. The second flag asks the first.
fn numbered(number: u64) -> String {
    let variation = format!("v{number}");
    let flag = |prerequisites: serde_json::Value| {
        json!({
            "on": true,
            "variations": {&variation: {"number": number}, "off": 0},
            "off": "off",
            "prerequisites": prerequisites,
            "default": {"id": format!("r{number}"), "serve": &variation},
        })
    };
    json!({"format": 1, "flags": {
        "first": flag(json!([])),
        "second": flag(json!([{"flag": "first", "variations": [&variation]}])),
    }})
    .to_string()
}

/// The number that a decision says; it has to say the same in every place.
fn number_of(decision: &flagstay::decision::Decision<'_>) -> u64 {
    let variation = decision.variation.as_deref().unwrap();
    let number: u64 = variation.strip_prefix('v').unwrap().parse().unwrap();
    assert_eq!(decision.value.value(), Some(&json!({ "number": number })));
    assert_eq!(
        decision.rule_id.as_deref(),
        Some(format!("r{number}").as_str())
    );
    number
}

#[test]
fn decisions_racing_updates_racing_close_are_each_of_one_ruleset() {
    const UPDATES: u64 = 500;
    let client = Client::new(Config::from_json(r#"{"store": "memory:"}"#).unwrap(), None).unwrap();
    client.update(&numbered(0)).unwrap();
    let decided = AtomicU64::new(0);
    let closed = AtomicBool::new(false);
    let until = Instant::now() + DEADLINE;
    std::thread::scope(|scope| {
        for reader in 0..6 {
            let (client, decided, closed) = (&client, &decided, &closed);
            scope.spawn(move || {
                let user = User::new(&format!("user-{reader}"));
                let mut newest = 0;
                loop {
                    assert!(Instant::now() < until, "nobody closes");
                    // Read before the decision: what was closed by then may not answer.
                    let was_closed = closed.load(Relaxed);
                    for flag in ["first", "second"] {
                        let request = Request::new(flag, &user);
                        let number = client.evaluate(&request, |decision| match decision.error {
                            Some(error) => {
                                assert_eq!(error, ErrorCode::ProviderNotReady);
                                None
                            }
                            None => Some(number_of(decision)),
                        });
                        match number {
                            None => return,
                            Some(number) => {
                                assert!(!was_closed, "a closed client has decided");
                                assert!(number >= newest, "an older ruleset came back");
                                newest = number;
                            }
                        }
                        decided.fetch_add(1, Relaxed);
                    }
                    let mut numbers = Vec::new();
                    let read = Request {
                        mode: Mode::Read,
                        ..Request::new("", &user)
                    };
                    let all = client.evaluate_all(&read, |_, decision| {
                        numbers.push(number_of(&decision));
                    });
                    if all.is_err() {
                        return;
                    }
                    assert_eq!(numbers.len(), 2);
                    assert_eq!(numbers[0], numbers[1], "one answer of two rulesets");
                }
            });
        }
        scope.spawn(|| {
            for number in 1.. {
                match client.update(&numbered(number)) {
                    Ok(()) => {}
                    Err(error) => {
                        assert_eq!(error.kind, flagstay::error::ErrorKind::Closed);
                        return;
                    }
                }
            }
        });
        scope.spawn(|| {
            while client.status()["updates"]["loaded"].as_u64().unwrap() < UPDATES {
                assert!(Instant::now() < until, "updates do not come through");
                std::thread::yield_now();
            }
            client.close();
            closed.store(true, Relaxed);
            // A close is not undone by an update that was going on.
            for _ in 0..1_000 {
                assert_eq!(client.status()["state"], "OFF");
                std::thread::yield_now();
            }
        });
    });
    assert!(decided.load(Relaxed) > 0);
    assert!(client.is_closed());
    assert_eq!(client.status()["flags"], json!(null));
}
