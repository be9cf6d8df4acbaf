//! What is measured, the same for both benches: see README.md beside this folder.

use flagstay::client::{Client, Switch};
use flagstay::config::Config;
use flagstay::decision::Reason;
use flagstay::ruleset::Request;
use flagstay::user::{Part, User};
use serde_json::json;
use std::path::{Path, PathBuf};

fn path(file: &str) -> PathBuf {
    let rulesets = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/rulesets");
    rulesets.join(file)
}

/// The text of a ruleset in `rulesets/`.
pub fn document(file: &str) -> String {
    let path = path(file);
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error} (`make bench` writes it)", path.display()))
}

/// The document of `count` flags that `make bench` writes as `flags-<count>.json`.
pub fn many(count: usize) -> String {
    let one = |file: &str, flag: &str| {
        let parsed: serde_json::Value =
            serde_json::from_str(&document(file)).expect("a bench ruleset is JSON");
        parsed["flags"][flag].to_string()
    };
    let (even, odd) = (
        one("boolean.json", "rollout"),
        one("three-rules.json", "experiment"),
    );
    let flags = (0..count).map(|n| {
        let flag = if n % 2 == 0 { &even } else { &odd };
        format!("\"flag-{n}\": {flag}")
    });
    let flags = flags.collect::<Vec<_>>().join(",\n");
    format!("{{\"format\": 1, \"flags\": {{{flags}}}}}")
}

pub fn client(document: &str, store: Option<&str>) -> Client {
    client_in("flagstay", document, store)
}

pub fn client_in(dialect: &str, document: &str, store: Option<&str>) -> Client {
    let mut config = json!({"dialect": dialect});
    if let Some(store) = store {
        config["store"] = json!(store);
    }
    let config = Config::from_json(&config.to_string()).expect("the configuration is in order");
    let client = Client::new(config, None).expect("the store opens");
    client.update(document).expect("the ruleset is in order");
    client
}

pub fn user() -> User {
    let mut user = User::new("user-42");
    let attributes = user.part_mut(Part::Attributes);
    attributes.set("country", json!("DE"));
    attributes.set("plan", json!("pro"));
    attributes.set("age", json!(34));
    attributes.set("version", json!("2.4.1"));
    user
}

pub fn request<'a>(flag: &'a str, user: &'a User) -> Request<'a> {
    Request::new(flag, user)
}

/// A full decision; what is returned cannot be optimised away.
#[inline]
pub fn decide(client: &Client, flag: &str, user: &User) -> Reason {
    client.evaluate(&request(flag, user), |decision| {
        std::hint::black_box(&decision).reason
    })
}

/// A switch.
#[inline]
pub fn switch(client: &Client, flag: &str, user: &User) -> Option<bool> {
    client.switch(&request(flag, user)).ok().flatten()
}

/// A prepared switch.
#[inline]
pub fn prepared(client: &Client, switch: &Switch, user: &User) -> Option<bool> {
    let tried = client.try_switch(switch, user);
    tried.or_else(|| client.ask_switch(switch, user).ok().flatten())
}

/// A client that decides `flag` of `file` for `reason`: a bench that measures something else must not run.
pub fn checked(file: &str, flag: &str, store: Option<&str>, reason: Reason) -> Client {
    checked_in("flagstay", file, flag, store, reason)
}

/// The same in another dialect.
pub fn checked_in(
    dialect: &str,
    file: &str,
    flag: &str,
    store: Option<&str>,
    reason: Reason,
) -> Client {
    let client = client_in(dialect, &document(file), store);
    if store.is_some() {
        decide(&client, flag, &user());
    }
    client.evaluate(&request(flag, &user()), |decision| {
        assert_eq!(decision.reason, reason, "{file}: {:?}", decision.message);
    });
    client
}

/// The keys of the document of many flags.
pub fn keys(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("flag-{n}")).collect()
}
