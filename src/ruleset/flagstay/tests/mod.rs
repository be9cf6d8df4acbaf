//! The dialect as a client sees it: a ruleset, a user, a store, and what comes of them.

mod decisions;
mod events;
mod mistakes;
mod operators;
mod references;
mod splits;
mod sticky;

use crate::client::Client;
use crate::config::Config;
use crate::ruleset::{Mode, Request};
use crate::sticky::Store;
use crate::user::User;
use serde_json::{Value, json};
use std::sync::Arc;

const NOW: i64 = 1_790_000_000_000;

/// A client that decides by `ruleset` at [`NOW`], exposures queued.
fn client(ruleset: Value, store: Option<Arc<dyn Store>>) -> Client {
    let config = json!({"ruleset": ruleset, "now_ms": NOW, "events": {"exposures": true}});
    Client::new(Config::from_json(&config.to_string()).unwrap(), store).unwrap()
}

fn plain(ruleset: Value) -> Client {
    client(ruleset, None)
}

/// A document with one flag.
fn with_flag(key: &str, flag: Value) -> Value {
    json!({"format": 1, "flags": {key: flag}})
}

/// A flag, on, of booleans named `on` and `off`, with whatever `more` says.
fn switch(more: Value) -> Value {
    let mut flag = json!({"on": true, "variations": {"on": true, "off": false}, "off": "off",
                          "default": "off"});
    for (name, value) in more.as_object().unwrap() {
        flag[name] = value.clone();
    }
    flag
}

fn decide_as(client: &Client, flag: &str, user: Value, mode: Mode) -> Value {
    let user = User::from_value(user).unwrap();
    let request = Request {
        mode,
        ..Request::new(flag, &user)
    };
    client.evaluate(&request, |decision| decision.to_json())
}

/// The decision as JSON, in expose mode.
fn decide(client: &Client, flag: &str, user: Value) -> Value {
    decide_as(client, flag, user, Mode::Expose)
}

fn explain(client: &Client, flag: &str, user: Value) -> Value {
    let user = User::from_value(user).unwrap();
    client.explain(&Request::new(flag, &user))
}

/// Whether a condition is true of a user.
fn holds(condition: Value, user: Value) -> bool {
    let rule = json!({"rules": [{"if": condition, "serve": "on"}]});
    let client = plain(with_flag("f", switch(rule)));
    assert_eq!(client.status()["problems"], json!([]));
    decide(&client, "f", user)["value"] == json!(true)
}

/// The problems of a document: `path: message` each.
fn problems(ruleset: Value) -> Vec<String> {
    let status = plain(ruleset).status();
    let problems = status["problems"].as_array().unwrap().iter();
    let text = |problem: &Value, key: &str| problem[key].as_str().unwrap().to_owned();
    problems
        .map(|problem| format!("{}: {}", text(problem, "path"), text(problem, "message")))
        .collect()
}
