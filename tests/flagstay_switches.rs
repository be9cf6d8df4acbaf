//! However a flag is asked whether it is on, the answer is the decision's: over arbitrary rulesets and users, plain
//! switches and prepared ones say what a full decision says.

mod arbitrary;

use arbitrary::Arbitrary;
use flagstay::client::{Client, Switch};
use flagstay::config::Config;
use flagstay::decision::ErrorCode;
use flagstay::ruleset::{Mode, Request};
use flagstay::sticky::Store;
use flagstay::sticky::memory::MemoryStore;
use flagstay::user::User;
use serde_json::{Value, json};
use std::sync::Arc;

const FLAGS: [&str; 5] = ["f0", "f1", "f2", "f3", "nope"];

/// What a full decision says, read as a switch.
fn decided(client: &Client, request: &Request<'_>) -> Result<Option<bool>, ErrorCode> {
    client.evaluate(request, |decision| match decision.error {
        Some(error) => Err(error),
        None => Ok(decision.value.value().and_then(|value| value.as_bool())),
    })
}

/// A switch that is on for some percent of all users, in up to three ranges.
fn rollout(any: &mut Arbitrary) -> Value {
    let first = any.below(101);
    let second = any.below(101 - first);
    json!({
        "on": any.chance(90),
        "variations": {"a": true, "b": false, "c": any.chance(50)},
        "off": "b",
        "default": {"split": {
            "salt": "s".repeat(1 + any.below(45)),
            "weights": [
                {"variation": "a", "percent": first},
                {"variation": "b", "percent": second},
                {"variation": "c", "percent": 100 - first - second},
            ],
        }},
    })
}

#[test]
fn a_switch_is_on_where_the_decision_says_so_however_it_is_asked() {
    let store = Arc::new(MemoryStore::default());
    let clients = [None, Some(Arc::clone(&store) as _)].map(|store| {
        let config = Config::from_json(r#"{"now_ms": 0}"#).unwrap();
        Client::new(config, store).unwrap()
    });
    let prepared = FLAGS.map(|flag| Switch::new(flag, false));
    let (mut tried, mut asked) = (0, 0);
    for seed in 0..400 {
        let mut any = Arbitrary::new(seed);
        let mut ruleset = any.ruleset();
        // Arbitrary flags are hardly ever plain.
        ruleset["flags"]["f3"] = rollout(&mut any);
        if any.chance(20) {
            any.damage(&mut ruleset);
        }
        for unit in Arbitrary::units() {
            let flag = FLAGS[any.below(4)];
            store.set(&unit, flag, &any.record()).unwrap();
        }
        let ruleset = ruleset.to_string();
        for (client, own) in clients.iter().zip([0, 1]) {
            // One that is refused leaves the one before in place.
            let _ = client.update(&ruleset);
            for _ in 0..10 {
                let user = User::from_value(any.user()).unwrap();
                for (flag, shared) in FLAGS.iter().zip(&prepared) {
                    let place = || format!("seed {seed}, {flag}, {user:?}, {ruleset}");
                    // Written first, so that a sticky split has nothing left to choose.
                    let request = Request::new(flag, &user);
                    let expected = decided(client, &request);
                    let looked = Request {
                        mode: Mode::Read,
                        ..request
                    };
                    assert_eq!(client.switch(&request), expected, "{}", place());
                    assert_eq!(client.switch(&looked), expected, "{}", place());
                    // A switch of one client is never asked of the other.
                    let fresh = Switch::new(flag, false);
                    let switch = if own == 0 { shared } else { &fresh };
                    for _ in 0..2 {
                        match client.try_switch(switch, &user) {
                            Some(on) => {
                                tried += 1;
                                assert_eq!(Ok(Some(on)), expected, "{}", place());
                            }
                            None => {
                                asked += 1;
                                assert_eq!(
                                    client.ask_switch(switch, &user),
                                    expected,
                                    "{}",
                                    place()
                                );
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(
        tried > 1_000 && asked > 1_000,
        "{tried} tried, {asked} asked"
    );
}
