//! What the dialect does as a whole.

mod decisions;
mod deep;
mod documents;
mod events;
mod overrides;
mod sticky;

use super::Statsig;
use crate::decision::Decision;
use crate::host::Host;
use crate::ruleset::trace::Recorder;
use crate::ruleset::{Clock, Dialect, Kind, Loaded, Reader, Request, Ruleset, Turn};
use crate::sticky::{Assignments, Health, Store};
use crate::user::User;
use crate::value::{Map, Value};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const NOW: i64 = 1_790_000_000_000;

/// The parts of a document that a test is about.
#[derive(Default)]
struct Document {
    gates: Map<String, Value>,
    configs: Map<String, Value>,
    layers: Map<String, Value>,
    conditions: Map<String, Value>,
    more: Map<String, Value>,
}

impl Document {
    fn json(&self) -> Value {
        let mut document = json!({
            "has_updates": true,
            "time": 1_700_000_000_123_u64,
            "feature_gates": self.gates,
            "dynamic_configs": self.configs,
            "layer_configs": self.layers,
            "condition_map": self.conditions,
            "experiment_to_layer": {},
        });
        for (name, value) in &self.more {
            document[name] = value.clone();
        }
        document
    }

    fn gate(mut self, name: &str, rules: Value) -> Self {
        let entity = match name.starts_with("segment:") {
            true => "segment",
            false => "feature_gate",
        };
        let gate = spec(entity, json!(false), rules);
        self.gates.insert(name.to_owned(), gate);
        self
    }

    fn config(mut self, name: &str, spec: Value) -> Self {
        self.configs.insert(name.to_owned(), spec);
        self
    }

    fn layer(mut self, name: &str, spec: Value) -> Self {
        self.layers.insert(name.to_owned(), spec);
        self
    }

    fn condition(mut self, id: &str, condition: Value) -> Self {
        let mut whole = json!({"idType": "userID"});
        merge(&mut whole, condition);
        self.conditions.insert(id.to_owned(), whole);
        self
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    fn load(&self) -> Arc<dyn Ruleset> {
        load(&self.json(), json!({}))
    }
}

fn merge(into: &mut Value, from: Value) {
    for (name, value) in from.as_object().cloned().unwrap_or_default() {
        into[name] = value;
    }
}

fn spec(entity: &str, default: Value, rules: Value) -> Value {
    json!({"type": "dynamic_config", "salt": "S", "enabled": true, "defaultValue": default, "rules": rules,
           "idType": "userID", "entity": entity})
}

/// A running experiment whose one rule puts everybody into the group `G`.
fn experiment(value: Value) -> Value {
    let mut group = rule("r-g", &[], value);
    merge(
        &mut group,
        json!({"groupName": "G", "isExperimentGroup": true}),
    );
    let mut spec = spec("experiment", json!({"v": "default"}), json!([group]));
    merge(
        &mut spec,
        json!({"isActive": true, "version": 3, "explicitParameters": ["v"]}),
    );
    spec
}

fn rule(id: &str, conditions: &[&str], value: Value) -> Value {
    json!({"name": id, "id": id, "passPercentage": 100, "returnValue": value, "conditions": conditions,
           "idType": "userID"})
}

fn reader(options: Value) -> Box<dyn Reader> {
    let options = options.as_object().cloned().unwrap_or_default();
    Statsig.open(&options).expect("the options are in order")
}

fn load(document: &Value, options: Value) -> Arc<dyn Ruleset> {
    match reader(options).read(&document.to_string(), None) {
        Ok(Loaded::Ruleset(ruleset)) => ruleset,
        Ok(Loaded::Unchanged(why)) => panic!("nothing changed: {why}"),
        Err(error) => panic!("refused: {error}"),
    }
}

/// What surrounds the calls of a test.
#[derive(Default)]
struct World {
    host: Host,
    store: Option<Arc<dyn Store>>,
    collects: bool,
}

impl World {
    fn with_store(store: Arc<dyn Store>) -> Self {
        World {
            store: Some(store),
            ..World::default()
        }
    }

    /// Makes a call and returns the decision and the events that it queued.
    fn decide(
        &self,
        ruleset: &dyn Ruleset,
        request: &Request<'_>,
    ) -> (Decision<'static>, Vec<Value>) {
        let health = Health::new(Duration::from_secs(1));
        let mut turn = self.turn(&health);
        let mut decision = ruleset.evaluate(request, &mut turn).into_owned();
        decision.store_error = decision.store_error.or(turn.assignments.take_error());
        (decision, turn.outbox.unwrap_or_default())
    }

    fn explain(
        &self,
        ruleset: &dyn Ruleset,
        request: &Request<'_>,
    ) -> (Decision<'static>, Vec<Value>) {
        let health = Health::new(Duration::from_secs(1));
        let mut turn = self.turn(&health);
        turn.assignments = Assignments::read_only(self.store.as_deref(), &health);
        let mut recorder = Recorder::default();
        let decision = ruleset
            .explain(request, &mut turn, &mut recorder)
            .into_owned();
        (decision, recorder.into_steps())
    }

    fn turn<'w>(&'w self, health: &'w Health) -> Turn<'w> {
        Turn {
            clock: Clock::Fixed(NOW),
            assignments: Assignments::new(self.store.as_deref(), health),
            outbox: self.collects.then(Vec::new),
            host: &self.host,
        }
    }
}

fn user(value: Value) -> User {
    User::from_value(value).expect("a user")
}

fn ask<'a>(kind: Kind, flag: &'a str, user: &'a User) -> Request<'a> {
    Request {
        kind: Some(kind),
        ..Request::new(flag, user)
    }
}

fn decide(ruleset: &dyn Ruleset, kind: Kind, flag: &str, user: &User) -> Decision<'static> {
    World::default().decide(ruleset, &ask(kind, flag, user)).0
}

fn rule_id<'d>(decision: &'d Decision<'_>) -> &'d str {
    decision
        .rule_id
        .as_deref()
        .expect("there always is a rule id")
}
