//! What the tests decide about: one sticky flag, a user, a client.

use flagstay::client::Client;
use flagstay::config::Config;
use flagstay::decision::{ErrorCode, Reason};
use flagstay::ruleset::{Mode, Request};
use flagstay::sticky::Store;
use flagstay::user::User;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

pub const FLAG: &str = "colour";

/// The flag `colour`, sticky, with so many percent of blue and the rest green.
pub fn colours(blue: u32) -> String {
    json!({"format": 1, "flags": {FLAG: {
        "on": true,
        "variations": {"blue": "blue", "green": "green"},
        "off": "green",
        "default": {"id": "colours", "split": {"sticky": true, "weights": [
            {"variation": "blue", "percent": blue},
            {"variation": "green", "percent": 100 - blue},
        ]}},
    }}})
    .to_string()
}

/// The record of a user who was put to `variation`.
pub fn record(variation: &str) -> Value {
    json!({"splits": {"colours": {"variation": variation, "version": 1}}})
}

pub fn sqlite(path: &Path) -> Value {
    json!({"url": format!("sqlite:{}", path.display()), "busy_timeout_ms": 20_000})
}

/// A client with `blue` percent of blue, and a built-in store (`null`: none).
pub fn client(blue: u32, store: Value) -> Client {
    Client::new(config(blue, store), None).unwrap()
}

/// A client with a store of the test's own.
pub fn client_with(blue: u32, store: Arc<dyn Store>) -> Client {
    Client::new(config(blue, Value::Null), Some(store)).unwrap()
}

fn config(blue: u32, store: Value) -> Config {
    let ruleset: Value = serde_json::from_str(&colours(blue)).unwrap();
    let mut config = json!({
        "ruleset": ruleset,
        "events": {"capacity": 1_000_000},
    });
    match store {
        Value::Null => config["store"] = json!({"slow_ms": 5}),
        store => config["store"] = store,
    }
    Config::from_json(&config.to_string()).unwrap()
}

/// A decision, as far as these tests look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    pub variation: String,
    pub sticky: bool,
    pub error: Option<ErrorCode>,
    pub store_error: Option<String>,
}

/// Decides the flag and enrols the user.
pub fn decide(client: &Client, user: &str) -> Decided {
    decide_in(Mode::Expose, client, user)
}

pub fn decide_in(mode: Mode, client: &Client, user: &str) -> Decided {
    let user = User::new(user);
    let request = Request {
        mode,
        ..Request::new(FLAG, &user)
    };
    client.evaluate(&request, |decision| {
        assert_eq!(decision.sticky, decision.reason == Reason::Sticky);
        Decided {
            variation: decision.variation.as_deref().unwrap_or("none").to_owned(),
            sticky: decision.sticky,
            error: decision.error,
            store_error: decision.store_error.as_ref().map(ToString::to_string),
        }
    })
}

/// What the rules alone say.
pub fn by_the_rules(blue: u32, user: &str) -> String {
    decide(&client(blue, Value::Null), user).variation
}

/// Users whom the rules put to blue at 50 percent, so that a stored green tells where an answer came from.
pub fn blue_users() -> impl Iterator<Item = String> {
    let client = client(50, Value::Null);
    (0..)
        .map(|n| format!("user-{n}"))
        .filter(move |user| decide(&client, user).variation == "blue")
}

/// A counter of the store in the client's status.
pub fn counter(client: &Client, name: &str) -> u64 {
    client.status()["store"][name].as_u64().unwrap()
}
