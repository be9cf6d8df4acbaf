//! Anything that a document, a user or a store may hold, for the properties of each dialect: the words that mean
//! something to it, put together in every way, and words that mean nothing.

// Each test takes what it needs.
#![allow(dead_code)]

use flagstay::client::Client;
use flagstay::config::Config;
use flagstay::sticky::Store;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// No call takes as long as this, in whatever build on whatever machine.
const SOON: Duration = Duration::from_secs(10);

pub fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    assert!(began.elapsed() < SOON, "{what} took {:?}", began.elapsed());
    done
}

/// The words of a dialect.
#[derive(Clone, Copy)]
pub struct Words {
    /// Values that mean something somewhere.
    pub texts: &'static [&'static str],
    /// Names of members.
    pub keys: &'static [&'static str],
}

impl Words {
    /// Texts that mean something somewhere, and any others.
    pub fn text(self) -> BoxedStrategy<String> {
        prop_oneof![
            4 => proptest::sample::select(self.texts).prop_map(str::to_owned),
            1 => ".{0,8}",
        ]
        .boxed()
    }

    pub fn key(self) -> BoxedStrategy<String> {
        prop_oneof![
            6 => proptest::sample::select(self.keys).prop_map(str::to_owned),
            1 => self.text(),
        ]
        .boxed()
    }

    pub fn scalar(self) -> BoxedStrategy<Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3_i64..8).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            Just(json!(u64::MAX)),
            self.text().prop_map(Value::from),
        ]
        .boxed()
    }

    /// Any JSON at all.
    pub fn json(self) -> BoxedStrategy<Value> {
        self.scalar()
            .prop_recursive(4, 24, 4, move |inner| {
                prop_oneof![
                    proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                    proptest::collection::vec((self.key(), inner), 0..4)
                        .prop_map(|entries| Value::Object(entries.into_iter().collect())),
                ]
            })
            .boxed()
    }

    /// The conditions of the VWO dialects as they should be, and as they should not. `more`: leaves that only one of
    /// them knows.
    pub fn vwo_condition(self, more: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
        let leaf = prop_oneof![
            (self.key(), self.scalar())
                .prop_map(|(name, operand)| json!({"custom_variable": {name: operand}})),
            (self.key(), self.json()).prop_map(|(word, operand)| json!({word: operand})),
            self.text().prop_map(|ids| json!({"user": ids})),
            more,
        ];
        leaf.prop_recursive(4, 16, 3, |inner| {
            let list = || proptest::collection::vec(inner.clone(), 0..4);
            prop_oneof![
                list().prop_map(|nodes| json!({"and": nodes})),
                list().prop_map(|nodes| json!({"or": nodes})),
                inner.clone().prop_map(|node| json!({"not": node})),
            ]
        })
        .boxed()
    }
}

/// Puts something else at one place of a document: `path` says where to turn at each level, as far as there is one.
pub fn put_elsewhere(document: &mut Value, path: &[usize], other: Value) {
    let mut place = document;
    for step in path {
        let length = match &*place {
            Value::Array(list) => list.len(),
            Value::Object(object) => object.len(),
            _ => 0,
        };
        if length == 0 {
            break;
        }
        place = match place {
            Value::Array(list) => &mut list[step % length],
            Value::Object(object) => object.values_mut().nth(step % length).expect("it is there"),
            _ => unreachable!("it has a length"),
        };
    }
    *place = other;
}

/// A client of a dialect at a fixed time, which queues exposures.
pub fn client(dialect: &str, store: Option<Arc<dyn Store>>) -> Client {
    let config = json!({
        "dialect": dialect,
        "now_ms": 1_790_000_000_000_i64,
        "events": {"exposures": true},
    });
    let config = Config::from_json(&config.to_string()).expect("the configuration is in order");
    Client::new(config, store).expect("the client is made")
}

/// Each violation in a refusal says where it is.
pub fn refusal_names_places(message: &str) {
    for violation in message.split("; ") {
        let place = violation.split(": ").next().unwrap_or_default();
        assert!(!place.is_empty() && violation.contains(": "), "{message}");
    }
}
